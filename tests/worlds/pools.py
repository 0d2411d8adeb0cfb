"""Whole projects with all three pools, scored at ticks by the transforms alone.

Belongs here: generated worlds, and walking them as the steps do, without stores.
Does not belong here: assertions, and what the right answer is (``tests.oracles.scores``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.oracles.creatives import NOTHING, Told
from tests.oracles.scores import Deletions
from tests.worlds import creative_builders as built
from tests.worlds.data_builders import (
    AS_OF,
    STANDING,
    capture,
    hours,
    pool_of,
    some_captures,
    spell,
)
from transforms.contracts.scoring import AdEligibility, OrganicScores, UgcPoolPercentiles
from transforms.facts.creatives import creative_members
from transforms.facts.snapshots import POST
from transforms.facts.spend import trailing_spend
from transforms.facts.verdicts import with_verdicts
from transforms.scoring.eligibility import (
    judge_creatives,
    judge_eligibility,
    lasting_scores,
    standing_scores,
)
from transforms.scoring.generated_score import score_creatives
from transforms.scoring.organic_score import rank_pools, score_ugc, ugc_pool_percentiles
from transforms.scoring.rules import ACTIVE, ScoringRules

SPELLS = (spell(), spell("bob"), spell("bob", project_id="other"))
WORDS = (None, "include", "exclude")
TIMES = ("captured_at", "known_at", "published_at", "created_at", "allowed_from", "spent_on")


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is known of some projects, sooner or later."""

    captures: Sequence[dict] = ()
    spells: Sequence[dict] = SPELLS
    told: Told = NOTHING
    deleted: Deletions | None = None

    def rearranged(self, change: Any) -> "World":
        """The world with each of its lists of rows changed."""
        told = {name.name: change(getattr(self.told, name.name)) for name in fields(Told)}
        return replace(
            self, captures=change(self.captures), spells=change(self.spells), told=Told(**told)
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


def walk(
    world: World, ticks: Iterable[datetime], *, rules: ScoringRules = ACTIVE
) -> Iterator[tuple[datetime, Answer]]:
    """Every tick in order, each as of its own time."""
    standing = pl.DataFrame(schema=STANDING)
    for tick in sorted(ticks):
        posts, made = posts_at(world, tick), creatives_at(world, tick)
        placed = rank_pools(posts, rules=rules.ugc)
        ranks = ugc_pool_percentiles(placed, as_of=tick).collect()
        of_posts = score_ugc(posts, as_of=tick, rules=rules).collect()
        of_creatives = score_creatives(made, as_of=tick, rules=rules).collect()
        scores = pl.concat([shaped(OrganicScores, rows) for rows in (of_posts, of_creatives)])
        now = standing_scores(standing.lazy(), scores.lazy()).collect()
        judged = [
            judge_eligibility(posts, now.lazy(), as_of=tick, rules=rules).collect(),
            judge_creatives(made, now.lazy(), as_of=tick, rules=rules).collect(),
        ]
        fresh = lasting_scores(scores.lazy().with_columns(score_of="scored_at"))
        kept = standing.lazy().join(fresh, on="ads_content_id", how="anti")
        standing = pl.concat([fresh.select(*STANDING), kept]).collect()
        yield (
            tick,
            Answer(
                ranks=shaped(UgcPoolPercentiles, ranks),
                scores=scores.sort("ads_content_id"),
                eligibility=pl.concat([shaped(AdEligibility, rows) for rows in judged]).sort(
                    "ads_content_id"
                ),
            ),
        )


def last(world: World, ticks: Iterable[datetime], *, rules: ScoringRules = ACTIVE) -> Answer:
    """The rows of the newest of some ticks."""
    return list(walk(world, ticks, rules=rules))[-1][1]


def shaped(schema: Any, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as the table of a contract holds them, by content."""
    full = rows.with_columns(tick=pl.lit("t")).select(schema.column_names())
    return schema.validate(full).sort("ads_content_id")


def posts_at(world: World, tick: datetime) -> pl.LazyFrame:
    """Members of the UGC pools at a tick."""
    pool = pool_of(world.captures, world.spells, as_of=tick)
    gone = [
        post
        for post, spells in (world.deleted or {}).items()
        if any(start <= tick and (end is None or tick < end) for start, end in spells)
    ]
    dead = pl.LazyFrame(gone, schema=dict.fromkeys(POST, pl.String), orient="row")
    rows = pool.drop("is_deleted").join(
        dead.with_columns(is_deleted=pl.lit(value=True)), on=POST, how="left"
    )
    return _with_verdicts(world, rows.with_columns(pl.col("is_deleted").fill_null(False)), tick)


def creatives_at(world: World, tick: datetime) -> pl.LazyFrame:
    """Members of the generated and manual pools at a tick."""
    told = world.told
    spend = trailing_spend(built.daily(told.daily), built.ads(told.ads), as_of=tick, days=30)
    return _with_verdicts(
        world, creative_members(built.creatives(told.creatives), spend, as_of=tick), tick
    )


def _with_verdicts(world: World, members: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
    reviews, overrides = built.reviews(world.told.reviews), built.overrides(world.told.overrides)
    return with_verdicts(members, reviews=reviews, overrides=overrides, as_of=tick)


def shifted(rows: Iterable[dict], by: timedelta) -> list[dict]:
    """Rows with all their times moved."""
    return [
        row | {name: row[name] + by for name in TIMES if row.get(name) is not None} for row in rows
    ]


def _distinct(rows: Iterable[dict], *key: str) -> list[dict]:
    return list({tuple(row[name] for name in key): row for row in rows}.values())


@st.composite
def some_told(draw: Any) -> Told:
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
    return Told(
        creatives=_distinct(draw(st.lists(made, **several)), "project_id", "container_id"),
        reviews=_distinct(draw(st.lists(said, **several)), "container_id", "known_at"),
        overrides=_distinct(draw(st.lists(changed, **several)), "ads_content_id", "known_at"),
        ads=_distinct(draw(st.lists(shown, **several)), "ad_id", "known_at"),
        daily=_distinct(draw(st.lists(paid, **several)), "ad_id", "spent_on", "known_at"),
    )


def some_worlds() -> st.SearchStrategy[World]:
    """Small worlds with all three pools."""
    return st.builds(World, captures=some_captures(posts=5, most=14), told=some_told())


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
    told = Told(
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
    return World(captures=captured, told=told, deleted=deleted)
