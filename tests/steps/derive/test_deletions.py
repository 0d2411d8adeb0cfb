from contextlib import contextmanager
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.deletions import derive_absences
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from tests.hypothesis_profiles import examples
from tests.oracles import scores as oracle
from tests.oracles.deletions import absences_of
from tests.worlds.data_builders import (
    NOW,
    capture,
    everything,
    hours,
    known_at,
    land_reading,
    later,
    lost,
    make_stores,
    posts_as_of,
    remove,
    rows_of,
    score,
    temporary_stores,
)
from tests.worlds.homes import copied
from transforms.contracts.posts import PostAbsences

SLOW_LAW = examples(0.2, phases=(Phase.explicit, Phase.generate))
"""For laws over real stores: failing examples are shown as found, not shrunk for minutes."""
ADA = "instagram:ada"
ALL = ("p", "q0", "q1", "q2")
LIVING = ALL[1:]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stores(tmp_path):
    with beginning(tmp_path / "home") as opened:
        yield opened


@contextmanager
def beginning(home):
    opened = make_stores(home, now=hours(-9999))
    add_account(opened)
    yield opened
    opened.operations.close()


def add_account(stores):
    """An OAuth account of a project that ranks its posts."""
    then = stores.clock.now()
    stores.operations.projects.add("brand", name="brand", time_zone="UTC", now=then)
    account = NewAccount(
        platform="instagram", account_key="ada", connection="oauth", project_id="brand"
    )
    stores.operations.accounts.add([account], now=then)
    creator = NewCreator(creator_id="c", display_name="", account_ids=(ADA,))
    stores.operations.allowlist.allow("brand", [creator], allowed_from=then)
    copy_operations(stores)


# Readings of the account at full hours, known half an hour later.


def at(stores, hour):
    return later(stores, hours(hour))


def read(stores, hour, *shown, **changes):
    """Land what a reading showed."""
    rows = [
        capture(post, hour, platform="instagram", views=views_at(post, hour), likes=9)
        for post in shown
    ]
    begun = {"started_at": hours(hour)}
    land_reading(at(stores, hour + 0.5), f"sync{hour}", rows, **(begun | changes))


def views_at(post, hour):
    """Views that grow from reading to reading, other than any other post's."""
    return 100 * (1 + ALL.index(post)) + hour


def go_through(stores, *readings):
    """Land readings, each (hour, posts shown, what it was like), and derive each at once."""
    for hour, shown, *changes in readings:
        read(stores, hour, *shown, **(changes[0] if changes else {}))
        bring_up_to_date(at(stores, hour + 0.5))


def confirm(stores, hour, listing):
    """A person confirms what a listing says."""
    stores.operations.deletions.confirm(ADA, listing, by="Grace", now=hours(hour))
    bring_up_to_date(at(stores, hour))


def tombstones(stores):
    """Posts that count as deleted, and since when."""
    posts = rows_of(stores, catalog.PLATFORM_POSTS).filter(pl.col("deleted_at").is_not_null())
    return dict(posts.select("platform_post_id", "deleted_at").iter_rows())


SEEN, MISSED, GONE, BACK = (1, ALL), (2, LIVING), (3, LIVING), (5, ALL)
GONE_AT = hours(3.5)


@pytest.fixture(scope="module")
def missed_once(tmp_path_factory):
    """A post was seen, and then it was missed: to be copied."""
    with beginning(tmp_path_factory.mktemp("missed")) as opened:
        go_through(opened, SEEN, MISSED)
        yield opened


@pytest.fixture(scope="module")
def gone_already(missed_once, tmp_path_factory):
    """The post was missed once more, and counts as deleted: to be copied."""
    with copied(missed_once, tmp_path_factory.mktemp("gone") / "home") as opened:
        go_through(opened, GONE)
        yield opened


@pytest.fixture
def missed(missed_once, tmp_path):
    with copied(missed_once, tmp_path / "missed") as opened:
        yield opened


@pytest.fixture
def gone(gone_already, tmp_path):
    with copied(gone_already, tmp_path / "gone") as opened:
        yield opened


def test_a_post_that_two_complete_listings_lack_has_a_tombstone(gone_already):
    assert tombstones(gone_already) == {"p": GONE_AT}


def test_a_post_that_one_complete_listing_lacks_has_none(missed_once):
    assert tombstones(missed_once) == {}


def test_no_row_of_a_deleted_post_goes_away(missed):
    kept = [
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_POST_METRICS,
        catalog.PLATFORM_POST_METRICS_LATEST,
        catalog.CONTENT_CONTAINERS,
        catalog.ADS_CONTENT,
    ]
    before = [rows_of(missed, table).filter(of_p()) for table in kept]
    go_through(missed, GONE)
    after = [rows_of(missed, table).filter(of_p()) for table in kept]
    assert [rows.drop("deleted_at", strict=False).to_dicts() for rows in before] == [
        rows.drop("deleted_at", strict=False).to_dicts() for rows in after
    ]


def of_p():
    return pl.concat_str(pl.selectors.string().fill_null("")).str.contains("instagram:p|instagramp")


def test_a_post_that_reappears_loses_its_tombstone_and_keeps_its_absence(gone):
    go_through(gone, BACK)
    absence = rows_of(gone, catalog.POST_ABSENCES).row(0, named=True)
    assert tombstones(gone) == {}
    assert (absence["confirmed_at"], absence["returned_at"]) == (GONE_AT, hours(5.5))


def test_captures_of_a_deleted_post_by_others_leave_its_tombstone(gone):
    table = catalog.STG_IMPORT__CAPTURES
    late = capture("p", 0.5, platform="instagram", views=7, caption="older")
    row = pl.DataFrame([late | {"file_id": "f", "line_number": 1}]).select(table.columns)
    gone.lake.replace(table, table.shape(row), where={"file_id": ["f"]})
    bring_up_to_date(at(gone, 6))
    assert tombstones(gone) == {"p": GONE_AT}


def test_a_post_whose_row_was_set_aside_was_shown_all_the_same(missed):
    read(missed, 3, *LIVING, "p")
    raw = catalog.RAW_INSTAGRAM__RESPONSES
    broken = rows_of(missed, raw).with_columns(
        body=pl.when(subject="p").then(pl.lit("no JSON")).otherwise("body")
    )
    days = broken["landed_on"].cast(pl.String).unique().to_list()
    missed.lake.replace(raw, broken, where={"landed_on": days})
    bring_up_to_date(at(missed, 3.5))
    go_through(missed, (4, LIVING))
    assert tombstones(missed) == {}


# A person's word.

STORM = ((1, ALL), (2, ("q0",)), (3, ("q0",)))
"""Of four posts three are missing, which is more than half."""


def test_too_many_at_once_wait_for_a_person(stores):
    go_through(stores, *STORM)
    held = rows_of(stores, catalog.POST_ABSENCES)["held_by"].to_list()
    assert (tombstones(stores), held) == ({}, ["sync3"] * 3)


def test_a_person_confirms_what_was_too_much_at_once(stores):
    go_through(stores, *STORM)
    confirm(stores, 9, "sync3")
    assert tombstones(stores) == dict.fromkeys(["p", "q1", "q2"], hours(9))


def test_an_empty_listing_deletes_nothing_by_itself(stores):
    go_through(stores, SEEN, (2, ()), (3, ()))
    assert rows_of(stores, catalog.POST_ABSENCES).is_empty()


def test_a_person_confirms_that_an_account_was_emptied(stores):
    go_through(stores, SEEN, (2, LIVING), (3, ()))
    confirm(stores, 9, "sync3")
    assert tombstones(stores) == dict.fromkeys(ALL, hours(9))


def test_what_returns_after_an_account_was_emptied_is_not_deleted_again(stores):
    go_through(stores, SEEN, (2, ()))
    confirm(stores, 9, "sync2")
    go_through(stores, (10, ALL))
    bring_up_to_date(at(stores, 11))
    assert tombstones(stores) == {}


# However late, in whatever pieces, with whatever crash.


@st.composite
def histories(draw):
    """Readings in any state of health; after each: derived or not, or half and then a crash."""
    readings, away = [], frozenset()
    for hour in range(1, draw(st.integers(4, 9))):
        if draw(st.integers(0, 2)) == 0:
            away = draw(st.frozensets(st.sampled_from(ALL)))
        shown = tuple(post for post in ALL if post not in away)
        changes = draw(
            st.sampled_from(
                [
                    *({},) * 4,
                    {"depth": "quick"},
                    {"is_complete": False, "outcome": "partial"},
                    {"items": 10_000},
                ]
            )
        )
        readings.append((hour, shown, changes))
    then = draw(st.lists(st.sampled_from(AFTERWARDS), min_size=8, max_size=8))
    return [*zip(readings, then, strict=False)]


AFTERWARDS = ("nothing", "derive", "derive", "crash")


def live_through(stores, history):
    """Land and derive as the history says, derive everything at its end."""
    for (hour, shown, changes), then in history:
        read(stores, hour, *shown, **changes)
        now = at(stores, hour + 0.5)
        if then == "derive":
            bring_up_to_date(now)
        elif then == "crash":
            with lost(now, catalog.PLATFORM_POSTS):
                bring_up_to_date(now)
    bring_up_to_date(at(stores, 99))


def expected_absences(history):
    """The absences of the oracle, given of the posts what the readings themselves show."""
    readings = [as_listing(*reading) for reading, _ in history]
    posts = []
    for post in ALL:
        seen = [one for one in readings if post in one["shown"]]
        row = {"platform": "instagram", "platform_post_id": post, "account_key": "ada"}
        row |= {"media_type": "feed_image", "published_at": hours(-240)}
        if seen:
            posts.append(row | {"first_seen_at": seen[0]["known_at"]})
    found = absences_of(posts, readings, [], share_limit=0.5)
    return {post: absences_by_post for (_, post), absences_by_post in found.items()}


def as_listing(hour, shown, changes):
    row = {"sync_id": f"sync{hour}", "platform": "instagram", "account_key": "ada", "shown": shown}
    row |= {"depth": "full", "is_complete": True, "items": len(shown)}
    return row | {"started_at": hours(hour), "known_at": hours(hour + 0.5)} | changes


def absences_by_post(stores):
    found = {}
    for row in rows_of(stores, catalog.POST_ABSENCES).sort("missed_at").iter_rows(named=True):
        facts = {name: row[name] for name in FACTS}
        found.setdefault(row["platform_post_id"], []).append(facts)
    return found


FACTS = ("missed_at", "missed_by", "confirmed_at", "confirmed_by", "held_by", "returned_at")


@SLOW_LAW
@given(history=histories())
def test_any_pieces_and_crashes_give_the_absences_of_the_oracle(history):
    with temporary_stores(now=hours(-9999)) as stores:
        live_through(stores, history)
        assert absences_by_post(stores) == expected_absences(history)
        assert tombstones(stores) == {
            post: own[-1]["confirmed_at"]
            for post, own in expected_absences(history).items()
            if own[-1]["confirmed_at"] and not own[-1]["returned_at"]
        }
        assert PostAbsences.is_valid(rows_of(stores, catalog.POST_ABSENCES))


def test_a_crash_before_tombstones_were_written_heals_with_the_next_run(missed):
    read(missed, 3, *LIVING)
    with lost(missed, catalog.PLATFORM_POSTS):
        bring_up_to_date(at(missed, 3.5))
    bring_up_to_date(at(missed, 4))
    assert tombstones(missed) == {"p": GONE_AT}


def test_deriving_again_changes_nothing(gone):
    before = everything(gone)
    bring_up_to_date(at(gone, 4))
    assert everything(gone) == before


THE_DAY_BEFORE = (-20, ALL)
QUICK = {"depth": "quick"}


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param([SEEN, MISSED], id="from the beginning"),
        pytest.param([THE_DAY_BEFORE, MISSED, (3, LIVING, QUICK)], id="a doubt"),
        pytest.param([THE_DAY_BEFORE, (1, ALL, QUICK), MISSED, GONE], id="a deletion"),
        pytest.param([THE_DAY_BEFORE, MISSED, GONE, BACK], id="a return"),
        pytest.param([THE_DAY_BEFORE, MISSED, BACK, (6, LIVING)], id="a second doubt"),
    ],
)
def test_listings_whose_files_were_joined_are_not_taken_once_more(stores, readings):
    go_through(stores, *readings)
    before = everything(stores, [catalog.POST_ABSENCES, catalog.PLATFORM_POSTS])
    stores.lake.compact(catalog.ACCOUNT_LISTINGS)
    derive_absences(at(stores, 9))
    assert everything(stores, [catalog.POST_ABSENCES, catalog.PLATFORM_POSTS]) == before


def test_a_listing_that_lands_after_files_were_joined_is_taken(missed):
    read(missed, 3, *LIVING)
    missed.lake.compact(catalog.ACCOUNT_LISTINGS)
    bring_up_to_date(at(missed, 3.5))
    assert tombstones(missed) == {"p": GONE_AT}


# Scores and analysts: what was deleted when (R23, R29).

LIFE = (SEEN, MISSED, GONE, BACK)
TICKS = [hours(2), hours(4), hours(6)]
"""Before p was deleted, while it was, and after it came back."""


def scored_live(stores, *, derived_late=False):
    """Score each tick a minute after it, as readings come in."""
    moments = [(hours(hour + 0.5), (hour, shown)) for hour, shown in LIFE]
    for moment, reading in sorted([*moments, *((tick, None) for tick in TICKS)], key=first):
        if reading is None:
            score(later(stores, moment + MINUTE), [moment])
        else:
            read(stores, reading[0], *reading[1])
            bring_up_to_date(later(stores, moment)) if not derived_late else None
    return {table.name: rows_of(stores, table).write_ndjson() for table in WRITTEN}


def first(pair):
    return pair[0]


@pytest.fixture(scope="module")
def scored_at_once(tmp_path_factory):
    """Stores in which each tick was scored as time went by: not to be written."""
    with beginning(tmp_path_factory.mktemp("scored")) as opened:
        scored_live(opened)
        yield opened


def test_a_deleted_post_has_no_score_while_it_is_away(scored_at_once):
    scores = rows_of(scored_at_once, catalog.ORGANIC_SCORES).filter(platform_post_id="p")
    assert scores["scored_at"].sort().to_list() == [TICKS[0], TICKS[2]]


@pytest.mark.parametrize("derived_late", [False, True], ids=["derived at once", "derived late"])
def test_live_ticks_equal_backfilled_ones_across_a_deletion(stores, derived_late):
    live = scored_live(stores, derived_late=derived_late)
    remove(stores, *WRITTEN)
    score(later(stores, NOW), TICKS)
    assert {table.name: rows_of(stores, table).write_ndjson() for table in WRITTEN} == live


def test_ticks_across_a_deletion_are_those_of_the_oracle(scored_at_once):
    captures = rows_of(scored_at_once, catalog.STG_INSTAGRAM__POSTS).to_dicts()
    allowlist = rows_of(scored_at_once, catalog.PROJECT_ALLOWLIST).to_dicts()
    away = {("instagram", "p"): [(GONE_AT, hours(5.5))]}
    ranks, scores, eligibility = (rows_of(scored_at_once, table) for table in WRITTEN)
    actual = []
    for tick, answer in oracle.score_in_order(captures, allowlist, TICKS, deleted=away):
        frames = {"scores": scores, "eligibility": eligibility, "ranks": ranks}
        rows = {
            name: frame.filter(pl.col("scored_at") == tick).to_dicts()
            for name, frame in frames.items()
        }
        actual += oracle.differences(answer, known=known_at(scored_at_once, tick), **rows)
    assert actual == []


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The analysts' file after the whole life of the post."""
    with beginning(tmp_path_factory.mktemp("published")) as opened:
        go_through(opened, *LIFE)
        yield publish(later(opened, NOW)).path


@pytest.mark.parametrize(
    ("moment", "is_deleted"),
    [(TICKS[0], False), (TICKS[1], True), (TICKS[2], False)],
    ids=["before", "while it was away", "after it came back"],
)
def test_analysts_see_what_was_deleted_at_a_moment(published, moment, is_deleted):
    actual = {row["platform_post_id"]: row["is_deleted"] for row in posts_as_of(published, moment)}
    assert actual == dict.fromkeys(LIVING, False) | {"p": is_deleted}
