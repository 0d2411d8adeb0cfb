"""Laws of R7-R11 over random lives of accounts, with faults, crashes, late and repeated landings.

The expectation is made of what landed by ``tests.oracles.histories`` and
``tests.oracles.deletions``, which know neither Polars nor our transforms.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, note

from layers_pipeline.lake import catalog
from tests.hypothesis_profiles import examples
from tests.oracles import deletions as deletion_oracle
from tests.oracles import histories as history_oracle
from tests.oracles.histories import Look
from tests.steps.derive.history_plans import Plan, plans
from tests.steps.derive.history_world import HISTORY, Held, World, differing, known, world_of

SLOW_LAW = examples(
    0.2,  # a hundred take some minutes
    # An example takes seconds: one that fails is shown as it was found, not shrunk for minutes.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)


@dataclass(kw_only=True)
class Memory:
    """What was found when everything was derived before."""

    at: datetime | None = None
    rows: dict[str, dict[tuple, dict[str, Any]]] = field(default_factory=dict)
    known: dict[datetime, Any] = field(default_factory=dict)
    gone: dict[datetime, dict[str, datetime]] = field(default_factory=dict)


@given(plan=plans())
@SLOW_LAW
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
    held = Held(world.stores)
    check_deletions(held, world)
    check_posts(held)
    check_snapshots(held)
    check_latest(held)
    check_containers(held)
    check_memory(held, memory, now=world.now)
    assert held.rows(catalog.QUARANTINE) == {}


def check_deletions(held: Held, world: World) -> None:
    """R7."""
    absences = held.expected_absences
    assert differing(held.absences, absences) == {}
    assert held.deleted == deletion_oracle.deleted_at_moment(absences, world.now)
    actual = {row["sync_id"]: row for row in held.readings}
    assert {row["outcome"] for row in actual.values() if row["is_complete"]} <= {"ok"}
    truth = world.served.world.dataset
    for post, own in absences.items():
        item = truth.item(*post)
        assert item is not None
        for absence in own if item.account not in world.plan.liars else ():
            named = [absence["missed_by"], absence["confirmed_by"], absence["held_by"]]
            assert not any(item.lives(actual[one]["started_at"]) for one in named if one)


def check_posts(held: Held) -> None:
    """R8."""
    expected = {post: history_oracle.post_of(looks) for post, looks in held.landed.items()}
    actual = {
        post: {name: row[name] for name in expected.get(post, row)}
        for post, row in held.rows(catalog.PLATFORM_POSTS).items()
    }
    assert differing(actual, expected) == {}


def check_snapshots(held: Held) -> None:
    """R9: looks as they were, none that repeats, and at every moment what was known then."""
    assert held.kept.keys() == held.landed.keys()
    for post, looks in held.landed.items():
        kept = held.kept[post]
        assert [look for look in map(facts, kept) if look not in list(map(facts, looks))] == []
        if history_oracle.came_in_order(looks):
            assert list(map(facts, kept)) == list(map(facts, history_oracle.news_of(looks)))
    for moment in {look.known_at for looks in held.landed.values() for look in looks}:
        assert differing(known(held.kept, moment), known(held.landed, moment)) == {}


def facts(look: Look) -> tuple[Any, ...]:
    return look.moment, look.known_at, look.run_id, look.metrics


def check_latest(held: Held) -> None:
    """R10."""
    stored = held.rows(catalog.PLATFORM_POST_METRICS_LATEST)
    assert stored.keys() == held.landed.keys()
    for post, row in stored.items():
        assert row["last_checked_at"] == max(look.captured_at for look in held.landed[post])
        names = [name for name in row if f"{name}_at" in row]
        actual = {name: (row[name], row[f"{name}_at"]) for name in names}
        shown = {name: one for name, one in actual.items() if one != (None, None)}
        assert differing(shown, history_oracle.latest_of(held.landed[post])) == {}


def check_containers(held: Held) -> None:
    """R11."""
    made = held.rows(catalog.CONTENT_CONTAINERS).values()
    actual = [
        (row["container_id"], row["platform"], row["platform_post_id"], row["created_at"])
        for row in made
    ]
    posts = held.rows(catalog.PLATFORM_POSTS)
    assert sorted(actual) == sorted(
        (f"{platform}:{post_id}", platform, post_id, row["first_seen_at"])
        for (platform, post_id), row in posts.items()
    )


def check_memory(held: Held, memory: Memory, *, now: datetime) -> None:
    """What was known at any step before is known so still, and nothing slipped in behind it."""
    for table in HISTORY:
        found, before = held.rows(table), memory.rows.get(table.name, {})
        assert differing({key: found.get(key) for key in before}, before) == {}
        fresh = [row for key, row in found.items() if key not in before]
        assert memory.at is None or slipped_in(held, fresh, behind=memory.at) == []
        memory.rows[table.name] = found
    first_seen = {
        post: {"at": row["first_seen_at"]}
        for post, row in held.rows(catalog.PLATFORM_POSTS).items()
    }
    before = memory.rows.get("first_seen", {})
    assert {post: first_seen.get(post) for post in before} == before
    memory.rows["first_seen"] = first_seen
    memory.at = now
    memory.known[now], memory.gone[now] = known(held.kept, now), held.deleted
    check_past(held, memory)


def slipped_in(held: Held, fresh: list[dict[str, Any]], *, behind: datetime) -> list[Any]:
    """New rows that say that they were known before, though they were not.

    A repeat may be kept later than it was known, where a look that came late made it say
    something, and so may an account's followers; what was known before does not change with it,
    as ``check_past`` sees.
    """
    own = {(row.get("platform"), row.get("platform_post_id")): row for row in fresh}
    late = {
        post
        for post, looks in held.landed.items()
        if post in own and not history_oracle.came_in_order(looks)
    }
    return [
        row
        for row in fresh
        if row["known_at"] <= behind
        and not ("followers" in row and "captured_on" in row)
        and (row.get("platform"), row.get("platform_post_id")) not in late
    ]


def check_past(held: Held, memory: Memory) -> None:
    """What was known and what counted as deleted, as of each step."""
    assert {at: known(held.kept, at) for at in memory.known} == memory.known
    gone = {at: deletion_oracle.deleted_at_moment(held.absences, at) for at in memory.gone}
    assert gone == memory.gone


def check_replay(world: World, memory: Memory) -> None:
    """Replaying everything that landed changes no row of any table."""
    before = Held(world.stores)
    rows = {table: before.rows(table) for table in catalog.TABLES}
    world.served.world.clock.advance(1)
    world.replay()
    after = Held(world.stores)
    for table in catalog.TABLES:
        assert differing(after.rows(table), rows[table]) == {}
    check_past(after, memory)
