"""``layers-pipeline layer`` and ``content right``: what they store, say, refuse and list.

Belongs here: the commands within this process, over a real database; files of layers.
Does not belong here: storing (``tests.operations``), what is picked (``tests.steps``).
"""

from pathlib import Path

import pytest

from layers_pipeline.operations.secrets import new_key
from layers_pipeline.operations.store import Operations
from tests.cli.program import Program
from tests.operations.world import NOW

ADD = ("layer", "add", "brand-tt", "--project", "brand", "--platform", "tiktok_ads",
       "--mode", "byo", "--ad-account", "9007199254740993", "--by", "ann")  # fmt: skip
CODE = "#aB+/9=nobody-may-see"
GRANT = ("content", "right", "grant")
FILE = """
layers:
  - layer: brand-meta
    project: brand
    platform: meta_ads
    mode: agency
    ad_account: 0123   # an id, no octal number
    ad_sets:
      - {id: 77, name: Prospecting, capacity: 5, slots: {ugc: 1}}
      - {id: 78, name: Retargeting, needs_creatives: no}
"""


@pytest.fixture
def program(tmp_path) -> Program:
    operations = Operations(f"sqlite:///{tmp_path}/home/operations.db")
    operations.migrate()
    operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOW)
    operations.close()
    return Program(tmp_path / "home", {"LAYERS_TOKEN_KEYS": new_key()})


def stored(program: Program) -> Operations:
    return Operations(f"sqlite:///{program.home}/operations.db")


def test_a_layer_and_its_ad_set_are_added_and_listed(program):
    assert (
        program.said(*ADD) == "Layer brand-tt of project 'brand': stored, from the next tick on.\n"
    )
    assert "nothing changed" in program.said(*ADD)
    ad_set = ("layer", "ad-set", "add", "brand-tt", "7", "--name", "Prospecting", "--ugc", "1")
    assert "Ad set 7 of layer brand-tt: stored" in program.said(*ad_set, "--by", "ann")
    shown = program.said("layer", "list", "--project", "brand")
    assert "9007199254740993" in shown
    assert "tiktok_ads" in shown
    assert "Prospecting" in program.said("layer", "ad-set", "list")


def test_a_file_of_layers_is_stated_once(program, tmp_path):
    path = tmp_path / "layers.yaml"
    path.write_text(FILE, encoding="utf-8")
    first = program.said("layer", "import", path, "--by", "ann")
    assert first == "layers.yaml: 1 layers and 2 ad sets are new or changed.\n"
    assert "0 layers and 0 ad sets" in program.said("layer", "import", path, "--by", "ann")
    operations = stored(program)
    (layer,) = operations.layers.all()
    one, two = operations.layers.ad_sets()
    operations.close()
    assert (layer.ad_account_id, one.ad_set_id) == ("0123", "77")
    assert (one.capacity, one.slots_ugc, one.slots_manual) == (5, 1, 3)
    assert (one.needs_creatives, two.needs_creatives) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "platform: meta_ads",
            "platform: snap_ads",
            "line 3: layer brand-meta: platform",
        ),
        ("mode: agency", "mode: rent", "mode 'rent' is not known"),
        ("    mode: agency\n", "", "line 3: mode is missing"),
        ("capacity: 5", "capacity: five", "line 9: capacity 'five' is no whole number"),
        ("capacity: 5", "capacity: 99", "capacity is 99"),
        ("slots: {ugc: 1}", "slots: 1", "slots has no keys of its own"),
        ("slots: {ugc: 1}", "slots: {videos: 1}", "'videos' is not known. Keys are generated"),
        ("needs_creatives: no", "needs_creatives: maybe", "write true or false"),
        ("id: 78", "id: 77", "ad set brand-meta/77 comes twice"),
        ("mode: agency", "mode: agency\n    mode: byo", "key 'mode' comes twice"),
        ("project: brand", "project: &a brand\n    extra: *a", "aliases are not read"),
        ("project: brand", "project: nobody", "project 'nobody' does not exist"),
        ("layers:", "layer: [", "it is no YAML"),
        (FILE, "", "it is empty"),
    ],
)
def test_a_wrong_file_is_refused_whole_and_says_where(program, tmp_path, old, new, said):
    path = tmp_path / "layers.yaml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    answer = program("layer", "import", path, "--by", "ann")
    assert answer.code in {2, 3}
    assert said in answer.err
    operations = stored(program)
    assert operations.layers.all() == []
    operations.close()


def test_a_spark_code_is_taken_from_the_environment_and_shown_nowhere(program):
    for_post = (*GRANT, "spark_code", "post:tiktok:7501", "--project", "brand", "--by", "ann")
    said = program(*for_post, "--end", "2027-01-01T00:00:00Z", LAYERS_SPARK_CODE=CODE)
    listed = program.said("content", "right", "list", "--history")
    assert said.code == 0, said
    assert CODE not in said.out + said.err + listed
    assert "spark_code" in listed
    files = [path for path in Path(program.home).rglob("*") if path.is_file()]
    assert not any(CODE.encode() in path.read_bytes() for path in files)


def test_a_spark_code_is_read_unseen_from_standard_input(program):
    for_post = (*GRANT, "spark_code", "post:tiktok:7501", "--project", "brand", "--by", "ann")
    assert program(*for_post, typed=f"{CODE}\n").code == 0
    refused = program(*for_post, typed="\n").refused()
    assert "the Spark code of tiktok:7501 is empty" in refused


def test_a_right_is_granted_revoked_and_listed(program):
    of = ("branded_content", "creator:mia", "--project", "brand", "--by", "ann")
    said = program.said(*GRANT, *of)
    assert said == "Right branded_content of creator mia in project 'brand': granted.\n"
    assert "it blocks from now on" in program.said("content", "right", "revoke", *of)
    assert "was revoked before" in program.said("content", "right", "revoke", *of)
    assert "creator:mia" in program.said("content", "right", "list", "--project", "brand")


@pytest.mark.parametrize(
    ("kind", "subject", "said"),
    [
        ("spark_code", "creator:mia", "Write post:ID"),
        ("account_authorisation", "tiktok:mia", "Write account:ID"),
        ("byo_grant", "post:mia", "is no container"),
    ],
)
def test_a_right_for_the_wrong_thing_is_refused(program, kind, subject, said):
    answer = program(*GRANT, kind, subject, "--project", "brand", "--by", "a", typed="x\n")
    assert said in answer.refused()
