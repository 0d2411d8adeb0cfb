"""What people decide of content: copied whole, read as of a moment, carried to containers.

Belongs here: real stores; rows that come out as they went in.
Does not belong here: storing (``tests.operations``), what a tick makes of it.
"""

import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.decisions import Decisions, read_decisions
from layers_pipeline.steps.stores import Stores
from tests.hypothesis_profiles import examples
from tests.worlds.data_builders import (
    allow,
    capture,
    derive,
    hours,
    lost,
    make_stores,
    rows_of,
    temporary_stores,
)
from transforms.contracts.ads import AdContent
from transforms.contracts.creatives import ContentOverrides, Creatives, SafetyReviews
from transforms.facts.verdicts import overrides_at, unsafe_containers

CONTENT = "brand/generated:one"
COPIES = (
    catalog.CREATIVES,
    catalog.SAFETY_REVIEWS,
    catalog.CONTENT_OVERRIDES,
    catalog.PROJECT_ADS_CONTENT,
    catalog.AD_CONTENT,
)
MADE = hours(-240)


@pytest.fixture(scope="module")
def allowed(tmp_path_factory) -> Path:
    """A home in which two projects allow one account."""
    home = tmp_path_factory.mktemp("allowed") / "home"
    stores = make_stores(home)
    allow(stores, "ada")
    allow(stores, "ada", project="other")
    stores.operations.close()
    return home


@pytest.fixture
def stores(allowed, tmp_path):
    stores = make_stores(shutil.copytree(allowed, tmp_path / "home"))
    yield stores
    stores.operations.close()


def add(stores: Stores, slug="one", *, at: float = -24, project="brand", kind="generated") -> None:
    """Add a creative, made ten days before ``AS_OF`` and known some hours after it."""
    row = NewCreative(
        project_id=project, container_id=f"{kind}:{slug}", kind=kind, created_at=MADE, prompt="cat"
    )
    stores.operations.creatives.add([row], now=hours(at))


def review(stores: Stores, *, failed: bool, at: float, container="generated:one") -> None:
    stores.operations.verdicts.review(
        container, safety_failed=failed, reviewed_by="ann", now=hours(at)
    )


def override(stores: Stores, word, *, at: float, content: str = CONTENT, note="why") -> None:
    stores.operations.verdicts.override(content, word, note=note, changed_by="ann", now=hours(at))


def connect(stores: Stores, content: str = CONTENT, *, at: float) -> None:
    ad = NewAd(ad_platform="meta", ad_id="1", ads_content_id=content)
    stores.operations.ads.connect([ad], now=hours(at))


def report(stores: Stores) -> None:
    """One thing of every kind."""
    add(stores)
    review(stores, failed=True, at=-20)
    override(stores, "include", at=-19)
    stores.operations.verdicts.approve(CONTENT, "approved", changed_by="bob", now=hours(-18))
    connect(stores, at=-17)


def carried(stores: Stores) -> None:
    """Copy the creatives and derive what follows."""
    bring_up_to_date(stores)


def heights(decisions: Decisions) -> list[int]:
    frames = (decisions.creatives, decisions.reviews, decisions.overrides, decisions.ads)
    return [frame.collect().height for frame in frames]


# Copies


@pytest.mark.parametrize("table", COPIES, ids=lambda table: table.name)
def test_a_copy_holds_what_was_decided(stores, table):
    report(stores)
    assert copy_operations(stores)[table.name] == Written(inserted=1)
    row = rows_of(stores, table).row(0, named=True)
    assert not {"brand", "generated:one", CONTENT}.isdisjoint(map(str, row.values()))


@pytest.mark.parametrize("table", COPIES, ids=lambda table: table.name)
def test_a_copy_is_written_again_only_if_something_was_decided(stores, table):
    empty = stores.lake.version(table)
    copy_operations(stores)
    assert stores.lake.version(table) == empty
    report(stores)
    copy_operations(stores)
    full = stores.lake.version(table)
    copy_operations(stores)
    assert stores.lake.version(table) == full > empty


def test_the_whole_history_of_overrides_is_copied(stores):
    for hour, word in enumerate(("include", "exclude", None)):
        override(stores, word, at=hour)
        copy_operations(stores)
    rows = rows_of(stores, catalog.CONTENT_OVERRIDES)
    assert rows["override"].to_list() == ["include", "exclude", None]
    assert rows["note"].to_list() == ["why"] * 3


def test_project_ads_content_says_what_stands(stores):
    override(stores, "include", at=0, note="first")
    override(stores, "exclude", at=1, note="second")
    stores.operations.verdicts.approve(CONTENT, "approved", changed_by="bob", now=hours(2))
    copy_operations(stores)
    assert rows_of(stores, catalog.PROJECT_ADS_CONTENT).to_dicts() == [
        {
            "ads_content_id": CONTENT,
            "project_id": "brand",
            "container_id": "generated:one",
            "override": "exclude",
            "note": "second",
            "changed_by": "ann",
            "changed_at": hours(1),
            "approval": "approved",
            "approval_changed_by": "bob",
            "approval_changed_at": hours(2),
        }
    ]


def test_an_override_that_was_taken_back_still_says_who_and_why(stores):
    override(stores, "include", at=0)
    override(stores, None, at=1, note="a mistake")
    copy_operations(stores)
    row = rows_of(stores, catalog.PROJECT_ADS_CONTENT).row(0, named=True)
    assert (row["override"], row["note"], row["approval"]) == (None, "a mistake", None)


def test_one_content_is_included_in_one_project_and_excluded_in_another(stores):
    override(stores, "include", at=0, content="brand/tiktok:7")
    override(stores, "exclude", at=0, content="other/tiktok:7")
    copy_operations(stores)
    rows = rows_of(stores, catalog.PROJECT_ADS_CONTENT)
    assert rows.select("project_id", "container_id", "override").rows() == [
        ("brand", "tiktok:7", "include"),
        ("other", "tiktok:7", "exclude"),
    ]


# Reading as of a moment


def test_what_is_read_has_the_contracts_columns_and_types(stores):
    report(stores)
    decisions = read_decisions(stores, hours(0))
    schemas = (Creatives, SafetyReviews, ContentOverrides, AdContent)
    frames = (decisions.creatives, decisions.reviews, decisions.overrides, decisions.ads)
    assert all(
        schema.is_valid(frame.collect()) for schema, frame in zip(schemas, frames, strict=True)
    )
    assert heights(decisions) == [1, 1, 1, 1]


def test_what_is_read_needs_no_copy(stores):
    report(stores)
    assert all(stores.lake.version(table) == -1 for table in COPIES)
    assert heights(read_decisions(stores, hours(0))) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(-25, [0, 0, 0, 0], id="before anything"),
        pytest.param(-24, [1, 0, 0, 0], id="the instant itself counts"),
        pytest.param(-19, [1, 1, 1, 0], id="between"),
        pytest.param(0, [1, 1, 1, 1], id="after everything"),
    ],
)
def test_what_was_known_later_is_not_read(stores, until, expected):
    report(stores)
    assert heights(read_decisions(stores, hours(until))) == expected


def test_no_decision_reads_as_no_rows(stores):
    assert heights(read_decisions(stores, hours(0))) == [0, 0, 0, 0]


@examples(0.3, phases=(Phase.explicit, Phase.generate))
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["one", "two"]),
            st.sampled_from(["include", "exclude", None, True, False]),
            st.integers(-3, 3),
        ),
        max_size=8,
    ),
    until=st.integers(-3, 4),
)
def test_at_every_moment_the_newest_known_counts(changes, until):
    with temporary_stores() as stores:
        allow(stores, "ada")
        for slug, word, hour in sorted(changes, key=lambda change: change[2]):
            if isinstance(word, bool):
                review(stores, failed=word, at=hour, container=f"generated:{slug}")
            else:
                override(stores, word, at=hour, content=f"brand/generated:{slug}")
        decisions = read_decisions(stores, hours(until) + timedelta(seconds=1))
        moment = hours(until) + timedelta(seconds=1)
        stands = dict(overrides_at(decisions.overrides, as_of=moment).collect().rows())
        unsafe = set(unsafe_containers(decisions.reviews, as_of=moment).collect()["container_id"])
    words = {
        slug: (
            last_word(changes, slug, until, bools=False),
            last_word(changes, slug, until, bools=True),
        )
        for slug in ("one", "two")
    }
    assert stands == {f"brand/generated:{slug}": word for slug, (word, _) in words.items() if word}
    assert unsafe == {f"generated:{slug}" for slug, (_, failed) in words.items() if failed}


def last_word(changes, slug, until, *, bools):
    """The last word of a kind on a thing by an hour; of one hour's, the one decided last."""
    decisions = [
        (hour, place, word)
        for place, (of, word, hour) in enumerate(changes)
        if of == slug and hour <= until and isinstance(word, bool) == bools
    ]
    return max(decisions, key=lambda one: one[:2])[2] if decisions else None


# Containers and ads content (R11)


def test_a_creative_gets_a_container_and_ads_content_in_each_project(stores):
    add(stores, at=-24)
    add(stores, at=-12, project="other")
    carried(stores)
    containers = rows_of(stores, catalog.CONTENT_CONTAINERS).drop("bucket").to_dicts()
    assert containers == [
        {
            "container_id": "generated:one",
            "kind": "generated",
            "platform": None,
            "platform_post_id": None,
            "created_at": hours(-24),
        }
    ]
    content = rows_of(stores, catalog.ADS_CONTENT)
    columns = ("ads_content_id", "scoring_pool", "organic_score", "created_at")
    assert content.select(columns).rows() == [
        ("brand/generated:one", "generated", None, hours(-24)),
        ("other/generated:one", "generated", None, hours(-12)),
    ]


def test_containers_of_creatives_and_posts_stand_beside_each_other(stores):
    derive(stores, [capture("7", -1, views=100)])
    add(stores, kind="manual")
    carried(stores)
    kinds = rows_of(stores, catalog.CONTENT_CONTAINERS).select("container_id", "kind").rows()
    pools = rows_of(stores, catalog.ADS_CONTENT).select("ads_content_id", "scoring_pool").rows()
    assert kinds == [("manual:one", "manual"), ("tiktok:7", "post")]
    assert pools == [
        ("brand/manual:one", "manual"),
        ("brand/tiktok:7", "ugc"),
        ("other/tiktok:7", "ugc"),
    ]


@pytest.mark.parametrize("table", [catalog.CONTENT_CONTAINERS, catalog.ADS_CONTENT])
def test_deriving_again_commits_nothing(stores, table):
    add(stores)
    carried(stores)
    before = stores.lake.version(table)
    carried(stores)
    assert stores.lake.version(table) == before


def test_a_creative_that_comes_later_leaves_the_others_as_they_are(stores):
    add(stores)
    carried(stores)
    before = rows_of(stores, catalog.ADS_CONTENT).to_dicts()
    add(stores, "two", at=-1)
    carried(stores)
    after = rows_of(stores, catalog.ADS_CONTENT).to_dicts()
    assert [row for row in after if row["container_id"] == "generated:one"] == before
    assert len(after) == 2


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param((catalog.CONTENT_CONTAINERS, catalog.ADS_CONTENT), id="both"),
        pytest.param((catalog.ADS_CONTENT,), id="ads content"),
    ],
)
def test_what_a_crash_lost_is_made_by_the_next_run(stores, gone):
    add(stores)
    with lost(stores, *gone):
        carried(stores)
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.CONTENT_CONTAINERS)["container_id"].to_list() == [
        "generated:one"
    ]
    assert rows_of(stores, catalog.ADS_CONTENT)["ads_content_id"].to_list() == [CONTENT]


def test_upkeep_reads_no_creative_again(stores):
    add(stores)
    carried(stores)
    maintain(stores)
    assert bring_up_to_date(stores)["content_containers"] == Written()


def test_a_container_of_a_post_without_a_post_is_set_aside(stores):
    row = {"container_id": "x", "kind": "post", "created_at": MADE, "bucket": 1}
    torn = pl.DataFrame([row], schema=dict(catalog.CONTENT_CONTAINERS.empty().schema))
    assert stores.lake.insert_absent(catalog.CONTENT_CONTAINERS, torn) == Written(quarantined=1)


def test_analysts_find_what_was_decided(stores):
    report(stores)
    rows = publish(stores).rows
    assert {table.name: rows[table.name] for table in COPIES} == {table.name: 1 for table in COPIES}
    assert (rows["content_containers"], rows["ads_content"]) == (1, 1)
