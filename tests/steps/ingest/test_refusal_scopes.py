"""A refusal of one item, one account or all accounts, at every depth: what it leaves behind.

Belongs here: outcome, what is remembered for whom and until when, the neighbour, the next day.
Does not belong here: every kind of fault by itself (``test_fault_matrix``).
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.stores import open_stores
from sandbox import AccountRef, RunningSandbox
from tests.steps.ingest.fault_world import (
    AT,
    account,
    account_id,
    connect,
    items_of,
    put,
    sandbox_of,
    settings_of,
    state_of,
    stores_of,
    sync,
)

ACCOUNTS = [account("instagram", number) for number in range(30)]
DAY = timedelta(days=1)
DAYS = timedelta(days=14)
ROWS = {"quick": 5, "posts": 16, "full": 16}
"""Response rows of one healthy reading."""
STORY_ROWS = {"quick": 0, "posts": 3, "full": 3}
"""Those of the story, which is over on the next day."""
TYPES = ("reel", "feed_image", "feed_carousel", "story")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault of one reach, and what must follow at the depths that meet it.

    ``kept`` is what is remembered: whose (``all`` or ``own``), of what, and the name.
    """

    kind: str
    metric: str = ""
    reach: str
    outcome: str
    kept: frozenset[tuple[str, str, str]] = frozenset()
    is_of_lists: bool = False
    """Whether a quick sync meets it, too."""
    healed: int = 0
    """Rows of the struck account that the next healthy day still lacks, as they are remembered."""


def kept(whose: str, name: str, *of: str) -> frozenset[tuple[str, str, str]]:
    return frozenset((whose, one, name) for one in of)


TABLE = [
    *(
        Row(kind=kind, reach="item", outcome="ok", kept=kept("own", "insights", "post"), healed=1)
        for kind in ("converted_100", "insights:unsupported_get", "nonexisting_insights")
    ),
    *(
        Row(kind=kind, reach=reach, outcome="partial")
        for kind in ("insights:unsupported_get", "nonexisting_insights", "invalid_100")
        for reach in ("account", "all")
    ),
    Row(
        kind="bad_metric",
        metric="views",
        reach="item",
        outcome="ok",
        kept=kept("own", "views", "post"),
    ),
    Row(
        kind="bad_metric",
        metric="views",
        reach="account",
        outcome="ok",
        kept=kept("own", "views", *TYPES),
    ),
    Row(
        kind="bad_metric",
        metric="views",
        reach="all",
        outcome="ok",
        kept=kept("all", "views", *TYPES),
    ),
    *(
        Row(
            kind="nonexisting_field",
            metric="view_count",
            reach=reach,
            outcome="ok",
            kept=kept(whose, "view_count", "media"),
            is_of_lists=True,
        )
        for reach, whose in (("account", "own"), ("all", "all"))
    ),
    Row(kind="insights:permission_10", reach="item", outcome="ok"),
    Row(kind="insights:permission_10", reach="account", outcome="forbidden"),
    Row(kind="insights:permission_10", reach="all", outcome="unavailable"),
    *(
        Row(kind=kind, reach=reach, outcome=outcome, is_of_lists=True)
        for kind in ("permission_10", "gone_100_33", "unsupported_get")
        for reach, outcome in (("account", "forbidden"), ("all", "unavailable"))
    ),
    *(
        Row(kind="blocked_2207051", reach=reach, outcome="rate_limited", is_of_lists=True)
        for reach in ("account", "all")
    ),
    Row(kind="unknown_path_ig", reach="item", outcome="ok"),
    Row(kind="insights:fatal_minus_1", reach="item", outcome="partial"),
    *(
        Row(kind="fatal_minus_1", reach=reach, outcome="unavailable", is_of_lists=True)
        for reach in ("account", "all")
    ),
]
GROUPS = {
    "one": [row for row in TABLE if row.reach != "all"],
    **{f"{row.kind} of all": [row] for row in TABLE if row.reach == "all"},
}
"""What is met in one sync: everything that strikes one account or item, else one fault of all."""
CELLS = [
    (depth, name, place)
    for depth in ROWS
    for name, rows in GROUPS.items()
    for place in range(len(rows))
]


@dataclass(frozen=True)
class Seen:
    """What became of one account."""

    outcome: str | None
    kept: frozenset[tuple[str, str, str]]
    healed: str | None
    """Outcome of the next healthy day."""
    came: int
    """Rows that it brought."""


class Group:
    """One deployment that meets the faults of a group, and has a healthy day after."""

    def __init__(self, served: RunningSandbox, home: Path, depth: str, rows: Sequence[Row]) -> None:
        served.world.faults.clear()
        served.world.clock.set(AT)
        self.stores, self.depth = (
            open_stores(settings_of(served, home), clock=served.world.clock),
            depth,
        )
        self.refs = ACCOUNTS[: max(3, len(rows) + 1)]
        connect(self.stores, served, *self.refs)
        for number, row in enumerate(rows):
            self._strike(served, row, number)
        sync(self.stores, depth)
        self.refusals = self.stores.operations.refusals.all()
        outcomes = [self._outcome(ref) for ref in self.refs]
        served.world.faults.clear()
        served.world.clock.set(AT + DAY)
        before = self._landed()
        sync(self.stores, depth)
        after = self._landed()
        self.seen = [
            Seen(
                outcome=outcome,
                kept=self._kept(ref),
                healed=self._outcome(ref),
                came=after[ref.account_key] - before.get(ref.account_key, 0),
            )
            for ref, outcome in zip(self.refs, outcomes, strict=True)
        ]
        self.stores.operations.close()

    def _strike(self, served: RunningSandbox, row: Row, number: int) -> None:
        for ref in self.refs if row.reach == "all" else [self.refs[number]]:
            subject = items_of(ref, number)[0].item_id if row.reach == "item" else ""
            put(served, ref, row.kind, metric=row.metric, subject=subject)

    def _outcome(self, ref: AccountRef) -> str | None:
        return state_of(self.stores, ref, self.depth).last_outcome

    def _landed(self) -> dict[str, int]:
        rows = self.stores.lake.read(catalog.RAW_INSTAGRAM__RESPONSES)
        return dict(rows.group_by("account_key").len().collect().rows())

    def _kept(self, ref: AccountRef) -> frozenset[tuple[str, str, str]]:
        """What is left out of an account's readings: whose it is, of what, and the name."""
        return frozenset(
            (
                "own" if one.account_id else "all",
                "post" if one.item_id else one.media_type,
                one.name,
            )
            for one in self.refusals
            if one.account_id in ("", account_id(ref))
        )


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with sandbox_of(ACCOUNTS) as made:
        yield made


@pytest.fixture(scope="module")
def group_of(served: RunningSandbox, tmp_path_factory: pytest.TempPathFactory):
    """The group of a depth and a name, run once."""
    first = tmp_path_factory.mktemp("empty")
    stores_of(served, first).operations.close()

    @cache
    def made(depth: str, name: str) -> Group:
        home = tmp_path_factory.mktemp("group") / "home"
        return Group(served, Path(shutil.copytree(first, home)), depth, GROUPS[name])

    return made


@pytest.mark.parametrize(
    ("depth", "name", "place"),
    CELLS,
    ids=[
        f"{GROUPS[name][at].kind} of {GROUPS[name][at].reach}, {depth}" for depth, name, at in CELLS
    ],
)
def test_what_is_said_of_one_becomes_no_truth_about_others_or_for_ever(
    group_of, depth: str, name: str, place: int
):
    group, row = group_of(depth, name), GROUPS[name][place]
    is_met = row.is_of_lists or depth != "quick"
    healthy = ROWS[depth] - STORY_ROWS[depth]
    assert group.seen[place] == Seen(
        outcome=row.outcome if is_met else "ok",
        kept=row.kept if is_met else frozenset(),
        healed="ok",
        came=healthy - (row.healed if is_met else 0),
    )


@pytest.mark.parametrize("depth", ROWS)
def test_a_healthy_neighbour_loses_nothing_and_every_refusal_ends(group_of, depth: str):
    group = group_of(depth, "one")
    healthy = ROWS[depth] - STORY_ROWS[depth]
    assert group.seen[-1] == Seen(outcome="ok", kept=frozenset(), healed="ok", came=healthy)
    assert all(one.until == one.last_at + DAYS == AT + DAYS for one in group.refusals)
    assert all(one.cause and one.first_at == AT for one in group.refusals)
