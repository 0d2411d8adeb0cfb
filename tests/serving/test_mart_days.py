"""Marts divided by days: a publication makes anew what changed, and only that.

Belongs here: which days are made anew, that the rest stays right, parts and their end.
Does not belong here: what the marts say (``test_true_marts``), generations in general.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.serving import generations, mart_checks, mart_days
from layers_pipeline.serving.pinned import Pinned
from tests.hypothesis_profiles import examples
from tests.worlds.data_builders import AS_OF, capture, captures
from transforms.sql.models import models

DAILY = [model.name for model in models() if model.kind == "by_day"]
TRENDS = "post_metric_trends"
START = datetime(2025, 5, 1, 12, tzinfo=UTC)
OVER = START + timedelta(days=60)
"""When the month of all looks is over, so that upkeep rolls it into one file."""
ZONE = "Europe/Berlin"


def seen(day: int, *, post: str = "p", hour: int = 0, **changes) -> dict:
    """A look at a post some days after the start."""
    at = START + timedelta(days=day, hours=hour)
    about = {"captured_at": at, "known_at": at, "views": 10 * day, "published_at": START}
    return capture(post) | about | changes


class Shop:
    """Pinned files that change, and the generations made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self.zone = ZONE
        self.allowed = {"ada"}
        self._written = 0

    def add(self, *rows: dict) -> None:
        """One more file of captures."""
        staged = captures(rows).collect().with_columns(landing_id=pl.lit(""))
        self.files.append(self._write(catalog.STG_SIFT__POSTS, staged))

    def compact(self) -> None:
        """One file instead of all, with the same rows."""
        rows = pl.concat(pl.read_parquet(path) for path in self.files)
        self.files = [self._write(catalog.STG_SIFT__POSTS, rows)]

    def publish(
        self, *, kept: int = 2, at: datetime = AS_OF, rolls: bool = False
    ) -> generations.Generation:
        pinned = list(self._pins())
        serve = self.folder / "serve"
        return generations.publish(serve, pinned=pinned, at=at, kept=kept, rolls=rolls)

    def _pins(self) -> Iterator[Pinned]:
        rows = pl.concat(pl.read_parquet(path) for path in self.files)
        posts = rows.unique(("platform", "platform_post_id"), keep="last", maintain_order=True)
        filled = {
            "platform_posts": posts,
            "projects": pl.DataFrame({"project_id": ["brand"], "time_zone": [self.zone]}),
            "project_allowlist": pl.DataFrame(
                [
                    {"project_id": "brand", "platform": "tiktok", "account_key": account}
                    for account in sorted(self.allowed)
                ]
            ),
        }
        for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES):
            files = [self._write(table, filled[table.name])] if table.name in filled else []
            if table.name == "stg_sift__posts":
                files = self.files
            yield Pinned(table=table, version=0, files=tuple(map(str, files)))

    def _write(self, table: Table, rows: pl.DataFrame) -> Path:
        self._written += 1
        path = self.folder / f"{table.name}-{self._written}.parquet"
        whole = pl.concat([table.empty(), rows], how="diagonal_relaxed")
        whole.select(table.stored_columns).write_parquet(path)
        return path


@pytest.fixture
def shop(tmp_path) -> Shop:
    made = Shop(tmp_path)
    made.add(*(seen(day) for day in range(5)), *(seen(day, post="q") for day in range(5)))
    made.publish()
    return made


def days_of(generation: generations.Generation, name: str = TRENDS) -> list[int]:
    """The days that a publication made anew, counted from the start."""
    return [(day - START.date()).days for day in generation.marts[name].days]


def rows(path: Path, name: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(f"from {name} order by all").pl().rows()


def day_after_day(shop: Shop) -> Iterator[tuple[str, generations.Generation]]:
    """What a deployment meets, one publication after another."""
    shop.add(*(seen(day) for day in range(5)), *(seen(day, post="q") for day in range(5)))
    yield "begun", shop.publish(kept=20)
    yield "no news", shop.publish(kept=20)
    shop.add(seen(5), seen(5, post="q"))
    yield "a day", shop.publish(kept=20)
    shop.add(seen(2, hour=1, views=21))
    yield "late", shop.publish(kept=20)
    shop.compact()
    yield "compacted", shop.publish(kept=20)
    shop.add(seen(6, hour=11))
    yield "near midnight", shop.publish(kept=20)
    shop.add(seen(1, post="r", account_key="bob"), seen(2, post="r", account_key="bob"))
    yield "bob unlisted", shop.publish(kept=20)
    shop.allowed |= {"bob"}
    yield "bob listed", shop.publish(kept=20)
    shop.add(seen(9, hour=7))
    yield "in the evening", shop.publish(kept=20)
    shop.zone = "Asia/Kolkata"
    yield "of another zone", shop.publish(kept=20)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, generations.Generation]:
    return dict(day_after_day(Shop(tmp_path_factory.mktemp("days"))))


def test_without_news_nothing_is_made_anew(told):
    marts = told["no news"].marts
    assert {name: marts[name].days for name in DAILY} == dict.fromkeys(DAILY, ())
    assert len(rows(told["no news"].path, TRENDS)) == 10


@pytest.mark.parametrize(
    ("step", "days"),
    [
        pytest.param("begun", [0, 1, 2, 3, 4], id="at first every day is made"),
        pytest.param("a day", [5], id="captures of a day make that day anew"),
        pytest.param("late", [2, 3], id="a late one also the next day, whose change it is"),
        pytest.param("near midnight", [7], id="a day is the project's"),
        pytest.param("bob unlisted", [1, 2, 3], id="others' captures touch their days"),
        pytest.param("bob listed", [1, 2, 3], id="who is listed brings the days that are known"),
        pytest.param(
            "of another zone", [*range(6), 7, 10], id="another zone moves whatever there is"
        ),
    ],
)
def test_the_days_that_changed_are_made_anew(told, step, days):
    assert days_of(told[step]) == days


def test_a_day_that_holds_nothing_in_a_new_zone_is_gone(told):
    days = {
        zone: {(row[3] - START.date()).days for row in rows(told[zone].path, TRENDS)}
        for zone in ("in the evening", "of another zone")
    }
    assert days["in the evening"] - days["of another zone"] == {9}


def test_a_mart_of_utc_days_makes_those_anew(told):
    assert days_of(told["near midnight"], "metric_coverage_daily") == [6]


def test_a_compaction_changes_no_row(told):
    assert rows(told["compacted"].path, TRENDS) == rows(told["late"].path, TRENDS)


def test_who_is_listed_later_is_told_of_from_then_on(told):
    unlisted, listed = (
        len(rows(told[f"bob {word}"].path, TRENDS)) for word in ("unlisted", "listed")
    )
    assert listed == unlisted + 2


def test_an_old_generation_reads_its_own_parts_until_it_goes(shop):
    older = shop.publish()
    before = rows(older.path, TRENDS)
    shop.add(seen(4, hour=1, views=99))
    newer = shop.publish()
    assert rows(older.path, TRENDS) == before != rows(newer.path, TRENDS)
    shop.publish(kept=1)
    made = mart_days.load(shop.folder / "serve", 4)
    assert made is not None
    named = {file for days in made.parts.values() for files in days.values() for file in files}
    folder = shop.folder / "serve/marts"
    there = {path.relative_to(folder).as_posix() for path in folder.glob("*/*/*.parquet")}
    assert there == named


@pytest.mark.parametrize(
    "damage", ["no note", "half a note", "no part", "no captures", "other text"]
)
def test_what_cannot_be_gone_on_from_is_made_anew(shop, damage):
    folder = shop.folder / "serve/marts"
    note = folder / "000001.json"
    match damage:
        case "no note":
            note.unlink()
        case "half a note":
            note.write_text(note.read_text(encoding="utf-8")[:100], encoding="utf-8")
        case "no part":
            next(folder.glob("*/*/*.parquet")).unlink()
        case "no captures":
            shop.compact()
            next(shop.folder.glob("stg_sift__posts-*.parquet")).unlink()
        case _:
            text = note.read_text(encoding="utf-8")
            note.write_text(text.replace('"post_metric_trends": "', '"post_metric_trends": "x', 1))
    generation = shop.publish()
    assert days_of(generation) == [0, 1, 2, 3, 4]
    assert len(rows(generation.path, TRENDS)) == 10


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(shop) -> Iterator[Shop]:
    """A shop whose newest generation somebody holds open to write."""
    path = shop.folder / "serve/layers.duckdb"
    command = [sys.executable, "-c", HOLD, str(path.resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        yield shop
        holder.stdin.close()


@pytest.mark.process
def test_only_what_changed_is_made_anew_while_somebody_holds_the_file_open_to_write(held):
    held.add(seen(5))
    held.allowed = {"ada", "bob"}
    assert days_of(held.publish()) == [5]


@pytest.mark.process
def test_a_check_that_cannot_read_the_file_says_so(held):
    path = held.folder / "serve/layers.duckdb"
    found = mart_checks.findings(path, [(models()[0], ())], {})[models()[0].name]
    assert [finding.rule for finding in found] == mart_checks.rules_of(models()[0])
    assert all("lock" in finding.unread and not finding.breaches for finding in found)


def test_a_mart_without_rows_has_its_columns(tmp_path):
    shop = Shop(tmp_path)
    shop.add(seen(1, account_key="nobody"))
    assert rows(shop.publish().path, TRENDS) == []


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"),
            st.lists(
                st.tuples(
                    st.integers(0, 6), st.sampled_from("pqr"), st.sampled_from([0, 7, 10, 11, 13])
                ),
                min_size=1,
                max_size=4,
            ),
        ),
        st.tuples(st.just("compact"), st.none()),
        st.tuples(st.just("allow"), st.sampled_from(["ada", "bob"])),
        st.tuples(st.just("zone"), st.sampled_from([ZONE, "Asia/Kolkata"])),
        st.tuples(st.just("move"), st.sampled_from("pq")),
    ),
    min_size=1,
    max_size=4,
)


@contextmanager
def emptied(shop: Shop) -> Iterator[Shop]:
    """A shop of the same files that has published nothing."""
    with TemporaryDirectory() as folder:
        other = Shop(Path(folder))
        other.files, other.zone, other.allowed = shop.files, shop.zone, shop.allowed
        yield other


def take(shop: Shop, step: Sequence) -> None:
    match step:
        case ("add", looks):
            shop.add(*(_look(*look) for look in looks))
        case ("compact", _):
            shop.compact()
        case ("allow", account):
            shop.allowed ^= {account}
        case ("zone", zone):
            shop.zone = zone
        case ("move", post):
            shop.add(seen(6, post=post, account_key="bob", hour=2))


def _look(day: int, post: str, hour: int) -> dict:
    return seen(day, post=post, hour=hour, account_key="bob" if post == "r" else "ada")


@examples(0.1)
@given(STEPS, st.sets(st.integers(0, 4)))
def test_days_made_one_by_one_are_those_made_at_once(steps, upkeeps):
    with TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.add(seen(0), seen(1), seen(3), seen(3, post="r", account_key="bob"))
        shop.publish(at=OVER, rolls=0 in upkeeps)
        for number, step in enumerate(steps, start=1):
            take(shop, step)
            shop.publish(at=OVER, rolls=number in upkeeps)
        with emptied(shop) as fresh:
            actual, expected = shop.publish().path, fresh.publish().path
            assert {name: rows(actual, name) for name in DAILY} == {
                name: rows(expected, name) for name in DAILY
            }


@pytest.mark.parametrize(
    ("days", "gap", "expected"),
    [
        ([1, 2, 3], 1, [(1, 3)]),
        ([1, 3], 1, [(1, 1), (3, 3)]),
        ([1, 3], 2, [(1, 3)]),
        ([], 1, []),
    ],
)
def test_days_are_read_in_ranges(days, gap, expected):
    def of(number: int) -> date:
        return START.date() + timedelta(days=number)

    found = mart_days.ranges([of(day) for day in days], gap=gap)
    assert found == [(of(first), of(last)) for first, last in expected]


def test_a_range_is_no_longer_than_what_is_made_at_once():
    days = [START.date() + timedelta(days=number) for number in range(250)]
    found = mart_days.ranges(days, gap=1)
    assert [(last - first).days + 1 for first, last in found] == [100, 100, 50]
