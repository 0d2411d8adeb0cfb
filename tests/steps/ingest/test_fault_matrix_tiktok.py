"""TikTok's faults by whom they strike and how deep was read, met by whole syncs over real HTTP.

Belongs here: fault x one post / one account / all accounts x quick, posts, full: what each leaves
behind and until when, that a healthy neighbour does not notice, that the next day loses nothing.
Does not belong here: every code there is, one account at a time (``test_fault_matrix``).
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.refusals import EVERYBODY
from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from sandbox import AccountRef, RunningSandbox
from tests.steps.ingest.fault_world import (
    AT,
    Stored,
    account,
    account_id,
    cipher,
    connect,
    items_of,
    new_token,
    put,
    row_of,
    sandbox_of,
    settings_of,
    state_of,
    stores_of,
    sync,
)

DEPTHS = ("quick", "posts", "full")
POSTS = 5
DAY = timedelta(days=1)
FIVE_MIN, SIX_H = timedelta(minutes=5), timedelta(hours=6)
MIDNIGHT = timedelta(hours=11, minutes=30)
"""Until the day of ``AT`` ends."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, and what a sync that meets it leaves behind for an account."""

    kind: str
    outcome: str
    posts: int = 0
    """Landed."""
    wait: timedelta | None = None
    """Until its ``retry_at``; none: as its cadence says."""
    pause: timedelta | None = None
    """For which the whole API gets no calls; none: it is not paused."""
    metric: str = ""
    """Refused, and remembered so."""


ONE_POST = [Fault(kind="code_20001", outcome="partial", posts=3)]
OF_FIELD = Fault(kind="code_40002", outcome="ok", posts=POSTS, metric="reach")
ONE_ACCOUNT = [
    OF_FIELD,
    replace(OF_FIELD, kind="code_41002", metric="profile_views"),
    # Two throttled accounts; a third one in a row would show that the app is.
    Fault(kind="limit_account", outcome="rate_limited", wait=FIVE_MIN),
    Fault(kind="limit_day", outcome="rate_limited", wait=MIDNIGHT),
    *(
        Fault(kind=f"code_{code}", outcome="reauth_required")
        for code in (40001, 40106, 40120, 40309)
    ),
    *(Fault(kind=f"code_{code}", outcome="forbidden", wait=SIX_H) for code in (40003, 41000)),
    Fault(kind="code_40007", outcome="unavailable", wait=SIX_H),
    Fault(kind="code_50000", outcome="unavailable"),
    Fault(kind="http_500", outcome="unavailable"),
    Fault(kind="truncated_json", outcome="malformed"),
]
ALL_ACCOUNTS = [
    OF_FIELD,
    Fault(kind="limit_app", outcome="rate_limited", wait=FIVE_MIN, pause=FIVE_MIN),
    Fault(kind="limit_day", outcome="rate_limited", wait=MIDNIGHT, pause=MIDNIGHT),
    Fault(kind="code_40132", outcome="rate_limited", wait=FIVE_MIN, pause=FIVE_MIN),
    Fault(kind="code_40309", outcome="reauth_required"),
    Fault(kind="code_50000", outcome="unavailable"),
]
STRUCK = [*ONE_POST, *ONE_ACCOUNT]
WELL = Fault(kind="", outcome="ok", posts=POSTS)
OURS = {"profile_views": "profile_visits"}
"""Metrics of which we speak in other words than TikTok."""
NEIGHBOUR = account("tiktok", 0)
REFS = {fault.kind: account("tiktok", 1 + n) for n, fault in enumerate(STRUCK)}
THREES = {
    fault.kind: [account("tiktok", 100 + 3 * n + place) for place in range(3)]
    for n, fault in enumerate(ALL_ACCOUNTS)
}
"""Three accounts in a row that are throttled show that the app is."""
ALONE = [NEIGHBOUR, *REFS.values()]
NUMBERS = {ref: number for number, ref in enumerate([*ALONE, *chain(*THREES.values())])}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with sandbox_of(list(NUMBERS)) as running:
        yield running


@dataclass(kw_only=True)
class Round:
    """One deployment: a sync amid faults, and one a day later without any."""

    served: RunningSandbox
    stores: Stores
    depth: str

    def struck(self, faults: dict[AccountRef, Fault]) -> None:
        """A sync amid faults."""
        self.served.world.clock.set(AT)
        self.served.world.faults.clear()
        for ref, fault in faults.items():
            put(self.served, ref, fault.kind, metric=fault.metric)
        sync(self.stores, self.depth)
        self.served.world.faults.clear()

    def left(self, ref: AccountRef, fault: Fault) -> Fault:
        """What the sync left behind for an account, in the form of what is expected."""
        state = state_of(self.stores, ref, self.depth)
        paused = self.stores.operations.refusals.pause_of("tiktok_business:app", now=AT)
        listing = self.listings(ref).row(0, named=True)
        return replace(
            fault,
            outcome=str(state.last_outcome),
            posts=listing["items"],
            wait=state.retry_at - AT if state.retry_at else None,
            pause=paused.until - AT if paused else None,
        )

    def listings(self, ref: AccountRef) -> pl.DataFrame:
        rows = self.stores.lake.read(catalog.ACCOUNT_LISTINGS)
        return rows.filter(pl.col("account_key") == ref.account_key).sort("started_at").collect()

    def heal(self, refs: Sequence[AccountRef]) -> None:
        """The next day: people gave new tokens where they were asked to, and all are read."""
        self.served.world.clock.set(AT + DAY)
        for ref in refs:
            if row_of(self.stores, ref).status == "reauth_required":
                token = new_token(self.served, ref)
                self.stores.operations.tokens.store(account_id(ref), token, cipher(), now=AT + DAY)
        sync(self.stores, self.depth)

    def lost(self, refs: Sequence[AccountRef], stored: Stored, *, never: list[str]) -> list[str]:
        """What the next day does not know of accounts, or does not know to be healthy."""
        items = [item for ref in refs for item in items_of(ref, NUMBERS[ref])]
        ended = {ref: state_of(self.stores, ref, self.depth).last_outcome for ref in refs}
        return [
            *stored.untrue(items, at=AT + DAY, never=never),
            *(f"{ref}: tombstones" for ref in refs if stored.tombstones_of(ref)),
            *(f"{ref}: {outcome}" for ref, outcome in ended.items() if outcome != "ok"),
            *(f"{ref}: not whole" for ref in refs if not self.listings(ref)["is_complete"][-1]),
        ]


class Matrix:
    """One depth: a deployment for all faults of single accounts, and one for each of the others.

    They share a lake, so that what landed is derived once.
    """

    def __init__(self, served: RunningSandbox, home: Path, depth: str) -> None:
        self.served, self.home, self.depth = served, home, depth
        self.shared = stores_of(served, home)
        self.shared.operations.close()  # what was written is in the one file
        self.alone = self._round("alone", ALONE)
        self.of_all = {kind: self._round(kind, refs) for kind, refs in THREES.items()}
        self.alone.struck(dict(zip(REFS.values(), STRUCK, strict=True)))
        self.left = {ref: self.alone.left(ref, WELL) for ref in ALONE}
        for fault in ALL_ACCOUNTS:
            one, refs = self.of_all[fault.kind], THREES[fault.kind]
            one.struck(dict.fromkeys(refs, fault))
            self.left |= {ref: one.left(ref, WELL) for ref in refs}
        self.alone.heal(ALONE)
        for kind, one in self.of_all.items():
            one.heal(THREES[kind])
        bring_up_to_date(self.shared)
        self.stored = Stored.of(self.shared)

    def _round(self, name: str, refs: Sequence[AccountRef]) -> Round:
        path = self.home / f"{name}.db"
        shutil.copy(self.home / "operations.db", path)
        url = f"sqlite:///{path}"
        settings = settings_of(self.served, self.home, operations_url=url)
        stores = replace(self.shared, settings=settings, operations=Operations(url))
        self.served.world.clock.set(AT)
        connect(stores, self.served, *refs)
        return Round(served=self.served, stores=stores, depth=self.depth)

    def close(self) -> None:
        for one in (self.alone, *self.of_all.values()):
            one.stores.operations.close()


@pytest.fixture(scope="module", params=DEPTHS)
def matrix(request, served: RunningSandbox, tmp_path_factory) -> Iterator[Matrix]:
    with closing(Matrix(served, tmp_path_factory.mktemp(request.param), request.param)) as made:
        yield made


def as_left(fault: Fault) -> Fault:
    """A row without what goes wrong."""
    return replace(fault, kind="", metric="")


@pytest.mark.parametrize("fault", STRUCK, ids=lambda fault: fault.kind)
def test_a_fault_of_one_post_or_account_leaves_what_its_row_says(matrix: Matrix, fault: Fault):
    ref = REFS[fault.kind]
    assert matrix.left[ref] == as_left(fault)
    remembered = matrix.alone.stores.operations.refusals.all(account_id=account_id(ref))
    assert [row.name for row in remembered] == [fault.metric] * bool(fault.metric)
    assert all(row.until > AT + DAY for row in remembered)


def test_a_healthy_neighbour_does_not_notice(matrix: Matrix):
    assert matrix.left[NEIGHBOUR] == WELL
    assert matrix.alone.stores.operations.refusals.all(account_id=EVERYBODY) == []


def test_the_next_healthy_day_loses_nothing(matrix: Matrix):
    given_up = {ref: fault.metric for fault in STRUCK if (ref := REFS[fault.kind]) and fault.metric}
    for ref in ALONE:
        never = [OURS.get(given_up[ref], given_up[ref])] if ref in given_up else []
        assert matrix.alone.lost([ref], matrix.stored, never=never) == []


@pytest.mark.parametrize("fault", ALL_ACCOUNTS, ids=lambda fault: fault.kind)
def test_a_fault_of_all_accounts_leaves_what_its_row_says_and_loses_nothing(
    matrix: Matrix, fault: Fault
):
    refs, one = THREES[fault.kind], matrix.of_all[fault.kind]
    assert [matrix.left[ref] for ref in refs] == [as_left(fault)] * 3
    remembered = one.stores.operations.refusals.all(account_id=EVERYBODY)
    assert [row.name for row in remembered] == [fault.metric] * bool(fault.metric)
    assert one.lost(refs, matrix.stored, never=[fault.metric]) == []
