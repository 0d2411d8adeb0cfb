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
    at,
    hours,
    make_stores,
    remove,
    rows_of,
)
from tests.worlds.small_pools import END, SHRINKS, Decided, histories, lived_through
from transforms.scoring.rules import RULES
from transforms.scoring.ticks import tick_text

TICKS = [hours(4 * number) for number in range(1, 9)]
COMPARED = (*WRITTEN, catalog.ADS_CONTENT, catalog.AD_ELIGIBILITY_CURRENT)
VERSIONS = (
    InForce(active=RULES["2"]),
    InForce(active=RULES["2"], shadows=(RULES["1"],)),
    InForce(active=RULES["1"], shadows=(RULES["2"],)),
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


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("shrunk") / "home"
    home.mkdir()
    lived_through(home, SHRINKS)
    return home


@pytest.fixture
def shrunk(lived, tmp_path):
    stores = make_stores(shutil.copytree(lived, tmp_path / "home"), now=END)
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


def test_a_tick_that_a_newer_package_judged_is_left_alone_and_named(shrunk):
    scored(shrunk, 1, 2)
    tick = tick_text(TICKS[2])
    judged = rows_of(shrunk, catalog.AD_ELIGIBILITY).filter(scored_at=TICKS[2])
    newer = judged.with_columns(rules_version=pl.lit("9"))
    shrunk.lake.replace(catalog.AD_ELIGIBILITY, newer, where={"tick": [tick]})
    settled = scored(shrunk, 0)
    assert settled.changed == {TICKS[1]: 3}
    (said,) = settled.left
    assert f"1 ticks from {tick} to {tick} were judged by version 9" in said
    assert rows_of(shrunk, catalog.AD_ELIGIBILITY).filter(scored_at=TICKS[2]).equals(newer)
    assert unsettled_ticks(shrunk.lake) == []
    assert publish(shrunk).path.exists()
