"""Whole projects with all three pools, scored at ticks as production does, without stores.

Belongs here: generated worlds, and scoring them.
Does not belong here: assertions, and what the right answer is (``tests.oracles.scores``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.decisions import Decisions
from layers_pipeline.steps.score.history import History, history_of
from layers_pipeline.steps.score.tick_scorer import Frames, TickScorer
from tests.oracles.creatives import NOTHING, ContentRecords
from tests.oracles.scores import Deletions
from tests.worlds import creative_builders as built
from tests.worlds.data_builders import (
    AS_OF,
    capture,
    captures,
    hours,
    interval,
    intervals,
    some_captures,
)
from transforms.contracts.posts import PostAbsences
from transforms.facts.posts import posts_of
from transforms.facts.snapshots import snapshots_of
from transforms.scoring.eligibility import EFFECTIVE
from transforms.scoring.rules import ACTIVE, ScoringRules

ALLOWLIST = (interval(), interval("bob"), interval("bob", project_id="other"))
WORDS = (None, "include", "exclude")
TIMES = ("captured_at", "known_at", "published_at", "created_at", "allowed_from", "spent_on")


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is known of some projects, sooner or later."""

    captures: Sequence[dict] = ()
    allowlist: Sequence[dict] = ALLOWLIST
    records: ContentRecords = NOTHING
    deleted: Deletions | None = None

    def rearranged(self, change: Any) -> "World":
        """The world with each of its lists of rows changed."""
        records = {
            name.name: change(getattr(self.records, name.name)) for name in fields(ContentRecords)
        }
        return replace(
            self,
            captures=change(self.captures),
            allowlist=change(self.allowlist),
            records=ContentRecords(**records),
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rows of one tick."""

    ranks: pl.DataFrame
    scores: pl.DataFrame
    eligibility: pl.DataFrame

    def of(self, project: str) -> list[pl.DataFrame]:
        """The rows of one project."""
        frames = (self.ranks, self.scores, self.eligibility)
        return [rows.filter(pl.col("project_id") == project) for rows in frames]


def score_in_order(
    world: World, ticks: Iterable[datetime], *, rules: ScoringRules = ACTIVE
) -> Iterator[tuple[datetime, Answer]]:
    """Every tick in order, each as of its own time, as production scores them."""
    due = sorted(ticks)
    scorer = TickScorer(
        history_of_world(world, since=due[0], goes_on=len(due) > 1),
        first=due[0],
        last=due[-1],
        in_force=InForce(active=rules),
        earlier=lambda _: pl.DataFrame(schema=EFFECTIVE),
    )
    for tick in due:
        rows = scorer.step(tick)
        yield (
            tick,
            Answer(
                ranks=_held(catalog.UGC_POOL_PERCENTILES, rows),
                scores=_held(catalog.ORGANIC_SCORES, rows),
                eligibility=_held(catalog.AD_ELIGIBILITY, rows),
            ),
        )


def history_of_world(world: World, *, since: datetime, goes_on: bool = False) -> History:
    """What is known of a world, and when, as the stores would give it."""
    given = captures(world.captures).collect().lazy()
    records = world.records
    absent = [
        {"platform": post[0], "platform_post_id": post[1], "confirmed_at": start, "returned_at": to}
        for post, gone in (world.deleted or {}).items()
        for start, to in gone
    ]
    return history_of(
        posts=posts_of(given).collect().lazy(),
        captures=given,
        snapshots=snapshots_of(given).collect().lazy(),
        absences=built.frame(PostAbsences, absent).collect(),
        allowlist=intervals(world.allowlist).collect(),
        decisions=Decisions(
            creatives=built.creatives(records.creatives),
            reviews=built.reviews(records.reviews),
            overrides=built.overrides(records.overrides),
            ads=built.ads(records.ads),
        ),
        daily=built.daily(records.daily).collect(),
        since=since,
        goes_on=goes_on,
    )


def _held(table: Table, rows: Frames) -> pl.DataFrame:
    """A table's rows, held to its contract, by content; the partition is the same for all."""
    held = table.schema.validate(rows[table.name].with_columns(tick=pl.lit("t")))
    return held.sort("ads_content_id")


def pool_of(rows: Iterable[dict], allowlist: Iterable[dict], *, as_of: datetime) -> pl.LazyFrame:
    """Members of the pools of posts that captures give as of a moment."""
    history = history_of_world(World(captures=list(rows), allowlist=list(allowlist)), since=as_of)
    posts = history.posts_at(as_of, history.counts)
    listed = history.listed_at(as_of)
    return history.members_of(history.candidates.rows, posts, listed, as_of).lazy()


def last(world: World, ticks: Iterable[datetime], *, rules: ScoringRules = ACTIVE) -> Answer:
    """The rows of the newest of some ticks."""
    return list(score_in_order(world, ticks, rules=rules))[-1][1]


def shifted(rows: Iterable[dict], by: timedelta) -> list[dict]:
    """Rows with all their times moved."""
    return [
        row | {name: row[name] + by for name in TIMES if row.get(name) is not None} for row in rows
    ]


def _distinct(rows: Iterable[dict], *key: str) -> list[dict]:
    return list({tuple(row[name] for name in key): row for row in rows}.values())


@st.composite
def some_records(draw: Any) -> ContentRecords:
    """A few creatives of two projects, and what is said and spent of them and of posts."""
    names = ["generated:c0", "generated:c1", "manual:c2"]
    containers = st.sampled_from([*names, "tiktok:p1", "tiktok:p2"])
    projects, moments = st.sampled_from(["brand", "other"]), st.integers(-60, 30)
    content = st.builds("{}/{}".format, projects, containers)
    made = st.builds(
        lambda number, kind, project, at, late: built.creative(
            f"c{number}",
            kind=kind,
            project_id=project,
            created_at=hours(at),
            known_at=hours(at + late),
        ),
        st.integers(0, 2),
        st.sampled_from(["generated", "manual"]),
        projects,
        st.integers(-1500, 24),
        st.sampled_from([0, 0, 9]),
    )
    said = st.builds(
        lambda *of: built.review(*of[:2], failed=of[2]), containers, moments, st.booleans()
    )
    changed = st.builds(
        lambda word, at, of: built.override(word, at, content=of),
        st.sampled_from(WORDS),
        moments,
        content,
    )
    shown = st.builds(
        lambda name, of, at: built.ad(name, of, known_at=hours(at)),
        st.sampled_from("ab"),
        content,
        st.integers(-60, 9),
    )
    paid = st.builds(
        lambda cents, day, name, at: built.spent(
            cents, AS_OF.date() - timedelta(days=day), ad_id=name, known_at=hours(at)
        ),
        st.integers(0, 9_000),
        st.integers(-1, 35),
        st.sampled_from("ab"),
        moments,
    )
    several = {"max_size": 6}
    return ContentRecords(
        creatives=_distinct(draw(st.lists(made, **several)), "project_id", "container_id"),
        reviews=_distinct(draw(st.lists(said, **several)), "container_id", "known_at"),
        overrides=_distinct(draw(st.lists(changed, **several)), "ads_content_id", "known_at"),
        ads=_distinct(draw(st.lists(shown, **several)), "ad_id", "known_at"),
        daily=_distinct(draw(st.lists(paid, **several)), "ad_id", "spent_on", "known_at"),
    )


def some_worlds() -> st.SearchStrategy[World]:
    """Small worlds with all three pools."""
    return st.builds(World, captures=some_captures(posts=5, most=14), records=some_records())


def large_world(*, seed: int, posts: int, creatives: int, ads: int, days: int) -> World:
    """Two projects with hundreds of contents, restated spend, late data and changed minds."""
    dice = Random(seed)
    kinds = [dice.choice(("generated", "manual")) for _ in range(creatives)]
    names = [f"{kind}:c{number}" for number, kind in enumerate(kinds)]
    of_posts = [f"tiktok:p{number}" for number in range(posts)]
    captured = [
        capture(
            f"p{number}",
            at,
            known_at=hours(at + dice.choice((0, 0, 0, 5, 30))),
            account_key=("ada", "bob")[number % 2],
            published_at=None if number % 17 == 0 else hours(-5 * number),
            views=dice.choice((None, 49, 50, int(2 ** dice.uniform(3, 20)))),
            likes=dice.choice((None, dice.randrange(500))),
            shares=dice.randrange(40),
            saves=dice.choice((None, 0, 7)),
        )
        for number in range(posts)
        for at in sorted(dice.sample(range(-24 * days, 0), 3))
    ]
    records = ContentRecords(
        creatives=[
            built.creative(
                name,
                project_id=project,
                kind=kind,
                container_id=name,
                created_at=made_at,
                known_at=made_at + timedelta(hours=dice.choice((0, 0, 0, 40))),
            )
            for name, kind in zip(names, kinds, strict=True)
            for project in dice.sample(("brand", "other"), dice.choice((1, 1, 2)))
            for made_at in [hours(-dice.uniform(0, 24 * 90))]
        ],
        reviews=[
            built.review(name, -dice.uniform(0, 24 * days), failed=dice.random() < 0.6)
            for name in dice.sample([*names, *of_posts], (creatives + posts) // 4)
            for _ in range(dice.choice((1, 1, 2, 3)))
        ],
        overrides=[
            built.override(
                dice.choice(WORDS),
                -dice.uniform(0, 24 * days),
                content=f"{dice.choice(('brand', 'other'))}/{name}",
            )
            for name in dice.sample([*names, *of_posts], (creatives + posts) // 4)
            for _ in range(dice.choice((1, 1, 2, 3)))
        ],
        ads=[
            built.ad(
                f"ad{number}",
                f"{dice.choice(('brand', 'other'))}/{dice.choice(names)}",
                known_at=hours(-dice.uniform(0, 24 * days)),
            )
            for number in range(ads)
            for _ in range(dice.choice((1, 1, 1, 2)))
        ],
        daily=[
            built.spent(
                dice.randrange(600),
                AS_OF.date() - timedelta(days=day),
                ad_id=f"ad{number}",
                known_at=hours(-24.0 * day + later + dice.random()),
            )
            for number in range(ads)
            for day in range(days + 32)
            for later in dice.sample((8, 16, 24, 48, 72), 2)
            if dice.random() < 0.7
        ],
    )
    gone = dice.sample(range(posts), posts // 10)
    deleted = {("tiktok", f"p{number}"): [(hours(-dice.uniform(0, 99)), None)] for number in gone}
    return World(captures=captured, records=records, deleted=deleted)
