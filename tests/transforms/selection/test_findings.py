"""Content that runs although something forbids it."""

import polars as pl
import pytest

from tests.worlds.selections import ad, post, selected
from transforms.contracts.selection import AdSelections
from transforms.selection.findings import runs_though_blocked

SCHEMA = dict(AdSelections.create_empty().drop("tick").schema)


@pytest.mark.parametrize(
    ("changes", "forbidden_by"),
    [
        ({}, []),
        ({"is_eligible": False, "reason": "below_threshold"}, []),
        ({"is_eligible": False, "reason": "safety_failed"}, ["safety_failed"]),
        ({"account_id": "tiktok:leo"}, ["right_missing"]),
        ({"is_deleted": True, "is_eligible": False, "reason": "below_threshold"}, ["deleted"]),
    ],
    ids=["clear", "low-score", "unsafe", "no-right", "deleted"],
)
def test_what_runs_is_named_if_anything_but_its_score_forbids_it(changes, forbidden_by):
    content = post(**changes)
    rows = selected([content], ads=[ad(content["ads_content_id"])]).values()
    found = runs_though_blocked(pl.LazyFrame(list(rows), schema=SCHEMA)).collect()
    assert found["blocked_by"].to_list() == forbidden_by


def test_what_does_not_run_is_not_named():
    rows = selected([post(account_id="tiktok:leo")]).values()
    assert runs_though_blocked(pl.LazyFrame(list(rows), schema=SCHEMA)).collect().is_empty()
