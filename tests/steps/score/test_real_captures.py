import os
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from tests.oracles import scores as oracle
from tests.shared_data import TIKTOK_CAPTURES, needs_tiktok_captures
from tests.worlds.data_builders import (
    followers_at,
    hours,
    known_at,
    make_stores,
    posts_as_of,
    rows_of,
    score,
)

pytestmark = needs_tiktok_captures

EVERY_TICK = [hours(4 * number) for number in range(142)]
TICKS = [EVERY_TICK[place] for place in (0, 1, 6, 30, 60, 90, 130, 141)]
MOMENTS = (EVERY_TICK[3] + timedelta(minutes=7), EVERY_TICK[-1])
REASONS = {"views_unknown": 2857}


def imported(home, files, *, ticks=()):
    """Fresh stores into which files were imported one after the other."""
    stores = make_stores(home)
    for number, path in enumerate(files):
        given = {"project_id": "demo", "time_zone": "UTC", "run_id": f"r{number}"}
        import_captures(stores, [path], **given)
        bring_up_to_date(stores)
    score(stores, ticks)
    return stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    opened = imported(tmp_path_factory.mktemp("whole"), [TIKTOK_CAPTURES], ticks=TICKS)
    yield opened
    opened.operations.close()


@pytest.fixture(scope="module")
def in_pieces(tmp_path_factory):
    """The same captures from seven files, each row in one of them, in a random order."""
    folder = tmp_path_factory.mktemp("pieces")
    rows = pl.read_parquet(TIKTOK_CAPTURES)
    dice = random.Random(7)
    place = pl.Series("place", [dice.randrange(7) for _ in range(rows.height)])
    files = [folder / f"{number}.parquet" for number in range(7)]
    for number, path in enumerate(files):
        rows.filter(place == number).write_parquet(path)
    opened = imported(folder / "home", dice.sample(files, 7), ticks=TICKS)
    yield opened
    opened.operations.close()


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (catalog.PLATFORM_POSTS, 14_757),
        (catalog.PLATFORM_POST_METRICS, 25_861),
        (catalog.CONTENT_CONTAINERS, 14_757),
        (catalog.ADS_CONTENT, 14_757),
        (catalog.QUARANTINE, 119),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_import_gives_so_many_rows(stores, table, rows):
    assert rows_of(stores, table).height == rows


def test_rows_without_an_account_and_views_that_were_not_shown_are_set_aside(stores):
    rules = rows_of(stores, catalog.QUARANTINE)["broken_rules"].value_counts(sort=True)
    assert rules.rows() == [("account_key|nullability", 112), ("views|not_shown", 7)]


def test_a_second_import_adds_no_row_to_any_table(tmp_path):
    once = imported(tmp_path, [TIKTOK_CAPTURES])
    before = {table.name: once.lake.read(table).collect().height for table in catalog.TABLES}
    twice = imported(tmp_path, [TIKTOK_CAPTURES])
    after = {table.name: twice.lake.read(table).collect().height for table in catalog.TABLES}
    assert after == before


def differences(stores, ticks):
    """Where the tables say otherwise than the oracle, first of all the first few."""
    captures = rows_of(stores, catalog.STG_IMPORT__CAPTURES)
    wanted = ["platform", "platform_post_id", "account_key", "captured_at", "known_at"]
    given = captures.select(*wanted, "published_at", *oracle.COUNTS).to_dicts()
    allowlist = rows_of(stores, catalog.PROJECT_ALLOWLIST).to_dicts()
    for tick, answer in oracle.score_in_order(given, allowlist, ticks):
        ranks, scores, eligibility = (
            stores.lake.read(table).filter(pl.col("scored_at") == tick).collect().to_dicts()
            for table in WRITTEN
        )
        actual = {"ranks": ranks, "scores": scores, "eligibility": eligibility}
        yield from oracle.differences(answer, known=known_at(stores, tick), **actual)
    latest = rows_of(stores, catalog.PLATFORM_POST_METRICS_LATEST).to_dicts()
    yield from oracle.unlike_known(
        oracle.known_posts(oracle.one_per_moment(given), stores.clock.now()), latest
    )


def test_the_oracle_gives_every_score_part_and_reason(stores):
    assert list(differences(stores, TICKS))[:5] == []


@pytest.mark.timeout(1800)
@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_the_oracle_gives_every_row_of_every_tick(tmp_path):
    every = imported(tmp_path, [TIKTOK_CAPTURES], ticks=EVERY_TICK)
    assert list(differences(every, EVERY_TICK))[:5] == []


@pytest.mark.timeout(1800)
@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_four_ranges_in_any_order_give_every_row_of_one_forward_run(tmp_path):
    forward, shuffled = (imported(tmp_path / name, [TIKTOK_CAPTURES]) for name in ("one", "other"))
    score(forward, EVERY_TICK)
    cuts = (0, 31, 70, 105, 142)
    ranges = [EVERY_TICK[start:stop] for start, stop in pairwise(cuts)]
    for place in (2, 0, 3, 1):
        score(shuffled, ranges[place])
    for table in WRITTEN:
        one, other = (rows_of(opened, table) for opened in (forward, shuffled))
        assert one.equals(other), table.name


def test_unscored_posts_say_why(stores):
    scores = rows_of(stores, catalog.ORGANIC_SCORES).filter(pl.col("scored_at") == TICKS[-1])
    reasons = Counter(scores["unscored_reason"].drop_nulls())
    print(f"unscored posts at {TICKS[-1]}: {dict(reasons)}")  # noqa: T201 - shown with -s
    assert reasons == REASONS


@pytest.mark.parametrize(
    "table",
    [
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_POST_METRICS_LATEST,
        catalog.PROJECT_ALLOWLIST,
        *WRITTEN,
    ],
    ids=lambda table: table.name,
)
def test_seven_pieces_in_random_order_give_the_same_rows(stores, in_pieces, table):
    one, other = (rows_of(opened, table) for opened in (stores, in_pieces))
    assert one.equals(other)


def test_seven_pieces_in_random_order_give_the_same_posts_at_any_moment(stores, in_pieces):
    one, other = (publish(opened).path for opened in (stores, in_pieces))
    for moment in MOMENTS:
        assert posts_as_of(one, moment) == posts_as_of(other, moment)


def test_seven_pieces_in_random_order_give_the_same_followers_at_any_moment(stores, in_pieces):
    for moment in MOMENTS:
        actual = followers_at(stores, moment)
        assert actual == followers_at(in_pieces, moment)
        assert actual
