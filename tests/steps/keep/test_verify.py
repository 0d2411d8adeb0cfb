"""``verify`` finds every seeded damage, says what it is, and finds none where there is none.

Belongs here: stores as they are, and folders of backups.
Does not belong here: making and restoring backups (``test_backup``).
"""

import json
import re

import pytest

from layers_pipeline.errors import NotFoundError
from layers_pipeline.steps.keep.vault import Vault
from layers_pipeline.steps.keep.verify import verify, verify_backups
from tests.steps.keep import damages
from tests.steps.keep.conftest import settings_of

FOUND = {
    damages.a_data_file_is_gone: r"platform_post_metrics: .*is not what its log says: .*is gone",
    damages.a_data_file_is_cut: r"organic_scores: .*is not what its log says: .*bytes",
    damages.a_data_file_has_turned_bits: r"platform_posts: .*parquet cannot be read",
    damages.a_data_file_holds_other_rows: r"raw_sift__posts: .*holds 2 rows, its log says 6",
    damages.a_commit_is_gone: r": its log has a gap: version 1 ",
    damages.the_newest_commit_is_gone: r"raw_instagram__responses: .*though \d+ was seen before",
    damages.a_table_is_gone: r"ads_content: it is gone, though \d+ was seen before",
    damages.a_log_is_foreign: r"content_containers: its log cannot be read",
    damages.a_table_is_older_than_its_reader: (
        r"stg_sift__posts: it has read raw_sift__posts up to version 99, whose newest is \d"
    ),
    damages.snapshots_have_lost_their_posts: (
        r"platform_post_metrics: 1 keys of its rows are not in platform_posts: tiktok/p1"
    ),
    damages.scores_have_lost_their_content: (
        r"organic_scores: 1 keys of its rows are not in ads_content: brand/brand/tiktok:p2"
    ),
    damages.a_column_has_another_type: r"projects: .*stores column is_active as",
    damages.a_page_of_the_database_is_torn: r"operations: .*operations\.db: ",
    damages.the_database_is_gone: r"operations: .*empty or gone, but it was there",
    damages.a_row_names_a_row_that_is_gone: r"operations: row .* names a row of projects",
    damages.an_account_is_gone: r"operations: 1 accounts of the lake .*instagram:own",
    damages.a_table_of_the_database_is_gone: r"operations: .*safety_reviews is not there",
    damages.the_newest_generation_is_gone: r"published: .*newest generation.*is gone",
    damages.a_generation_is_cut: r"published: .*layers-000001\.duckdb: ",
    damages.a_file_of_a_view_is_gone: (
        r"published: .*layers-000001\.duckdb: ad_eligibility shows .*which is not there"
    ),
    damages.a_restore_was_cut: r"stores: a restore was interrupted",
}
ONLY_DEEP = {damages.a_data_file_has_turned_bits, damages.a_data_file_holds_other_rows}
"""What only reading the files tells."""


def faults(found) -> list[str]:
    return [f"{one.subject}: {one.said}" for one in found if one.state == "fault"]


@pytest.mark.parametrize("damage", FOUND, ids=lambda damage: damage.__name__)
def test_a_damage_is_found_and_a_way_back_named(home, damage):
    damage(home)
    found = list(verify(settings_of(home), deep=damage in ONLY_DEEP))
    assert [one for one in faults(found) if re.search(FOUND[damage], one)], faults(found)
    assert all(one.remedy for one in found if one.state == "fault")


@pytest.mark.parametrize("deep", [False, True])
def test_where_nothing_is_damaged_nothing_is_found(home, deep):
    found = list(verify(settings_of(home), deep=deep))
    assert [(one.subject, one.state) for one in found] == [
        ("operations", "well"),
        ("lake", "well"),
        ("published", "well"),
    ]


def test_an_older_database_is_a_warning(home):
    damages.the_database_is_older(home)
    found = [one for one in verify(settings_of(home)) if one.subject == "operations"]
    assert [(one.state, "revision" in one.said) for one in found] == [("warning", True)]


def test_a_new_home_has_no_damage_and_nothing_is_made_there(tmp_path):
    found = list(verify(settings_of(tmp_path / "new")))
    assert faults(found) == []
    assert not (tmp_path / "new/lake").exists()


def cut(path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def turn_bits(path) -> None:
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))


def content_of(backups):
    """A data file of the backup."""
    made = Vault(backups).manifest()
    path = next(one for one in made.files if one.path.startswith("platform_posts/bucket"))
    return Vault(backups).object(path.sha256)


OF_BACKUPS = {
    "a content is gone": (lambda backups: content_of(backups).unlink(), False, "is gone"),
    "a content is cut": (lambda backups: cut(content_of(backups)), False, "has [0-9,]+ of"),
    "bits of a content turned": (lambda backups: turn_bits(content_of(backups)), True, "checksum"),
    "a manifest is cut": (
        lambda backups: cut(next(backups.glob("backups/*.json"))),
        False,
        "not what its checksum says",
    ),
    "a manifest's checksum is gone": (
        lambda backups: next(backups.glob("backups/*.sha256")).unlink(),
        False,
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", OF_BACKUPS.values(), ids=list(OF_BACKUPS))
def test_a_damage_of_a_backup_is_found(backups, case):
    damage, deep, says = case
    Vault(backups).manifest()
    damage(backups)
    (found,) = faults(verify_backups(backups, deep=deep))
    assert re.search(says, found)


def test_a_backup_without_damage_is_well(backups):
    assert [one.state for one in verify_backups(backups, deep=True)] == ["well"]


def test_a_folder_without_backups_is_told_of(tmp_path):
    with pytest.raises(NotFoundError, match="there is no complete backup"):
        list(verify_backups(tmp_path))


def test_a_manifest_of_another_package_is_not_guessed_at(backups):
    path = next(backups.glob("backups/*.json"))
    body = json.loads(path.read_text()) | {"invented": 1}
    path.write_text(json.dumps(body))
    (found,) = faults(verify_backups(backups))
    assert "manifest" in found
