import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import SHARED
from transforms.facts.post_ids import aliases_of, created_at_of_id, publication_findings

RECORDED = SHARED / "fixtures/instagram/sns-sdks__python-facebook/instagram"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INSTAGRAM_BEGINS = datetime(2011, 8, 24, 21, 7, 1, 721_000, tzinfo=UTC)
AT = datetime(2025, 5, 1, 12, tzinfo=UTC)

needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason=f"{RECORDED} is absent: set LAYERS_SHARED to the folder of shared data",
)


def posts(*rows):
    keys = ("platform", "platform_post_id", "permalink", "published_at")
    schema = dict.fromkeys(keys, pl.String) | {"published_at": pl.Datetime("us", "UTC")}
    return pl.LazyFrame([dict.fromkeys(keys) | row for row in rows], schema=schema)


def created_at(**row):
    return posts(row).select(created_at_of_id()).collect().item()


def tiktok_id(at, low=0):
    return str((int(at.timestamp()) << 32) | low)


def shortcode(number):
    return shortcode(number >> 6) + DIGITS[number & 63] if number else ""


def permalink(at, low=0, *, place="p"):
    number = (round((at - INSTAGRAM_BEGINS) / timedelta(milliseconds=1)) << 23) | low
    return f"https://www.instagram.com/{place}/{shortcode(number)}/"


def moments(first, *, per_s=1):
    """Moments from the year's begin to 2037, to the second or finer."""
    begin, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first, 2037))
    ticks = st.integers(begin * per_s, end * per_s)
    return ticks.map(
        lambda tick: datetime.fromtimestamp(0, UTC) + timedelta(seconds=1) / per_s * tick
    )


@given(at=moments(2017), low=st.integers(0, 2**32 - 1))
def test_a_tiktok_id_shows_its_second(at, low):
    assert created_at(platform="tiktok", platform_post_id=tiktok_id(at, low)) == at


@given(
    at=moments(2012, per_s=1000),
    low=st.integers(0, 2**23 - 1),
    place=st.sampled_from(["p", "reel", "reels", "tv", "someone/reel"]),
)
def test_a_shortcode_shows_its_millisecond(at, low, place):
    assert created_at(platform="instagram", permalink=permalink(at, low, place=place)) == at


def test_what_follows_the_eleventh_digit_of_a_shortcode_is_no_part_of_the_id():
    private = permalink(AT).removesuffix("/") + "xqzJ-0rTnYb_8kFwUQeVhA0sMdLp/"
    assert created_at(platform="instagram", permalink=private) == AT


def test_the_address_of_a_story_ends_in_the_id():
    url = "https://instagram.com/stories/someone/2421224614649404224"
    made_at = created_at(platform="instagram", permalink=url)
    assert made_at.replace(microsecond=0) == datetime(2020, 10, 16, 12, 48, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "row",
    [
        {"platform": "tiktok", "platform_post_id": "75"},
        {"platform": "tiktok", "platform_post_id": "7500000000000000000000"},
        {"platform": "tiktok", "platform_post_id": "99999999999999999999"},
        {"platform": "tiktok", "platform_post_id": "v7109065174526479622"},
        {"platform": "tiktok"},
        {"platform": "instagram", "permalink": "https://www.instagram.com/p/abc/"},
        {"platform": "instagram", "permalink": "https://www.instagram.com/p/___________/"},
        {"platform": "instagram", "permalink": "https://www.instagram.com/p/wRyZpmrjYC4/"},
        {"platform": "instagram", "permalink": "https://www.instagram.com/someone/"},
        {"platform": "instagram", "platform_post_id": "7109065174526479622"},
        {"platform": "youtube", "platform_post_id": "7109065174526479622"},
    ],
)
def test_what_is_no_such_id_shows_nothing(row):
    assert created_at(**row) is None


@pytest.mark.parametrize(
    ("late", "found"),
    [
        (timedelta(), []),
        (timedelta(minutes=10), []),
        (timedelta(minutes=-10), []),
        (timedelta(minutes=10, seconds=1), [601.0]),
        (timedelta(minutes=-11), [-660.0]),
        (timedelta(days=3), [259_200.0]),
    ],
)
def test_a_difference_of_more_than_ten_minutes_is_a_finding(late, found):
    rows = [
        {"platform": "tiktok", "platform_post_id": tiktok_id(AT), "published_at": AT + late},
        {"platform": "instagram", "permalink": permalink(AT), "published_at": AT + late},
    ]
    findings = publication_findings(posts(*rows)).collect()
    assert findings["difference_s"].to_list() == found * 2


def test_a_finding_says_which_post_and_both_times():
    row = {"platform": "tiktok", "platform_post_id": tiktok_id(AT)}
    late = AT + timedelta(hours=1)
    assert publication_findings(posts(row | {"published_at": late})).collect().to_dicts() == [
        row | {"published_at": late, "created_at_of_id": AT, "difference_s": 3600.0}
    ]


def test_an_unknown_publication_and_an_id_that_shows_nothing_are_no_findings():
    rows = [
        {"platform": "tiktok", "platform_post_id": tiktok_id(AT)},
        {"platform": "tiktok", "platform_post_id": "75", "published_at": AT},
    ]
    assert publication_findings(posts(*rows)).collect().is_empty()


def recorded(found):
    """Every object with an address and a time, at any depth."""
    if isinstance(found, dict):
        if isinstance(found.get("permalink"), str) and "timestamp" in found:
            yield found
        found = list(found.values())
    if isinstance(found, list):
        for part in found:
            yield from recorded(part)


@needs_recorded
def test_recorded_posts_were_published_within_seconds_of_what_their_ids_show():
    bodies = [json.loads(path.read_text()) for path in sorted(RECORDED.rglob("*.json"))]
    rows = {
        row["permalink"]: {
            "platform": "instagram",
            "platform_post_id": row["id"],
            "permalink": row["permalink"],
            "published_at": datetime.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%S%z"),
        }
        for row in recorded(bodies)
    }
    actual = posts(*rows.values()).with_columns(made_at=created_at_of_id()).collect()
    apart = (actual["published_at"] - actual["made_at"]).drop_nulls()
    assert len(apart) >= 4
    assert apart.dt.total_seconds().abs().max() <= 600
    assert publication_findings(posts(*rows.values())).collect().is_empty()


CODES = ("DJsj6pxV6v4", "DAAAAAAAAAB")
SHOWN = st.sampled_from(
    [(code, None) for code in CODES]
    + [
        (f"1789000000000{n}", f"https://www.instagram.com/p/{code}/")
        for n, code in enumerate(CODES)
    ]
    + [("17890000000009", f"https://www.instagram.com/reel/{CODES[0]}/"), ("17890000000008", None)]
)
HOURS = st.integers(0, 3)


def stands_for(rows: list[dict]) -> dict[str, str]:
    """By id, the id that stands for it, if that is another: looked for post by post."""
    codes: dict[str, str] = {}
    firsts: dict[str, tuple] = {}
    for row in rows:
        name = row["platform_post_id"]
        code = name if name in CODES else (row["permalink"] or "").rstrip("/").rpartition("/")[2]
        if code:
            codes[name] = min(code, codes.get(name, code))
        first = (row["known_at"], row["captured_at"])
        known, captured = firsts.get(name, first)
        firsts[name] = (min(known, first[0]), min(captured, first[1]))
    found = {}
    for name, code in codes.items():
        same = [other for other, other_code in codes.items() if other_code == code]
        newest = min(same, key=lambda other: (*firsts[other], other))
        if newest != name:
            found[name] = newest
    return found


@given(st.lists(st.tuples(SHOWN, HOURS, HOURS), min_size=1, max_size=8), st.randoms())
def test_the_id_that_was_known_first_stands_for_a_post_in_any_order(shown, order):
    rows = [
        {
            "platform": "instagram",
            "platform_post_id": name,
            "permalink": address,
            "captured_at": captured,
            "known_at": known,
        }
        for (name, address), captured, known in shown
    ]
    wanted = stands_for(rows)
    order.shuffle(rows)
    schema = {"platform": pl.String, "platform_post_id": pl.String, "permalink": pl.String}
    frame = pl.DataFrame(rows, schema=schema | {"captured_at": pl.Int64, "known_at": pl.Int64})
    found = aliases_of(frame.lazy()).select("platform_post_id", "same_as").collect()
    assert dict(found.rows()) == wanted
    assert set(wanted).isdisjoint(wanted.values())
