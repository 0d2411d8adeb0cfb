"""Small inputs that once came in wrong, each standing for its kind.

Belongs here: what each is to give, or why it is refused.
Does not belong here: whole exports (``test_exports``, ``test_ad_exports``).
"""

from datetime import UTC, date, datetime

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ads import AdReading, read_ad_file
from layers_pipeline.files.captures import read_capture_file
from tests.files.samples import csv

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HEADER = "platform,account_key,post_key,captured_at"
AT = "2025-05-14T09:00:00Z"


@pytest.fixture
def captures(tmp_path):
    def read(*lines, **options):
        path = tmp_path / "x.csv"
        path.write_bytes(csv(*lines))
        return read_capture_file(path, time_zone=None, now=NOW, run_id="r", **options)

    return read


@pytest.fixture
def spent(tmp_path):
    def read(*lines):
        path = tmp_path / "x.csv"
        path.write_bytes(csv(*lines))
        day = AdReading(
            ad_platform="tiktok",
            spent_on=date(2025, 8, 13),
            is_history=False,
            read_at=NOW,
            run_id="r",
        )
        file = read_ad_file(path, day)
        return file.sound["spend_cents"].to_list(), len(file.notes), file.rows_set_aside.height

    return read


def test_a_hidden_count_is_null_and_costs_nothing_else(captures):
    lines = [f"instagram,oak,D{at}AAAAAAAAA,{AT},900,{likes}" for at, likes in ((1, -1), (2, 12))]
    found = captures(f"{HEADER},views,likes", *lines)
    assert found.sound.select("views", "likes").rows() == [(900, None), (900, 12)]


def test_a_zero_beside_likes_was_not_shown(captures):
    lines = [f"tiktok,oak,1,{AT},0,990", f"tiktok,oak,2,{AT},0,0", f"tiktok,oak,3,{AT},0,"]
    found = captures(f"{HEADER},views,likes", *lines)
    assert found.sound["views"].to_list() == [None, 0, 0]
    assert found.odd_values["broken_rules"].to_list() == ["views|not_shown"]


def test_what_cannot_be_read_of_a_post_does_not_lose_its_capture(captures):
    found = captures(
        f"{HEADER},published_at,media_type,views",
        f"instagram,oak,DJsj6pxV6v4,{AT},03/25/2025 22:00,IG reel,900",
        f'instagram,oak,DJsj6pxV6v5,{AT},"July 16",Sidecar,700',
        f"instagram,oak,17890000000000001,{AT},soon,hologram,500",
    )
    assert found.sound["media_type"].to_list() == ["reel", "feed_carousel", None]
    made = [value and value.date() for value in found.sound["published_at"]]
    assert made == [date(2025, 5, 16), date(2025, 5, 16), None]
    assert sorted(found.odd_values["broken_rules"]) == [
        "media_type|unknown_media_type",
        *["published_at|unreadable_time"] * 3,
    ]


ROUNDED = [7527622999746700000, 7527622999746710000, 7527622999746720000]


def test_ids_whose_last_digits_are_zeros_are_refused(captures):
    with pytest.raises(InputRefusedError, match="digits cannot be recovered"):
        captures(HEADER, *(f"tiktok,a,{post},{AT}" for post in ROUNDED))


def test_one_id_among_many_may_end_in_zeros(captures):
    posts = [ROUNDED[0], *(7527622999746704844 + at for at in range(3))]
    assert captures(HEADER, *(f"tiktok,a,{post},{AT}" for post in posts)).sound.height == 4


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_read(captures, separator):
    lines = [line.replace(",", separator) for line in (HEADER, f"tiktok,oak,75,{AT}")]
    assert captures(*lines).sound["platform_post_id"].to_list() == ["75"]


def test_rows_of_totals_are_no_ads(spent):
    rows = ["1843000000000000001,1486.31", "1843000000000000002,9.80"]
    totals = ["-,1496.11", "Total of 2 results,1496.11"]
    assert spent("ad_id,spend", *rows, *totals) == ([148_631, 980], 2, 0)


def test_a_row_that_lacks_its_ad_is_no_total(spent):
    rows = ["1843000000000000001,1486.31", ",9.80"]
    assert spent("ad_id,spend", *rows) == ([148_631], 0, 1)


def test_thousands_in_money_are_read(spent):
    rows = ['1843000000000000001,"1,486.31"', "1843000000000000002,9.80"]
    assert spent("ad_id,spend", *rows) == ([148_631, 980], 0, 0)


@pytest.mark.parametrize("hours", [9, -7])
def test_an_offset_that_most_publications_share_is_named(captures, hours):
    ids = [(second << 32) + 7 for second in (1_755_470_710, 1_755_000_000, 1_754_000_000)]
    rows = [
        f"tiktok,oak,{post},2026-01-01T00:00:00Z,"
        f"{datetime.fromtimestamp((post >> 32) + hours * 3600, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
        for post in ids
    ]
    (finding,) = captures(f"{HEADER},published_at", *rows).findings
    words = "9 h after" if hours > 0 else "7 h before"
    assert words in finding
    assert "3 of 3: is --timezone right?" in finding
