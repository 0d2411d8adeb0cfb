"""The analysts' file over a generated world with all three pools.

Belongs here: the tables that the steps would write of a world, and a file that holds them.
Does not belong here: worlds (``tests.worlds.pools``), assertions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.serving import generations
from layers_pipeline.serving.database import Pinned
from tests.worlds import creative_builders as built
from tests.worlds.data_builders import AS_OF, captures, intervals
from tests.worlds.pools import World, score_in_order
from transforms.facts.creatives import ads_content_of_creatives, containers_of_creatives
from transforms.facts.posts import ads_content_of, containers_of, posts_of
from transforms.facts.snapshots import snapshots_of
from transforms.scoring.rules import ACTIVE, RULES, ScoringRules


def publish_world(
    folder: Path,
    world: World,
    ticks: Sequence[datetime],
    *,
    rules: ScoringRules = ACTIVE,
    owners: Mapping[str, str] | None = None,
    imported_since: Sequence[dict] = (),
) -> Path:
    """A generation of a world that was scored at ticks; every other version ran in its shadow.

    Args:
        folder: Where the file and its Parquet files lie.
        world: What was known.
        ticks: When it was scored.
        rules: The version in force.
        owners: Projects that own accounts of TikTok, by account key.
        imported_since: Captures that came in after all ticks were scored.
    """
    captured = replace(world, captures=[*world.captures, *imported_since])
    filled = _of_posts(captured) | _scored(world, ticks, rules)
    filled["platform_accounts"] = pl.DataFrame(
        [
            {"platform": "tiktok", "account_key": key, "project_id": project}
            for key, project in (owners or {}).items()
        ],
        schema=dict.fromkeys(("platform", "account_key", "project_id"), pl.String),
    )
    pinned = [_pin(table, folder, filled) for table in catalog.PUBLISHED]
    pinned += [Pinned(table=one, version=-1, files=()) for one in catalog.STAGED_TABLES]
    return generations.publish(folder / "serve", pinned=pinned, at=AS_OF, kept=1).path


def ask(path: Path, query: str, **given: object) -> list[dict]:
    """Rows of an answer, asked from a zone that must not matter."""
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        connection.execute("set timezone = 'America/Caracas'")
        shown = connection.sql(query, params=given).pl()
    instants = pl.selectors.datetime()
    return shown.with_columns(instants.dt.convert_time_zone("UTC")).to_dicts()


def explained(path: Path, post: str, as_of: datetime | None = None) -> list[dict]:
    """The pieces of an explanation."""
    moment = as_of.isoformat() if as_of else None
    query = "from score_explain($post, cast($moment as timestamptz))"
    return ask(path, query, post=post, moment=moment)


def _of_posts(world: World) -> dict[str, pl.DataFrame]:
    bucket = pl.lit(0, pl.Int64).alias("bucket")
    given = captures(world.captures)
    posts = posts_of(given).with_columns(bucket)
    made = built.creatives(world.records.creatives).with_columns(bucket)
    allowlist = intervals(world.allowlist)
    absent = [
        {"platform": post[0], "platform_post_id": post[1], "confirmed_at": start, "returned_at": to}
        for post, gone in (world.deleted or {}).items()
        for start, to in gone
    ]
    both = {
        "content_containers": [containers_of(posts), containers_of_creatives(made)],
        "ads_content": [ads_content_of(posts, allowlist), ads_content_of_creatives(made)],
    }
    return {
        "platform_posts": posts.collect(),
        "platform_post_metrics": snapshots_of(given).collect(),
        "project_allowlist": allowlist.collect(),
        "post_absences": pl.DataFrame(absent),
        **{name: pl.concat(parts, how="diagonal").collect() for name, parts in both.items()},
    }


def _scored(
    world: World, ticks: Iterable[datetime], rules: ScoringRules
) -> dict[str, pl.DataFrame]:
    ticks = list(ticks)
    answers = [answer for _, answer in score_in_order(world, ticks, rules=rules)]
    shadows = [
        answer.scores
        for other in RULES.values()
        if other != rules
        for _, answer in score_in_order(world, ticks, rules=other)
    ]
    return {
        "organic_scores": pl.concat([*(answer.scores for answer in answers), *shadows]),
        "ad_eligibility": pl.concat(answer.eligibility for answer in answers),
    }


def _pin(table: Table, folder: Path, filled: Mapping[str, pl.DataFrame]) -> Pinned:
    """A table whose one file holds the rows given for it, columns that are missing null."""
    if table.name not in filled:
        return Pinned(table=table, version=-1, files=())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table.name}.parquet"
    rows = pl.concat([table.empty(), filled[table.name]], how="diagonal_relaxed")
    rows.select(table.stored_columns).write_parquet(path)
    return Pinned(table=table, version=0, files=(str(path),))
