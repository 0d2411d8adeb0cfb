"""Ticks scored in any order give what one forward run gives, byte for byte.

Belongs here: the law over ranges, repeats, two runs at once and killed runs; what a run says of
later ticks, and what is published of them.
Does not belong here: what a tick sees of history (``test_backfill``), what the right score is.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.score.settling import Settled, settle, unsettled_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores
from tests.hypothesis_profiles import examples
from tests.steps.derive.history_world import killed_after
from tests.worlds.data_builders import (
    allow,
    at,
    capture,
    hours,
    land,
    land_reading,
    later,
    make_stores,
    remove,
    rows_of,
)
from transforms.scoring.rules import RULES
from transforms.scoring.ticks import tick_text

TICKS = [hours(4 * number) for number in range(1, 9)]
END = hours(50)
EVES = ("i0", "i1", "i2")
COMPARED = (*WRITTEN, catalog.ADS_CONTENT, catalog.AD_ELIGIBILITY_CURRENT)
VERSIONS = (
    InForce(active=RULES["2"]),
    InForce(active=RULES["2"], shadows=(RULES["1"],)),
    InForce(active=RULES["1"], shadows=(RULES["2"],)),
)
moments = st.floats(-3, 33).map(lambda hour: hours(round(hour, 2)))


@dataclass(frozen=True)
class Shown:
    """A capture of a post of TikTok lands, perhaps long after it was made."""

    at: datetime
    post: str
    late_h: float
    views: int | None

    def happen(self, stores: Stores, name: str) -> None:
        made = hours(-self.late_h, after=self.at)
        owner = {"p0": "ada", "p1": "ada", "p2": "bob", "p3": "dan", "p4": "dan"}[self.post]
        counts = {"views": self.views, "likes": 7 + int(self.post[1])}
        land(stores, [capture(self.post, captured_at=made, account_key=owner, **counts)], job=name)


@dataclass(frozen=True)
class Listed:
    """Eve's account is read in full; what it does not show may be deleted, or come back."""

    at: datetime
    posts: tuple[str, ...]

    def happen(self, stores: Stores, name: str) -> None:
        counts = {"views": 200, "likes": 20, "shares": None}
        known = {"captured_at": self.at, "platform": "instagram", "account_key": "eve"}
        rows = [
            capture(post) | known | counts | {"views": 90 + int(post[1])} for post in self.posts
        ]
        land_reading(stores, name, rows, account="eve")


@dataclass(frozen=True)
class Reviewed:
    at: datetime
    post: str
    failed: bool

    def happen(self, stores: Stores, name: str) -> None:
        stores.operations.verdicts.review(
            self.post, safety_failed=self.failed, reviewed_by=name, now=self.at
        )


@dataclass(frozen=True)
class Decided:
    at: datetime
    post: str
    word: str | None

    def happen(self, stores: Stores, name: str) -> None:
        stores.operations.verdicts.override(
            f"brand/{self.post}", self.word, note=name, changed_by="c", now=self.at
        )


@dataclass(frozen=True)
class Left:
    """A creator leaves a project's allowlist."""

    at: datetime
    project: str
    account: str

    def happen(self, stores: Stores, name: str) -> None:
        del name
        if any(
            row.account_id == self.account and row.project_id == self.project and not row.allowed_to
            for row in stores.operations.allowlist.all()
        ):
            stores.operations.allowlist.disallow(self.project, [self.account], now=self.at)


BRANDS = st.sampled_from(("tiktok:p0", "tiktok:p1", "instagram:i0", "instagram:i1"))
events = st.one_of(
    st.builds(
        Shown,
        at=moments,
        post=st.sampled_from(("p0", "p1", "p2", "p3", "p4")),
        late_h=st.sampled_from((0.1, 5.0, 30.0)),
        views=st.sampled_from((None, 20, 60, 300, 4000)),
    ),
    st.builds(Listed, at=moments, posts=st.sets(st.sampled_from(EVES)).map(sorted).map(tuple)),
    st.builds(Listed, at=moments, posts=st.just(EVES[:2])),
    st.builds(Reviewed, at=moments, post=BRANDS, failed=st.booleans()),
    st.builds(Decided, at=moments, post=BRANDS, word=st.sampled_from(("include", "exclude", None))),
    st.builds(
        Left,
        at=moments,
        project=st.sampled_from(("brand", "other")),
        account=st.sampled_from(("tiktok:ada", "tiktok:bob")),
    ),
)
histories = st.lists(events, min_size=6, max_size=16).map(
    lambda found: sorted(found, key=lambda event: event.at)
)


@dataclass(frozen=True)
class Run:
    """Some ticks are scored by one run, or by two at once; the run may be killed."""

    ticks: tuple[datetime, ...]
    beside: tuple[datetime, ...] = ()
    """Ticks that another run scores at the same time."""
    kept: int | None = None
    """Commits after which the run is killed; null if it lives."""

    def happen(self, stores: Stores, versions: InForce) -> None:
        def work(ticks: Sequence[datetime]) -> None:
            list(score_ticks(stores, ticks, in_force=versions))

        if self.kept is not None:
            killed_after(self.kept, lambda: work(self.ticks), stores, tables=WRITTEN)
        elif self.beside:
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(work, (self.ticks, self.beside)))
        else:
            work(self.ticks)


some_ticks = st.sets(st.sampled_from(TICKS), min_size=1).map(sorted).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> list[Run]:
    """Every tick in some range, the ranges in any order, with repeats and accidents before."""
    order = draw(st.permutations(range(len(TICKS))))
    cuts = sorted(draw(st.sets(st.integers(1, len(TICKS) - 1), min_size=1, max_size=3)))
    bounds = [0, *cuts, len(TICKS)]
    is_shuffled = draw(st.booleans())
    places = order if is_shuffled else range(len(TICKS))
    ranges = [
        tuple(sorted(TICKS[place] for place in places[start:stop]))
        for start, stop in pairwise(bounds)
    ]
    whole = [Run(ticks) for ticks in draw(st.permutations(ranges))]
    accidents = st.one_of(
        st.builds(Run, some_ticks),
        st.builds(Run, some_ticks, beside=some_ticks),
        st.builds(Run, some_ticks, kept=st.integers(0, 4)),
    )
    for accident in draw(st.lists(accidents, max_size=2)):
        whole.insert(draw(st.integers(0, len(whole) - 1)), accident)
        if accident.kept is not None:
            whole.append(Run(accident.ticks))
    return whole


def lived_through(
    home: Path, history: Sequence[Shown | Listed | Reviewed | Decided | Left]
) -> None:
    """A deployment in which a history has happened, and nothing was scored."""
    stores = make_stores(home, now=hours(-10))
    allow(stores, "ada")
    allow(stores, "bob", "dan", project="other")
    add_eve(stores)
    for number, event in enumerate(BEGINNING + list(history)):
        event.happen(later(stores, event.at), f"event{number}")
    bring_up_to_date(later(stores, END))
    stores.operations.close()


def add_eve(stores: Stores) -> None:
    """An Instagram account whose posts are in brand's pool."""
    account = NewAccount(platform="instagram", account_key="eve", connection="external")
    stores.operations.accounts.add([account], now=hours(-9999))
    creator = NewCreator(creator_id="eve", display_name="", account_ids=("instagram:eve",))
    stores.operations.allowlist.allow("brand", [creator], allowed_from=hours(-9999))


BEGINNING = [
    Listed(hours(-9), EVES),
    Shown(hours(-8), "p0", 0.1, 500),
    Shown(hours(-7), "p2", 0.1, 80),
    Shown(hours(-7), "p3", 0.1, 90),
    Shown(hours(-6), "p4", 0.1, 30),
]


@contextmanager
def copy_of(home: Path) -> Iterator[Stores]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(home, folder, dirs_exist_ok=True)
        stores = at(make_stores(Path(folder)), END)
        yield stores
        stores.operations.close()


def outcome(stores: Stores) -> dict[str, bytes]:
    """The tables that follow from scoring, byte for byte."""
    copy_current_eligibility(stores)
    bring_up_to_date(stores)
    return {table.name: rows_of(stores, table).write_ndjson().encode() for table in COMPARED}


@examples(0.2)
@given(history=histories, plan=plans(), versions=st.sampled_from(VERSIONS), first=some_ticks)
def test_ticks_scored_in_any_order_give_what_one_forward_run_gives(history, plan, versions, first):
    other = InForce(active=RULES["1"])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lived_through(home, history)
        with copy_of(home) as stores:
            list(score_ticks(stores, first, in_force=other))
            list(score_ticks(stores, TICKS, in_force=versions))
            forward = outcome(stores)
            judged = rows_of(stores, catalog.AD_ELIGIBILITY)
            note(f"{judged.filter(pl.col('score_of') < pl.col('scored_at')).height} rows carried")
        with copy_of(home) as stores:
            list(score_ticks(stores, first, in_force=other))
            for run in plan:
                run.happen(stores, versions)
            assert unsettled_ticks(stores.lake) == []
            assert outcome(stores) == forward


GONE = EVES[:2]
SHRINKS = [Left(hours(5), "brand", "tiktok:ada"), *(Listed(hours(at), GONE) for at in (6, 7))]
"""Two of brand's four posts are gone from the second tick on: its pool is too small then."""


@pytest.fixture
def shrunk(tmp_path):
    lived_through(tmp_path, SHRINKS)
    stores = at(make_stores(tmp_path), END)
    yield stores
    stores.operations.close()


def scored(stores: Stores, *places: int) -> Settled:
    """Score some ticks in one run; gives what was judged again at its end."""
    found: list[Settled] = []
    list(score_ticks(stores, [TICKS[place] for place in places], on_settled=found.append))
    return found[0]


def reasons(stores: Stores, place: int) -> dict[str, str]:
    """Why brand's posts are eligible or not at a tick, by post."""
    judged = rows_of(stores, catalog.AD_ELIGIBILITY).filter(
        pl.col("scored_at") == TICKS[place], pl.col("project_id") == "brand"
    )
    return dict(judged.sort("platform_post_id").select("platform_post_id", "reason").iter_rows())


def test_a_run_says_which_later_ticks_it_changed_and_writes_no_others(shrunk):
    assert scored(shrunk, 1, 2) == Settled()
    assert set(reasons(shrunk, 1).values()) == {"pool_too_small"}
    assert scored(shrunk, 0).changed == {TICKS[1]: 3, TICKS[2]: 3}
    assert set(reasons(shrunk, 1).values()) <= {"score", "below_threshold"}
    version = shrunk.lake.version(catalog.AD_ELIGIBILITY)
    assert scored(shrunk, 4).changed == {}
    assert shrunk.lake.version(catalog.AD_ELIGIBILITY) == version + 1


def test_a_decision_of_people_stays_though_the_score_behind_it_changes(tmp_path):
    says = [
        Decided(hours(3), "instagram:i1", "include"),
        Decided(hours(3), "instagram:i0", "exclude"),
    ]
    lived_through(tmp_path, [*says, *SHRINKS])
    stores = at(make_stores(tmp_path), END)
    scored(stores, 1)
    before = reasons(stores, 1)
    assert (before["i1"], before["i0"]) == ("included", "excluded")
    scored(stores, 0)
    after = rows_of(stores, catalog.AD_ELIGIBILITY).filter(scored_at=TICKS[1])
    kept = {row["platform_post_id"]: row for row in after.to_dicts()}
    assert (kept["i1"]["reason"], kept["i1"]["is_eligible"]) == ("included", True)
    assert (kept["i0"]["reason"], kept["i0"]["is_eligible"]) == ("excluded", False)
    assert kept["i0"]["score_of"] == kept["i1"]["score_of"] == TICKS[0]
    stores.operations.close()


def test_what_a_killed_run_left_is_named_and_never_published(shrunk):
    scored(shrunk, 1, 2)
    version = shrunk.lake.version(catalog.AD_ELIGIBILITY)
    # Percentiles, scores and eligibility of the first tick are there; later ticks await them.
    killed_after(3, lambda: scored(shrunk, 0), shrunk, tables=WRITTEN)
    assert shrunk.lake.version(catalog.AD_ELIGIBILITY) == version + 1
    assert unsettled_ticks(shrunk.lake) == [tick_text(tick) for tick in TICKS[:3]]
    path = publish(shrunk).path
    assert unsettled_ticks(shrunk.lake) == []
    with duckdb.connect(str(path), read_only=True) as file:
        found = file.execute("select distinct score_of from ad_eligibility_current").fetchall()
    assert (TICKS[0],) in found


def test_a_lake_that_never_noted_what_was_settled_is_gone_over_once(shrunk):
    """As one that was written before the note was kept."""
    scored(shrunk, 0, 1, 2)
    right = rows_of(shrunk, catalog.AD_ELIGIBILITY)
    wrong = right.with_columns(
        organic_score=pl.when(pl.col("score_of") == pl.col("scored_at")).then("organic_score"),
        rules_version=pl.lit(None, pl.String),
    )
    remove(shrunk, catalog.AD_ELIGIBILITY)
    ticks = [tick_text(tick) for tick in TICKS[:3]]
    shrunk.lake.replace(catalog.AD_ELIGIBILITY, wrong, where={"tick": ticks})
    assert settle(shrunk).rows == 6
    again = rows_of(shrunk, catalog.AD_ELIGIBILITY)
    assert again.drop("rules_version").equals(right.drop("rules_version"))
    assert settle(shrunk) == Settled()
