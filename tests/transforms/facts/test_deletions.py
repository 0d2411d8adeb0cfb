from datetime import timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.oracles.deletions import absences_of, deleted_at_moment
from tests.worlds.data_builders import hours
from transforms.contracts.captures import AccountListings
from transforms.contracts.posts import PostAbsences
from transforms.facts.deletions import (
    ListingReach,
    confirmed_by_people,
    deleted_posts,
    emptied_by_people,
    is_witness,
    next_absences,
    parts_of,
)
from transforms.facts.snapshots import ACCOUNT, POST

REACHES = {
    "instagram": ListingReach(posts_max=10_000),
    "tiktok": ListingReach(window=timedelta(days=365)),
}
LIMIT = 0.5
HALF_HOUR = timedelta(minutes=30)
FACTS = ("missed_at", "missed_by", "confirmed_at", "confirmed_by", "held_by", "returned_at")
POSTS = {
    "platform": pl.String,
    "platform_post_id": pl.String,
    "account_key": pl.String,
    "published_at": pl.Datetime("us", "UTC"),
    "first_seen_at": pl.Datetime("us", "UTC"),
    "media_type": pl.String,
    "last_checked_at": pl.Datetime("us", "UTC"),
    "bucket": pl.Int64,
}
LISTED = {"sync_id": pl.String, "platform": pl.String, "platform_post_id": pl.String}
SAID = {
    "platform": pl.String,
    "account_key": pl.String,
    "listing_id": pl.String,
    "said_at": pl.Datetime("us", "UTC"),
}


# A small account: its posts, readings of it at full hours, and what people say.


def post(name="p", **changes):
    """A reel of Instagram's ``ada``, known long before any reading."""
    row = {"platform": "instagram", "platform_post_id": name, "account_key": "ada"}
    row |= {"published_at": hours(-400), "first_seen_at": hours(-300), "media_type": "reel"}
    return row | {"last_checked_at": hours(-1), "bucket": 0} | changes


def reading(hour, *shown, **changes):
    """A complete listing that began at an hour and was known half an hour later."""
    row = dict.fromkeys(AccountListings.column_names())
    row |= {"platform": "instagram", "account_key": "ada", "depth": "full", "is_complete": True}
    row |= {"sync_id": f"sync{hour}", "outcome": "ok", "items": len(shown), "pages": 1, "calls": 1}
    row |= {"started_at": hours(hour), "finished_at": hours(hour), "run_id": "r"}
    known_at = hours(hour) + HALF_HOUR
    return row | {"known_at": known_at, "landed_on": known_at.date()} | changes | {"shown": shown}


def said(listing, hour):
    """A person confirms what a listing says."""
    row = {"platform": listing["platform"], "account_key": listing["account_key"]}
    return row | {"listing_id": listing["sync_id"], "said_at": hours(hour)}


def absences_after(posts, readings, confirmations=()):
    """The absences that readings prove, taken one after the other, and then people's words."""
    known = pl.DataFrame(posts, schema=POSTS).lazy()
    absences = PostAbsences.create_empty()
    for one in readings:
        absences = over(absences, after_one(absences, known, one))
    actual = pl.DataFrame(list(confirmations), schema=SAID).lazy()
    absences = over(absences, confirmed_by_people(absences.lazy(), actual).collect())
    emptied = emptied_by_people(absences.lazy(), actual, readings=frame_of(readings), posts=known)
    return over(absences, emptied.collect())


def after_one(absences, posts, one):
    """What a reading makes of the absences of its account."""
    readings = frame_of([one])
    listed = [
        {"sync_id": one["sync_id"], "platform": one["platform"], "platform_post_id": name}
        for name in one["shown"]
    ]
    lasting = absences.lazy().filter(pl.col("returned_at").is_null())
    return next_absences(
        lasting.join(readings, on=ACCOUNT, how="semi"),
        readings=readings,
        listed=pl.DataFrame(listed, schema=LISTED).lazy(),
        posts=posts.join(readings, on=ACCOUNT, how="semi"),
        share_limit=LIMIT,
        reaches=REACHES,
    ).collect()


def frame_of(readings):
    schema = dict(AccountListings.create_empty().schema)
    rows = [{name: row[name] for name in schema} for row in readings]
    told = {"reaches_back_to": pl.lit(None, pl.Datetime("us", "UTC"))}
    return pl.DataFrame(rows, schema=schema).lazy().with_columns(**told)


def over(old, new):
    """The absences with newer states in place of older ones."""
    key = PostAbsences.primary_key()
    assert not new.select(key).is_duplicated().any()
    return pl.concat([old.join(new, on=key, how="anti"), new.select(old.columns)])


def facts_by_post(absences):
    """The facts of every absence, by post and beginning."""
    rows = absences.sort(*POST, "missed_at").iter_rows(named=True)
    found = {}
    for row in rows:
        post_of_row = (row["platform"], row["platform_post_id"])
        found.setdefault(post_of_row, []).append({name: row[name] for name in FACTS})
    return found


def deleted(absences, as_of=None):
    gone = deleted_posts(absences.lazy(), as_of=as_of).collect().sort(POST)
    return dict(gone.select("platform_post_id", "deleted_at").iter_rows())


def deleted_after(*readings, posts=None, said=()):
    """Posts that are deleted after readings of an account that also has a few that live on."""
    posts = posts or [post(), *OTHERS]
    return deleted(absences_after(posts, readings, said))


OTHERS = [post(f"q{number}") for number in range(3)]
LIVING = [row["platform_post_id"] for row in OTHERS]


def lacking(hour, **changes):
    """A complete listing without ``p``."""
    return reading(hour, *LIVING, **changes)


def showing(hour, **changes):
    """A complete listing with ``p``."""
    return reading(hour, "p", *LIVING, **changes)


# Only a complete full listing of an OAuth account can delete, and a second one must confirm.


def test_a_post_that_two_complete_listings_lack_is_deleted_since_the_second_was_known():
    assert deleted_after(showing(1), lacking(2), lacking(3)) == {"p": hours(3) + HALF_HOUR}


def test_one_complete_listing_deletes_nothing():
    assert deleted_after(showing(1), lacking(2)) == {}


NO_WITNESS = [
    pytest.param({"depth": "quick"}, id="quick"),
    pytest.param({"depth": "posts"}, id="posts"),
    pytest.param({"is_complete": False, "outcome": "partial"}, id="partial"),
    pytest.param({"is_complete": False, "outcome": "rate_limited"}, id="throttled"),
    pytest.param({"is_complete": False, "outcome": "unavailable", "items": 0}, id="failed"),
]


@pytest.mark.parametrize("changes", NO_WITNESS)
def test_a_listing_that_is_not_complete_and_full_begins_nothing(changes):
    assert absences_after([post(), *OTHERS], [lacking(2, **changes)]).is_empty()


@pytest.mark.parametrize("changes", NO_WITNESS)
def test_a_listing_that_is_not_complete_and_full_confirms_nothing(changes):
    assert deleted_after(lacking(2), lacking(3, **changes)) == {}


def test_listings_between_two_complete_ones_do_not_stand_in_the_way():
    between = lacking(3, depth="quick")
    assert deleted_after(lacking(2), between, lacking(4)) == {"p": hours(4) + HALF_HOUR}


def test_an_account_is_judged_by_its_own_listings_only():
    foreign = {"account_key": "eve"}
    assert deleted_after(lacking(2, **foreign), lacking(3, **foreign)) == {}


def test_one_platform_is_judged_by_its_own_listings_only():
    foreign = {"platform": "tiktok"}
    assert deleted_after(lacking(2, **foreign), lacking(3, **foreign)) == {}


# Which posts a listing can miss: no story, within its reach, seen before.


def test_a_story_is_never_deleted():
    posts = [post(media_type="story"), *OTHERS]
    assert deleted_after(lacking(2), lacking(3), posts=posts) == {}


def test_a_post_of_unknown_kind_is_no_story():
    posts = [post(media_type=None), *OTHERS]
    assert deleted_after(lacking(2), lacking(3), posts=posts).keys() == {"p"}


@pytest.mark.parametrize(
    ("first_seen_at", "is_deleted"),
    [
        pytest.param(hours(2), True, id="when the listing began"),
        pytest.param(hours(2) + HALF_HOUR, False, id="while it was read"),
    ],
)
def test_a_post_counts_as_missing_if_it_was_first_seen(first_seen_at, is_deleted):
    posts = [post(first_seen_at=first_seen_at), *OTHERS]
    actual = deleted_after(lacking(2), lacking(3), posts=posts)
    # What the first listing could not miss, the second one begins to miss.
    assert bool(actual) == is_deleted


@pytest.mark.parametrize(
    ("items", "published_at", "is_deleted"),
    [
        pytest.param(9_999, hours(-999), True, id="of any age in a shorter listing"),
        pytest.param(9_999, None, True, id="of unknown age in a shorter listing"),
        pytest.param(10_000, hours(-999), False, id="older than all of 10000 listed"),
        pytest.param(10_000, hours(-400), True, id="as old as the oldest of 10000 listed"),
        pytest.param(10_000, None, False, id="of unknown age beside 10000 listed"),
    ],
)
def test_instagram_can_miss_a_post(items, published_at, is_deleted):
    posts = [post(published_at=published_at), *OTHERS]
    actual = deleted_after(lacking(2, items=items), lacking(3, items=items), posts=posts)
    assert bool(actual) == is_deleted


@pytest.mark.parametrize(
    ("published_at", "is_deleted"),
    [
        pytest.param(hours(3) - timedelta(days=365), True, id="of a year"),
        pytest.param(hours(1) - timedelta(days=365), False, id="of more than a year"),
        pytest.param(None, False, id="of unknown age"),
    ],
)
def test_tiktok_can_miss_a_post(published_at, is_deleted):
    tiktok = {"platform": "tiktok"}
    others = [row | tiktok for row in OTHERS]
    posts = [post(**tiktok, published_at=published_at), *others]
    actual = deleted_after(lacking(2, **tiktok), lacking(3, **tiktok), posts=posts)
    assert bool(actual) == is_deleted


# An empty listing never deletes by itself.


EMPTY = reading(3)


def test_empty_listings_delete_nothing():
    assert absences_after([post(), *OTHERS], [reading(2), EMPTY]).is_empty()


def test_an_empty_listing_confirms_nothing():
    assert deleted_after(lacking(2), EMPTY) == {}


def test_an_empty_listing_that_a_person_confirmed_deletes_every_post():
    actual = deleted_after(reading(2), EMPTY, said=[said(EMPTY, 9)])
    assert actual == dict.fromkeys(["p", *LIVING], hours(9))


def test_an_empty_listing_that_a_person_confirmed_deletes_a_post_that_was_missed_before():
    actual = deleted_after(lacking(2), EMPTY, said=[said(EMPTY, 9)])
    assert actual == dict.fromkeys(["p", *LIVING], hours(9))


def test_two_empty_listings_that_a_person_confirmed_at_once_make_one_deletion():
    other = reading(4)
    actual = absences_after([post()], [EMPTY, other], [said(other, 10), said(EMPTY, 9)])
    assert actual["confirmed_at"].to_list() == [hours(9)]


def test_an_empty_listing_that_a_person_confirmed_leaves_older_deletions_as_they_were():
    actual = deleted_after(lacking(1), lacking(2), EMPTY, said=[said(EMPTY, 9)])
    assert actual == {"p": hours(2) + HALF_HOUR} | dict.fromkeys(LIVING, hours(9))


def test_an_empty_listing_that_a_person_confirmed_deletes_nothing_seen_since():
    posts = [post(last_checked_at=hours(4)), *OTHERS]
    assert "p" not in deleted_after(EMPTY, posts=posts, said=[said(EMPTY, 9)])


def test_an_empty_listing_that_a_person_confirmed_deletes_no_story():
    posts = [post(media_type="story"), *OTHERS]
    assert "p" not in deleted_after(EMPTY, posts=posts, said=[said(EMPTY, 9)])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(reading(3, depth="quick"), id="quick"),
        pytest.param(reading(3, is_complete=False), id="partial"),
        pytest.param(reading(3, "p"), id="not empty"),
        pytest.param(reading(3, account_key="eve"), id="another account's"),
    ],
)
def test_a_person_confirms_nothing_by_a_listing_that_is(other):
    assert deleted_after(other, said=[said(other, 9)]) == {}


# A post that reappears is un-deleted, and the gap stays in history.

BACK = [
    pytest.param({}, id="in a full listing"),
    pytest.param({"depth": "quick"}, id="in a quick one"),
    pytest.param({"is_complete": False, "outcome": "partial"}, id="in a partial one"),
]


@pytest.mark.parametrize("changes", BACK)
def test_a_post_that_reappears_is_no_longer_deleted(changes):
    assert deleted_after(lacking(2), lacking(3), showing(5, **changes)) == {}


@pytest.mark.parametrize(
    ("moment", "is_deleted"),
    [
        pytest.param(hours(2) + HALF_HOUR, False, id="missed once"),
        pytest.param(hours(3), False, id="before the second listing was known"),
        pytest.param(hours(3) + HALF_HOUR, True, id="when it was known"),
        pytest.param(hours(5), True, id="before it was seen again"),
        pytest.param(hours(5) + HALF_HOUR, False, id="when it was seen again"),
    ],
)
def test_the_gap_of_a_post_that_reappeared_stays_in_history(moment, is_deleted):
    absences = absences_after([post(), *OTHERS], [lacking(2), lacking(3), showing(5)])
    assert bool(deleted(absences, moment)) == is_deleted


def test_a_doubt_is_gone_once_the_post_is_seen_again():
    assert deleted_after(lacking(2), showing(3, depth="quick"), lacking(4)) == {}


def test_a_second_deletion_is_a_second_absence():
    again = [lacking(2), lacking(3), showing(5), lacking(6), lacking(7)]
    absences = absences_after([post(), *OTHERS], again)
    confirmed = [absence["confirmed_at"] for absence in facts_by_post(absences)["instagram", "p"]]
    assert confirmed == [hours(3) + HALF_HOUR, hours(7) + HALF_HOUR]
    assert deleted(absences) == {"p": hours(7) + HALF_HOUR}


def test_a_post_that_stays_away_keeps_the_moment_of_its_deletion():
    assert deleted_after(*(lacking(hour) for hour in range(2, 7))) == {"p": hours(3) + HALF_HOUR}


# Too many at once wait for a person.

STORM = [reading(2, "q0"), reading(3, "q0")]
"""Of four posts three are missing, more than half."""


def test_a_listing_that_would_confirm_too_many_deletes_none():
    assert deleted_after(*STORM) == {}


def test_as_many_as_the_limit_are_not_too_many():
    calm = [reading(2, "q0", "q1"), reading(3, "q0", "q1")]
    assert deleted_after(*calm).keys() == {"p", "q2"}


def test_what_is_held_waits_for_a_person_however_often_it_is_missed():
    assert deleted_after(*STORM, reading(4, "q0"), reading(5, "q0")) == {}


def test_what_a_person_confirms_is_deleted_since_then():
    actual = deleted_after(*STORM, said=[said(STORM[1], 9)])
    assert actual == dict.fromkeys(["p", "q1", "q2"], hours(9))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(said(STORM[0], 9), id="another listing"),
        pytest.param(said(STORM[1], 9) | {"account_key": "eve"}, id="another account"),
    ],
)
def test_a_person_confirms_what_the_named_listing_holds_and_nothing_else(wrong):
    assert deleted_after(*STORM, said=[wrong]) == {}


def test_what_came_back_before_a_person_spoke_is_not_deleted():
    actual = deleted_after(*STORM, reading(4, "p", "q0"), said=[said(STORM[1], 9)])
    assert actual.keys() == {"q1", "q2"}


def test_what_came_back_after_a_person_spoke_was_deleted_meanwhile():
    readings = [*STORM, reading(12, "p", "q0")]
    absences = absences_after([post(), *OTHERS], readings, [said(STORM[1], 9)])
    assert deleted(absences, hours(11)).keys() == {"p", "q1", "q2"}
    assert deleted(absences).keys() == {"q1", "q2"}


def test_posts_that_are_gone_already_do_not_count_among_those_that_live():
    posts = [post(f"r{number}") for number in range(6)]
    first = [reading(2, "r0", "r1", "r2"), reading(3, "r0", "r1", "r2")]
    then = [reading(4, "r0"), reading(5, "r0")]
    assert deleted_after(*first, *then, posts=posts).keys() == {"r3", "r4", "r5"}


# The law: any history, against the oracle.


@st.composite
def histories(draw):
    """Posts of two accounts, readings of them in any state of health, and people's words."""
    posts, readings = [], []
    for platform, key in (("instagram", "ada"), ("tiktok", "bob")):
        where = {"platform": platform, "account_key": key}
        own = [
            post(
                f"{key}{number}",
                **where,
                published_at=draw(st.sampled_from([hours(-400), hours(-9_999), None])),
                first_seen_at=hours(draw(st.sampled_from([-300, -300, 3]))),
                media_type=draw(st.sampled_from(["reel", "reel", "reel", None, "story"])),
            )
            for number in range(draw(st.integers(1, 5)))
        ]
        posts += own
        ids = [row["platform_post_id"] for row in own]
        away = frozenset()
        for hour in range(draw(st.integers(1, 8))):
            if draw(st.integers(0, 2)) == 0:
                away = draw(st.frozensets(st.sampled_from(ids)))
            shown = [name for name in ids if name not in away]
            changes = draw(
                st.sampled_from(
                    [
                        *({},) * 6,
                        {"depth": "quick"},
                        {"is_complete": False},
                        {"items": 10_000},
                        {"shown": ()},
                    ]
                )
            )
            shown = changes.get("shown", shown)
            more = where | {"sync_id": f"{key}{hour}"}
            changes = {name: value for name, value in changes.items() if name != "shown"}
            readings.append(reading(hour, *shown, **more, **changes))
    words = draw(
        st.lists(
            st.builds(said, st.sampled_from(readings), st.just(20)),
            max_size=2,
            unique_by=lambda row: row["account_key"],
        )
    )
    return [last_seen(row, readings) for row in posts], readings, words


def last_seen(row, readings):
    """The post with the moment at which a reading last showed it."""
    seen = [one["started_at"] for one in readings if row["platform_post_id"] in one["shown"]]
    return row | {"last_checked_at": max(seen, default=row["last_checked_at"])}


@given(history=histories())
@example(history=([post(), *OTHERS], [lacking(1), EMPTY], [said(EMPTY, 20)]))
@example(history=([post(), *OTHERS], STORM, [said(STORM[1], 20)]))
def test_every_history_gives_the_absences_of_the_oracle(history):
    posts, readings, words = history
    expected = absences_of(posts, readings, words, share_limit=LIMIT)
    assert facts_by_post(absences_after(posts, readings, words)) == expected


@given(history=histories(), hour=st.integers(0, 24))
def test_every_history_says_what_the_oracle_says_was_deleted_at_a_moment(history, hour):
    posts, readings, words = history
    expected = absences_of(posts, readings, words, share_limit=LIMIT)
    absences = absences_after(posts, readings, words)
    assert deleted(absences, hours(hour)) == deleted_at_moment(expected, hours(hour))


@given(history=histories())
def test_absences_keep_their_contract(history):
    assert PostAbsences.is_valid(absences_after(*history))


@given(history=histories())
def test_a_post_has_one_absence_that_lasts_at_most(history):
    absences = absences_after(*history)
    lasting = absences.filter(pl.col("returned_at").is_null())
    assert not lasting.select(POST).is_duplicated().any()


def test_a_witness_is_a_complete_full_listing_that_lists_something():
    changes = [{}, {"depth": "quick"}, {"is_complete": False}, {"items": 0}]
    rows = frame_of(reading(number, "p", **row) for number, row in enumerate(changes))
    assert rows.select(is_witness()).collect().to_series().to_list() == [True, False, False, False]


# A listing may take several readings; the one that ends it stands for all of them.


def ending(hour, began, *shown, **changes):
    """The last part of a listing that began at an earlier hour; ``shown`` by all its parts."""
    changes = {"items": 1, "listing_items": len(shown)} | changes
    return reading(
        hour, *shown, listing_id=f"sync{began}", listing_began_at=hours(began), **changes
    )


def test_a_post_first_seen_after_a_listing_began_is_not_missed_by_its_end():
    posts = [post(first_seen_at=hours(2)), *OTHERS]
    parts = [ending(3, 1, *LIVING), ending(6, 4, *LIVING)]
    assert [row["missed_at"] for row in absences_after(posts, parts).to_dicts()] == [
        hours(6) + HALF_HOUR
    ]


def test_two_listings_of_several_readings_delete_what_both_lack():
    assert deleted_after(ending(3, 1, *LIVING), ending(6, 4, *LIVING)) == {
        "p": hours(6) + HALF_HOUR
    }


def test_a_listing_that_comes_to_its_end_twice_is_one_witness():
    assert deleted_after(ending(3, 1, *LIVING), ending(6, 1, *LIVING)) == {}


def test_a_last_part_without_posts_ends_a_listing_that_is_not_empty():
    assert deleted_after(ending(3, 1, *LIVING, items=0), ending(6, 4, *LIVING)) != {}


def test_only_the_end_of_a_listing_shows_what_its_other_parts_showed():
    first = reading(1, "p", is_complete=False, listing_id="sync1", listing_items=1)
    last = ending(3, 1, "p", *LIVING)
    single = reading(5, *LIVING)
    readings = frame_of([first, last, single])
    found = parts_of(readings, readings).sort("sync_id", "part_id").collect()
    assert found.rows() == [
        ("sync1", "sync1"),
        ("sync3", "sync1"),
        ("sync3", "sync3"),
        ("sync5", "sync5"),
    ]
