"""A report as of a past moment knows no deletion and no score that came after it."""

from contextlib import closing

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.pay.reports import creator_report
from tests.worlds.data_builders import allow, capture, hours, import_rows, later, make_stores, score

NAMED = ("posts_synced", "posts_deleted", "posts_from_threshold")
BORN = hours(-48)


def test_deletions_and_scores_stand_as_they_did_at_the_moment(tmp_path):
    stores = make_stores(tmp_path / "home", now=hours(-1))
    with closing(stores.operations):
        allow(stores, "ada")
        rows = [
            capture(f"p{place}", -2, published_at=BORN, views=100 * 10**place, likes=10 * place)
            for place in range(4)
        ]
        import_rows(stores, tmp_path, rows)
        score(later(stores, hours(0)), [hours(0)])
        gone = dict.fromkeys(catalog.POST_ABSENCES.columns) | {
            "platform": "tiktok",
            "platform_post_id": "p0",
            "account_key": "ada",
            "missed_at": hours(1),
            "missed_by": "one",
            "confirmed_at": hours(2),
            "confirmed_by": "two",
            "bucket": 0,
        }
        schema = dict(catalog.POST_ABSENCES.empty().schema)
        stores.lake.insert_absent(catalog.POST_ABSENCES, pl.DataFrame([gone], schema=schema))
        at_end = later(stores, hours(3))
        told = [
            creator_report(at_end, BORN.date(), BORN.date(), at=hours(at)).select(NAMED).row(0)
            for at in (-1, 1, 2, 3)
        ]
    eligible = told[-1][2]
    assert 0 < eligible < 4
    assert told == [(4, 0, 0), (4, 0, eligible), (4, 1, eligible), (4, 1, eligible)]
