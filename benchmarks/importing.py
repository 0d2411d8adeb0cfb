"""Reading millions of captures out of an export: this code, a bare Polars read, an older checkout.

Belongs here: making the file, running each reader in a process of its own, the comparison.
Does not belong here: what a reader is made of (``importing_children``).

    python -m benchmarks.importing --rows 300000
    python -m benchmarks.importing --rows 3000000 --before ../old_checkout

The export is that of Apify's TikTok scraper, the widest of the formats. The older checkout reads
the same rows renamed by hand to our own format, because it reads no other.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.measure import Measured, measure

BLOCK: Final = 100_000
HERE: Final = {"PYTHONPATH": str(Path(__file__).parents[1])}
NAME: Final = "dataset_tiktok-scraper_2026-03-01_00-00-00-000.csv"
TAGS: Final = 12
"""Columns of hashtags, of which Apify writes four for each place of the longest list."""


def write_export(folder: Path, rows: int) -> tuple[Path, Path]:
    """An export of so many rows, and the same rows renamed by hand."""
    export, renamed = folder / NAME, folder / "renamed.csv"
    with export.open("w", encoding="utf-8-sig") as ours, renamed.open("w") as theirs:
        ours.write(",".join(f'"{name}"' for name in _header()) + "\n")
        theirs.write(
            "platform,account_key,post_key,captured_at,published_at,media_type,views,likes,"
            "comments,shares,saves,followers,permalink,caption\n"
        )
        for first in range(0, rows, BLOCK):
            numbers = range(first, min(first + BLOCK, rows))
            ours.write("".join(_export_line(number) for number in numbers))
            theirs.write("".join(_own_line(number) for number in numbers))
    return export, renamed


def _header() -> Iterator[str]:
    yield from ("authorMeta/avatar", "authorMeta/fans", "authorMeta/name", "collectCount")
    yield from ("commentCount", "createTime", "createTimeISO", "diggCount")
    for place in range(TAGS):
        yield from (f"hashtags/{place}/id", f"hashtags/{place}/name")
    yield from ("id", "isSlideshow", "playCount", "shareCount", "text", "webVideoUrl")


def _values(number: int) -> dict[str, str]:
    made = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number * 7)
    post, account = str((int(made.timestamp()) << 32) + number % 997), f"account{number % 5_000}"
    return {
        "post": post,
        "account": account,
        "made": f"{made:%Y-%m-%dT%H:%M:%S.000Z}",
        "seconds": str(int(made.timestamp())),
        "views": str(number * 7919 % 1_000_000),
        "likes": str(number * 31 % 50_000),
        "comments": str(number % 900),
        "shares": str(number % 400),
        "saves": str(number % 700),
        "followers": str(number % 90_000),
        "link": f"https://www.tiktok.com/@{account}/video/{post}",
        "text": f"A lamp that you can move, number {number} #lamp #desk",
    }


def _export_line(number: int) -> str:
    one = _values(number)
    tags = [
        word for place in range(TAGS) for word in ((str(place), "lamp") if place < 2 else ("", ""))
    ]
    values = (
        "https://example.test/a.jpg", one["followers"], one["account"], one["saves"],
        one["comments"], one["seconds"], one["made"], one["likes"], *tags, one["post"], "false",
        one["views"], one["shares"], one["text"], one["link"],
    )  # fmt: skip
    return ",".join(f'"{value}"' for value in values) + "\n"


def _own_line(number: int) -> str:
    one = _values(number)
    counts = (one[name] for name in ("views", "likes", "comments", "shares", "saves", "followers"))
    return (
        f"tiktok,{one['account']},{one['post']},2026-03-01T00:00:00Z,{one['made']},tiktok_video,"
        f'{",".join(counts)},{one["link"]},"{one["text"]}"\n'
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--before", type=Path, help="An older checkout, with its .venv.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        export, renamed = write_export(Path(folder), given.rows)
        size = export.stat().st_size / 2**20
        print(f"{given.rows:,} rows, {size:,.0f} MiB")
        child = [str(Path(__file__).with_name("importing_children.py"))]
        _say("bare Polars", given.rows, measure([*child, "bare", str(export)]))
        _say("this code, read", given.rows, measure([*child, "export", str(export)]))
        _say("this code, landed", given.rows, measure([*child, "landed", str(export)], env=HERE))
        if given.before:
            at = {"PYTHONPATH": str(given.before.absolute())}
            _say("before, read", given.rows, measure([*child, "own", str(renamed)], env=at))
            _say("before, landed", given.rows, measure([*child, "landed", str(renamed)], env=at))


def _say(name: str, rows: int, took: Measured) -> None:
    seconds, worked = map(float, took.output.split())
    sys.stdout.write(
        f"{name:18} {seconds:7.1f} s  {worked:7.1f} s of processors  "
        f"{rows / seconds:10,.0f} rows/s  {took.peak_mib:6.0f} MiB\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
