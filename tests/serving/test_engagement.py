"""Counts over time in the analysts' file: looks at posts, snapshots, and days of a project.

Belongs here: ``platform_post_checks``, ``post_engagement``, ``post_engagement_daily``, and the
plain-Python oracles that they are held to.
Does not belong here: generations and upkeep in general (``test_publication``), what a snapshot is
(``tests.transforms``).
"""

import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.serving import generations
from layers_pipeline.serving.database import Pinned
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores
from tests.hypothesis_profiles import examples
from tests.oracles.scores import exact
from tests.worlds.data_builders import (
    AS_OF,
    capture,
    captures,
    hours,
    import_rows,
    temporary_stores,
)
from transforms.contracts.columns import COUNTS, METRICS
from transforms.facts.snapshots import snapshots_of

SHOWN = ("views", "likes", "comments", "shares", "saves", "reach")
DAY = timedelta(days=1)
ACCOUNT = {"project_id": "brand", "platform": "tiktok"}


# --- a file over rows of the test's own


def look(at: datetime, post: str = "p", **changes) -> dict:
    """One capture at an instant, known at once by default."""
    moment = {"captured_at": at, "known_at": at}
    return capture(post) | moment | changes


def looks(*instants: str, **series: Sequence) -> list[dict]:
    """Captures of one post at instants in UTC, with the counts of each."""
    return [
        look(
            datetime.fromisoformat(f"{instant}Z"),
            **{name: values[place] for name, values in series.items()},
        )
        for place, instant in enumerate(instants)
    ]


def file_over(
    folder: Path,
    rows: Sequence[dict],
    *,
    zone: str = "UTC",
    absences: Sequence[dict] = (),
    kind: type[Pinned] = Pinned,
) -> Path:
    """A generation over captures and absences.

    Its one project allowed ``ada`` and owns ``bea``.
    """
    given = captures(rows).collect()
    filled = {
        "stg_sift__posts": given.with_columns(landing_id=pl.lit(""), scraped_on=pl.lit(None)),
        "platform_post_metrics": snapshots_of(given.lazy()).collect(),
        "platform_posts": given.unique(("platform", "platform_post_id")),
        "projects": pl.DataFrame({"project_id": ["brand"], "time_zone": [zone]}),
        "project_allowlist": pl.DataFrame([ACCOUNT | {"account_key": "ada"}]),
        "platform_accounts": pl.DataFrame([ACCOUNT | {"account_key": "bea"}]),
        "post_absences": pl.DataFrame(
            [{"platform": "tiktok", "platform_post_id": "p"} | one for one in absences]
        ),
    }
    pinned = [
        pin(table, folder, filled, kind=kind)
        for table in (*catalog.PUBLISHED, *catalog.STAGED_TABLES)
    ]
    return generations.publish(folder / "serve", pinned=pinned, at=AS_OF, kept=1).path


def pin(
    table: Table,
    folder: Path,
    filled: dict[str, pl.DataFrame],
    *,
    kind: type[Pinned],
) -> Pinned:
    """A table whose one file holds the rows given for it, columns that are missing null."""
    if table.name not in filled:
        return kind(table=table, version=-1, files=())
    path = folder / f"{table.name}.parquet"
    rows = pl.concat([table.empty(), filled[table.name]], how="diagonal_relaxed")
    rows.select(table.stored_columns).write_parquet(path)
    return kind(table=table, version=0, files=(str(path),))


def ask(path: Path, query: str) -> list[dict]:
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        connection.execute("set timezone = 'America/Caracas'")  # must not matter
        shown = connection.sql(query).pl()
    instants = pl.selectors.datetime()
    return shown.with_columns(instants.dt.convert_time_zone("UTC")).to_dicts()


def by_day(path: Path, *columns: str) -> list[tuple]:
    """Day and columns of every row of the project's daily series."""
    answer = ask(path, "from post_engagement_daily('brand')")
    return [(str(row["day_on"]), *(row[name] for name in columns)) for row in answer]


# --- the oracles, in plain Python


def distinct(rows: Iterable[dict]) -> list[dict]:
    """Looks at posts: of captures of one moment and source the first known, the larger values."""
    key = itemgetter("platform_post_id", "captured_at", "source")
    found = []
    for _, same in groupby(sorted(rows, key=key), key=key):
        claims = list(same)
        first = min(row["known_at"] for row in claims)
        stands = [row for row in claims if row["known_at"] == first]
        shown = {name: [row[name] for row in stands if row[name] is not None] for name in METRICS}
        found.append(
            stands[0]
            | {
                name: exact(values) if name in COUNTS else max(values, default=None)
                for name, values in shown.items()
            }
        )
    return found


def change(value: int | None, before: int | None) -> int | None:
    return None if value is None or before is None else value - before


def expected_by_snapshot(snapshots: Sequence[dict]) -> list[dict]:
    """One post over time: the snapshot before is the newest earlier one that showed the metric."""
    ordered = sorted(snapshots, key=itemgetter("captured_at", "source"))
    rows = []
    for place, row in enumerate(ordered):
        answer = {name: row[name] for name in ("captured_at", "source", *SHOWN)}
        for name in SHOWN:
            earlier = [old[name] for old in ordered[:place] if old[name] is not None]
            answer[f"{name}_change"] = change(row[name], earlier[-1] if earlier else None)
        rows.append(answer)
    return rows


def expected_by_day(rows: Iterable[dict], zone: str) -> list[dict]:
    """Every post of the rows by local day, from its first look to its last."""
    days: dict[str, dict[date, list[dict]]] = {}
    for row in sorted(distinct(rows), key=itemgetter("captured_at", "source")):
        local = row["captured_at"].astimezone(ZoneInfo(zone)).date()
        days.setdefault(row["platform_post_id"], {}).setdefault(local, []).append(row)
    answer = []
    for post, looked in sorted(days.items()):
        day = min(looked)
        while day <= max(looked):
            answer.append({"platform_post_id": post, "day_on": day} | day_of(looked, day))
            day += DAY
    return answer


def day_of(looked: dict[date, list[dict]], day: date) -> dict:
    answer = {"checks": len(looked.get(day, []))}
    for name in SHOWN:
        value, before = (last_shown(looked.get(one, []), name) for one in (day, day - DAY))
        answer |= {name: value, f"{name}_change": change(value, before)}
    return answer


def last_shown(rows: Iterable[dict], name: str) -> int | None:
    shown = [row[name] for row in rows if row[name] is not None]
    return shown[-1] if shown else None


# --- looks


def test_every_look_is_reported_repeats_included(tmp_path):
    rows = looks("2025-05-01T10:00", "2025-05-01T11:00", views=[5, 5], reach=[1, None])
    answer = ask(file_over(tmp_path, rows), "from platform_post_checks order by captured_at")
    assert [(row["views"], row["reach"]) for row in answer] == [(5, 1), (5, None)]
    assert list(answer[0]) == list(catalog.PLATFORM_POST_CHECKS.columns)


def test_looks_of_one_moment_and_source_are_one_as_in_the_history(tmp_path):
    at = datetime(2025, 5, 1, tzinfo=UTC)
    rows = [
        look(at, views=5, likes=1),
        look(at, views=4, likes=2),
        look(at, views=9, likes=9, comments=9, known_at=at + DAY),
    ]
    path = file_over(tmp_path, rows)
    query = "select known_at, views, likes, comments from {}"
    answer = ask(path, query.format("platform_post_checks"))
    assert answer == [{"known_at": at, "views": 5, "likes": 2, "comments": None}]
    assert ask(path, query.format("platform_post_metrics")) == answer


class Elsewhere(Pinned):
    """A table whose files are not reached through this machine's folders."""

    @property
    def is_local(self) -> bool:
        return False


def test_a_file_over_files_that_lie_elsewhere_holds_a_copy_of_the_looks(tmp_path):
    rows = looks("2025-05-01T10:00", "2025-05-02T10:00", views=[5, 5])
    path = file_over(tmp_path, rows, kind=Elsewhere)
    for file in tmp_path.glob("*.parquet"):
        file.unlink()
    assert by_day(path, "views_change") == [("2025-05-01", None), ("2025-05-02", 0)]
    answer = "select row_count from publication where table_name = 'stg_sift__posts'"
    assert ask(path, answer) == [{"row_count": 2}]


# --- by snapshot


def test_a_change_is_since_the_snapshot_before_that_showed_the_metric(tmp_path):
    rows = looks(
        "2025-05-01T10:00",
        "2025-05-01T11:00",
        "2025-05-01T12:00",
        views=[10, 15, 12],
        likes=[3, None, 7],
    )
    answer = ask(file_over(tmp_path, rows), "from post_engagement('p')")
    assert [row["views_change"] for row in answer] == [None, 5, -3]
    assert [row["likes"] for row in answer] == [3, None, 7]
    assert [row["likes_change"] for row in answer] == [None, None, 4]


@pytest.mark.parametrize("post", ["p", "tiktok:p", "brand/tiktok:p"])
def test_a_post_is_named_by_its_own_id_its_containers_or_its_ads_contents(tmp_path, post):
    rows = [*looks("2025-05-01T10:00", views=[1]), look(AS_OF, "q", views=2)]
    answer = ask(file_over(tmp_path, rows), f"from post_engagement('{post}')")
    assert [row["views"] for row in answer] == [1]


# --- by day


def test_a_day_shows_its_last_value_and_the_change_since_the_day_before(tmp_path):
    rows = looks(
        "2025-05-01T10:00",
        "2025-05-02T10:00",
        "2025-05-02T20:00",
        "2025-05-03T10:00",
        views=[10, 30, 25, 20],
    )
    assert by_day(file_over(tmp_path, rows), "views", "views_change", "checks") == [
        ("2025-05-01", 10, None, 1),
        ("2025-05-02", 25, 15, 2),
        ("2025-05-03", 20, -5, 1),
    ]


def test_a_day_without_a_look_is_null_and_so_is_the_change_of_the_day_after(tmp_path):
    rows = looks("2025-05-01T10:00", "2025-05-03T10:00", "2025-05-04T10:00", views=[10, 30, 31])
    assert by_day(file_over(tmp_path, rows), "views", "views_change", "checks") == [
        ("2025-05-01", 10, None, 1),
        ("2025-05-02", None, None, 0),
        ("2025-05-03", 30, None, 1),
        ("2025-05-04", 31, 1, 1),
    ]


def test_a_look_that_finds_the_same_is_a_change_of_zero(tmp_path):
    rows = looks("2025-05-01T10:00", "2025-05-02T10:00", views=[10, 10])
    path = file_over(tmp_path, rows)
    assert len(ask(path, "from post_engagement('p')")) == 1
    assert by_day(path, "views", "views_change")[1] == ("2025-05-02", 10, 0)


def test_a_metric_that_a_day_did_not_show_is_null_on_it_however_often_it_was_looked_at(tmp_path):
    rows = looks(
        "2025-05-01T10:00",
        "2025-05-02T10:00",
        "2025-05-03T10:00",
        views=[1, 2, 3],
        saves=[7, None, 9],
    )
    assert by_day(file_over(tmp_path, rows), "views_change", "saves", "saves_change") == [
        ("2025-05-01", None, 7, None),
        ("2025-05-02", 1, None, None),
        ("2025-05-03", 1, 9, None),
    ]


@pytest.mark.parametrize(
    ("zone", "instants", "days"),
    [
        pytest.param(
            "Europe/Berlin",
            ("2025-03-29T22:59", "2025-03-29T23:00", "2025-03-30T21:59", "2025-03-30T22:00"),
            ("2025-03-29", "2025-03-30", "2025-03-31"),
            id="the short day in Berlin",
        ),
        pytest.param(
            "America/New_York",
            ("2025-11-02T03:59", "2025-11-02T04:00", "2025-11-03T04:59", "2025-11-03T05:00"),
            ("2025-11-01", "2025-11-02", "2025-11-03"),
            id="the long day in New York",
        ),
        pytest.param(
            "Asia/Kolkata",
            ("2025-05-01T18:29", "2025-05-01T18:30", "2025-05-02T18:29", "2025-05-02T18:30"),
            ("2025-05-01", "2025-05-02", "2025-05-03"),
            id="half an hour off in Kolkata",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            ("2025-04-05T12:59", "2025-04-05T13:00", "2025-04-06T13:29", "2025-04-06T13:30"),
            ("2025-04-05", "2025-04-06", "2025-04-07"),
            id="clocks set back by half an hour on Lord Howe",
        ),
    ],
)
def test_days_are_the_projects_own(tmp_path, zone, instants, days):
    path = file_over(tmp_path, looks(*instants, views=[1, 2, 4, 8]), zone=zone)
    assert by_day(path, "views", "views_change", "checks") == [
        (days[0], 1, None, 1),
        (days[1], 4, 3, 2),
        (days[2], 8, 4, 1),
    ]


def test_a_project_sees_the_posts_of_accounts_that_it_owns_or_ever_allowed(tmp_path):
    rows = [look(AS_OF, key, views=1, account_key=key) for key in ("ada", "bea", "zoe")]
    path = file_over(tmp_path, rows)
    query = "select platform_post_id as post from post_engagement_daily('{}')"
    assert [row["post"] for row in ask(path, query.format("brand"))] == ["ada", "bea"]
    assert ask(path, query.format("nobody")) == []


# --- as known at a moment


ABSENCES = (
    {"missed_at": hours(0), "confirmed_at": hours(2), "returned_at": hours(5)},
    {"missed_at": hours(6), "confirmed_at": None, "returned_at": hours(7)},
    {"missed_at": hours(8), "confirmed_at": hours(9), "returned_at": None},
)


@pytest.mark.parametrize(
    ("at", "is_deleted"),
    [
        pytest.param(1, False, id="missed once"),
        pytest.param(2, True, id="confirmed"),
        pytest.param(4.9, True, id="before it returned"),
        pytest.param(5, False, id="returned"),
        pytest.param(6.5, False, id="missed again"),
        pytest.param(9, True, id="confirmed again"),
    ],
)
def test_a_post_is_deleted_as_of_a_moment_as_it_was_known_then(tmp_path, at, is_deleted):
    path = file_over(tmp_path, [look(hours(-1), views=3)], absences=ABSENCES)
    answer = ask(path, f"from posts_as_of('{hours(at).isoformat()}'::timestamptz)")
    assert [(row["is_deleted"], row["views"]) for row in answer] == [(is_deleted, 3)]


def test_posts_as_of_shows_every_metric(tmp_path):
    rows = [look(hours(-1), **dict.fromkeys(METRICS, 1))]
    (answer,) = ask(file_over(tmp_path, rows), f"from posts_as_of('{AS_OF}'::timestamptz)")
    assert {name: answer[name] for name in METRICS} == dict.fromkeys(METRICS, 1)


def test_posts_as_of_shows_what_a_post_was_said_to_be_then(tmp_path):
    first = {"media_type": "feed_video", "published_at": None, "permalink": None}
    later = {
        "media_type": "reel",
        "published_at": hours(-30),
        "permalink": "https://www.instagram.com/p/DJsj6pxV6v4/",
    }
    path = file_over(
        tmp_path, [look(hours(-2), views=1, **first), look(hours(2), views=2, **later)]
    )
    shown = "select media_type, published_at, permalink from posts_as_of('{}'::timestamptz)"
    assert ask(path, shown.format(hours(0))) == [first]
    assert ask(path, shown.format(hours(3))) == [later]


# --- whatever happens

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
CLOCKS_CHANGE = (
    datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 3, 30, 1, tzinfo=UTC),
    datetime(2025, 4, 5, 14, tzinfo=UTC),
    datetime(2025, 10, 26, 1, tzinfo=UTC),
    datetime(2025, 11, 2, 6, tzinfo=UTC),
)


@st.composite
def series(draw) -> list[dict]:
    """Looks at two posts around a change of clocks: gaps, repeats, falls, claims that differ."""
    middle = draw(st.sampled_from(CLOCKS_CHANGE))
    count = st.none() | st.integers(0, 4)
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(-240, 240).map(lambda quarters: timedelta(minutes=15 * quarters)),
                st.sampled_from(["p", "q"]),
                st.sampled_from(["sift", "import"]),
                st.sampled_from([timedelta(0), DAY]),
                st.fixed_dictionaries(dict.fromkeys(SHOWN, count)),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return [
        look(middle + off, post, source=source, known_at=middle + off + late, **counts)
        for off, post, source, late, counts in drawn
    ]


@examples(0.5)
@given(rows=series(), zone=st.sampled_from(ZONES))
def test_the_days_of_any_series_are_those_of_the_oracle(rows, zone):
    query = "select * exclude (platform) from post_engagement_daily('brand')"
    with tempfile.TemporaryDirectory() as folder:
        answer = ask(file_over(Path(folder), rows, zone=zone), query)
    assert answer == expected_by_day(rows, zone)


@examples(0.5)
@given(rows=series())
def test_the_snapshots_of_any_series_are_those_of_the_oracle(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = file_over(Path(folder), rows)
        answer = ask(
            path, "select * exclude (platform, platform_post_id) from post_engagement('p')"
        )
        stored = ask(path, "from platform_post_metrics where platform_post_id = 'p'")
    assert answer == expected_by_snapshot(stored)


@examples(0.5)
@given(rows=series(), off=st.integers(-60, 60))
def test_what_was_known_at_any_moment_is_the_last_known_value_of_each_metric(rows, off):
    as_of = rows[0]["captured_at"] + timedelta(hours=off)
    with tempfile.TemporaryDirectory() as folder:
        path = file_over(Path(folder), rows)
        answer = ask(path, f"from posts_as_of('{as_of}'::timestamptz) order by platform_post_id")
        stored = ask(path, "from platform_post_metrics order by captured_at, source")
    known = [row for row in stored if row["known_at"] <= as_of]
    posts = sorted({row["platform_post_id"] for row in known})
    of_post = {one: [row for row in known if row["platform_post_id"] == one] for one in posts}
    assert [(row["platform_post_id"], *(row[name] for name in SHOWN)) for row in answer] == [
        (post, *(last_shown(seen, name) for name in SHOWN)) for post, seen in of_post.items()
    ]
    for row, seen in zip(answer, of_post.values(), strict=True):
        for name in COUNTS:
            assert row[f"{name}_age_hours"] == pytest.approx(hours_stood(seen, name, as_of))


def hours_stood(rows: Sequence[dict], name: str, as_of: datetime) -> float | None:
    """Hours since the first capture of the run of equal values that the last one ends."""
    shown = [row for row in rows if row[name] is not None]
    if not shown:
        return None
    began = shown[-1]["captured_at"]
    for row in reversed(shown):
        if row[name] != shown[-1][name]:
            break
        began = row["captured_at"]
    return (as_of - began) / timedelta(hours=1)


# --- the real lake


def test_looks_that_the_lake_keeps_no_snapshot_of_are_reported(tmp_path):
    with temporary_stores() as stores:
        rows = [capture("p", at, views=10) for at in (-60, -36, -12)]
        import_rows(stores, tmp_path, rows)
        path = publish(stores).path
        assert len(ask(path, "from post_engagement('tiktok:p')")) == 1
        assert by_day(path, "views", "views_change") == [
            ("2025-05-12", 10, None),
            ("2025-05-13", 10, 0),
            ("2025-05-14", 10, 0),
        ]


def test_upkeep_leaves_files_that_the_looks_of_a_kept_generation_read(tmp_path):
    with temporary_stores() as stores:
        import_rows(stores, tmp_path, [capture("p", views=10)])
        first = publish(stores).path
        staged = catalog.STG_IMPORT__CAPTURES
        stores.lake.replace(staged, stores.lake.read(staged).collect().head(0), where={})
        age_tombstones(stores)
        maintain(stores)
        assert ask(first, "select views from platform_post_checks") == [{"views": 10}]
        named = "select lake_version from publication where table_name = 'stg_import__captures'"
        assert ask(first, named) == [{"lake_version": stores.lake.version(staged) - 1}]


def age_tombstones(stores: Stores) -> None:
    """Date back when files were taken out of tables, so that a vacuum may delete them."""
    for entry in Path(stores.settings.lake_location).glob("*/_delta_log/*.json"):
        actions = [json.loads(line) for line in entry.read_text().splitlines()]
        for removed in (action["remove"] for action in actions if "remove" in action):
            removed["deletionTimestamp"] = 0
        entry.write_text("".join(json.dumps(action) + "\n" for action in actions))
