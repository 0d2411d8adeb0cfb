"""Laws of R7-R11 over random lives of accounts, with faults, crashes, late and repeated landings.

The expectation is made of what landed by ``tests.history_oracle`` and ``tests.deletion_oracle``,
which know neither Polars nor our transforms.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, note, settings

from layers_pipeline import tables
from layers_pipeline.steps.replay import replay
from tests import deletion_oracle, history_oracle
from tests.steps import history_world as lived
from tests.steps.history_plans import Plan, plans
from tests.steps.history_world import World, differing, world_of

EXAMPLES = int(os.environ.get("LAYERS_EXAMPLES", "12"))
"""More of them find more; a hundred take some minutes."""


@dataclass(kw_only=True)
class Memory:
    """What was found when everything was derived before."""

    at: datetime | None = None
    rows: dict[str, dict[tuple, dict[str, Any]]] = field(default_factory=dict)
    known: dict[datetime, Any] = field(default_factory=dict)
    gone: dict[datetime, dict[str, datetime]] = field(default_factory=dict)


@given(plan=plans())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_every_table_says_what_the_rules_say(plan: Plan):
    with world_of(plan) as world:
        memory = Memory()
        for step in plan.steps:
            note(f"{world.now} {step}")
            if world.play(step):
                check(world, memory)
        world.derive()
        check(world, memory)
        check_replay(world, memory)


def check(world: World, memory: Memory) -> None:
    """Every law, and that nothing of what was known before has changed."""
    check_deletions(world)
    check_posts(world)
    check_snapshots(world)
    check_latest(world)
    check_containers(world)
    check_memory(world, memory)


def check_deletions(world: World) -> None:
    """R7."""
    stores = world.stores
    spells = lived.expected_spells(stores)
    assert differing(lived.stored_spells(stores), spells) == {}
    assert lived.deleted(stores) == deletion_oracle.deleted_at_moment(spells, world.now)
    told = {row["sync_id"]: row for row in lived.readings(stores)}
    truth = world.served.world.truth
    for (platform, post_id), own in spells.items():
        item = truth.item(platform, post_id)
        for spell in own if item.account not in world.plan.liars else ():
            named = [spell["missed_by"], spell["confirmed_by"], spell["held_by"]]
            assert not any(item.lives(told[one]["started_at"]) for one in named if one)


def check_posts(world: World) -> None:
    """R8."""
    stored = lived.rows(world.stores, tables.PLATFORM_POSTS)
    expected = {
        post: history_oracle.post_of(looks)
        for post, looks in lived.landed_looks(world.stores).items()
    }
    told = {
        post: {name: row[name] for name in expected.get(post, row)} for post, row in stored.items()
    }
    assert differing(told, expected) == {}


def check_snapshots(world: World) -> None:
    """R9: looks as they were, none that repeats, and at every moment what was known then."""
    landed, stored = lived.landed_looks(world.stores), lived.stored_looks(world.stores)
    assert stored.keys() == landed.keys()
    for post, looks in landed.items():
        told = [(look.moment, look.known_at, look.run_id, look.metrics) for look in looks]
        kept = [(look.moment, look.known_at, look.run_id, look.metrics) for look in stored[post]]
        assert [one for one in kept if one not in told] == []
        if history_oracle.came_in_order(looks):
            news = history_oracle.news_of(looks)
            assert [look.moment for look in stored[post]] == [look.moment for look in news]
    for moment in {look.known_at for looks in landed.values() for look in looks}:
        assert differing(lived.known(stored, moment), lived.known(landed, moment)) == {}


def check_latest(world: World) -> None:
    """R10."""
    stored = lived.rows(world.stores, tables.PLATFORM_POST_METRICS_LATEST)
    landed = lived.landed_looks(world.stores)
    assert stored.keys() == landed.keys()
    for post, row in stored.items():
        assert row["last_checked_at"] == max(look.captured_at for look in landed[post])
        names = [name for name in row if f"{name}_at" in row]
        values = {name: (row[name], row[f"{name}_at"]) for name in names}
        told = {name: told for name, told in values.items() if told != (None, None)}
        assert differing(told, history_oracle.latest_of(landed[post])) == {}


def check_containers(world: World) -> None:
    """R11."""
    posts = lived.rows(world.stores, tables.PLATFORM_POSTS)
    made = world.stores.lake.read(tables.CONTENT_CONTAINERS).collect().rows(named=True)
    told = sorted(
        (row["container_id"], row["platform"], row["platform_post_id"], row["created_at"])
        for row in made
    )
    assert told == sorted(
        (f"{platform}:{post_id}", platform, post_id, row["first_seen_at"])
        for (platform, post_id), row in posts.items()
    )


def check_memory(world: World, memory: Memory) -> None:
    """What was known at any step before is known so still, and nothing slipped in behind it."""
    stores, now = world.stores, world.now
    late = {
        post
        for post, looks in lived.landed_looks(stores).items()
        if not history_oracle.came_in_order(looks)
    }
    for table in lived.HISTORY:
        found, before = lived.rows(stores, table), memory.rows.get(table.name, {})
        assert differing({key: found.get(key) for key in before}, before) == {}
        for key, row in found.items():
            post = (row.get("platform"), row.get("platform_post_id"))
            if memory.at and key not in before and post not in late and "known_at" in row:
                assert table is tables.PLATFORM_ACCOUNT_METRICS or row["known_at"] > memory.at
        memory.rows[table.name] = found
    first_seen = {
        post: row["first_seen_at"] for post, row in lived.rows(stores, tables.PLATFORM_POSTS).items()
    }
    before = memory.rows.get("first_seen", {})
    assert {post: first_seen.get(post) for post in before} == before
    memory.rows["first_seen"] = first_seen
    memory.at = now
    memory.known[now] = lived.known(lived.stored_looks(stores), now)
    memory.gone[now] = lived.deleted(stores)
    check_past(world, memory)


def check_past(world: World, memory: Memory) -> None:
    stored, spells = lived.stored_looks(world.stores), lived.stored_spells(world.stores)
    assert {at: lived.known(stored, at) for at in memory.known} == memory.known
    assert {
        at: deletion_oracle.deleted_at_moment(spells, at) for at in memory.gone
    } == memory.gone


def check_replay(world: World, memory: Memory) -> None:
    """Replaying everything that landed changes no row of any table."""
    stores = world.stores
    before = {table.name: lived.rows(stores, table) for table in tables.TABLES}
    world.served.world.clock.advance(1)
    replay(stores, start=datetime.fromisoformat("2020-01-01T00:00:00Z"), end=world.now)
    for table in tables.TABLES:
        assert differing(lived.rows(stores, table), before[table.name]) == {}
    check_past(world, memory)
