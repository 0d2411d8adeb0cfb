"""Every row of the platforms' tables of errors, met by a whole sync over real HTTP.

Belongs here: what each fault leaves behind, that it heals, that it deletes and harms nothing.
Does not belong here: the rows (``fault_cases``), clients by themselves (``tests/sources``).

All syncs run once, in three rounds, before the first test asks: each case by itself with a
database of its own while its fault strikes; each again when the fault is gone; and all cases in
one run, twice, with every fault back.
"""

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.refusals import EVERYBODY, INSIGHTS
from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from sandbox import AccountRef, RunningSandbox
from sandbox.graph.faults import GRAPH_FAULTS
from sandbox.tiktok.faults import TIKTOK_FAULTS
from tests.steps.ingest.fault_cases import CASES, WELL, Case, Left
from tests.steps.ingest.fault_world import (
    AT,
    RESPONSES,
    Stored,
    account,
    account_id,
    cipher,
    connect,
    items_of,
    new_token,
    put,
    requests_of,
    row_of,
    sandbox_of,
    settings_of,
    state_of,
    stores_of,
    sync,
)

HEALED_AT = AT + timedelta(hours=12)
STORM_AT = AT + timedelta(hours=13)
STORM_AGAIN_AT = STORM_AT + timedelta(minutes=20)
SECOND = timedelta(seconds=1)
BY_NAME = {case.name: number for number, case in enumerate(CASES)}
SOURCE_OF = {"instagram": "instagram_graph", "tiktok": "tiktok_business"}
HANGING = "instagram hang"


@dataclass(kw_only=True)
class CaseResult:
    """What became of one case."""

    case: Case
    ref: AccountRef
    stores: Stores
    left: Left = field(init=False)
    message: str = ""
    too_early: int = 0
    """Requests before the wait was over, or before a person gave a new token."""
    healed: tuple[str, int] = ("", 0)
    """Outcome and requests of the first sync after the fault."""
    untrue: Sequence[str] = ()
    deleted: int = 0
    forgotten: Sequence[str] = ()


class Matrix:
    """All cases beside one sandbox: one lake, and an operational database for each."""

    def __init__(self, served: RunningSandbox, home: Path) -> None:
        self.served, self.home = served, home
        self.shared = stores_of(served, home)
        self.shared.operations.close()  # what was written is in the one file
        self.results = [self._result_of(case, number) for number, case in enumerate(CASES)]

    def _result_of(self, case: Case, number: int) -> CaseResult:
        ref = account(case.platform, number)
        stores = self._stores(str(number), **case.settings)
        connect(stores, self.served, ref, life=case.life)
        return CaseResult(case=case, ref=ref, stores=stores)

    def _stores(self, name: str, **settings: object) -> Stores:
        """The one lake, and an operational database of its own."""
        path = self.home / f"{name}.db"
        shutil.copy(self.home / "operations.db", path)
        url = f"sqlite:///{path}"
        return replace(
            self.shared,
            settings=settings_of(self.served, self.home, operations_url=url, **settings),
            operations=Operations(url),
        )

    def run(self) -> None:
        """The three rounds."""
        with ThreadPoolExecutor(1) as aside:
            # It waits half a minute for a time-out of ours: the others need not.
            hanging: Future = aside.submit(self._strike, self.results[BY_NAME[HANGING]])
            for result in self.results:
                if result.case.name != HANGING:
                    self._strike(result)
            hanging.result()
        self._look()
        for result in self.results:
            self._heal(result)
        self._look_again()
        self._storm()

    def _strike(self, result: CaseResult) -> None:
        self._switch_on(result)
        before = len(self._requests(result))
        sync(result.stores, result.case.depth)
        requests = len(self._requests(result)) - before
        self.served.world.faults.clear(result.ref)
        result.left = self._left(result, requests=requests)

    def _switch_on(self, result: CaseResult) -> None:
        items = items_of(result.ref, BY_NAME[result.case.name])
        for fault in result.case.faults:
            given = {name: value for name, value in fault.items() if name != "item"}
            subject = {"subject": items[fault["item"]].item_id} if "item" in fault else {}
            put(self.served, result.ref, **given, **subject)

    def _requests(self, result: CaseResult) -> list[str]:
        """Requests so far: those of the one that hangs name its account, no others do."""
        hanging = self.results[BY_NAME[HANGING]].ref.account_key
        is_hanging = result.case.name == HANGING
        return [path for path in requests_of(self.served) if (hanging in path) is is_hanging]

    def _left(self, result: CaseResult, *, requests: int) -> Left:
        """What the operational database says; the lake's part is filled in later."""
        operations, platform = result.stores.operations, result.case.platform
        state = state_of(result.stores, result.ref, result.case.depth)
        result.message = state.last_message or ""
        pause = operations.refusals.pause_of(f"{SOURCE_OF[platform]}:app", now=AT)
        refused = operations.refusals.all()
        return Left(
            outcome=str(state.last_outcome),
            status=row_of(result.stores, result.ref).status,
            wait_min=None if state.retry_at is None else _minutes(state.retry_at - AT),
            pause_min=None if pause is None else _minutes(pause.until - AT),
            requests=requests,
            dropped=frozenset(row.name for row in refused if row.account_id == EVERYBODY),
            own=frozenset(row.name for row in refused if row.account_id and row.is_of_all),
            of_items=sum(not row.is_of_all and row.name != INSIGHTS for row in refused),
            unreadable=sum(row.name == INSIGHTS for row in refused),
        )

    def _look(self) -> None:
        """Fill in what was landed, and what followed from it."""
        bring_up_to_date(self.shared)
        stored, read = Stored.of(self.shared), self.shared.lake.read
        landed = pl.concat(
            [
                read(table).select("account_key", platform=pl.lit(platform))
                for platform, table in RESPONSES.items()
            ]
        ).collect()
        listings = read(catalog.ACCOUNT_LISTINGS).collect()
        for result in self.results:
            own = {"platform": result.ref.platform, "account_key": result.ref.account_key}
            result.left = replace(
                result.left,
                rows=landed.filter(**own).height,
                posts=stored.posts_of(result.ref).height,
                snapshots=stored.snapshots_of(result.ref).height,
                is_complete=listings.filter(**own)["is_complete"].item(),
            )

    def _heal(self, result: CaseResult) -> None:
        """The fault is gone: nobody calls before the time, then everything is read."""
        clock, stores = self.served.world.clock, result.stores
        wait_min, is_locked = result.left.wait_min, result.left.status == "reauth_required"
        wait = HEALED_AT - AT if wait_min is None else timedelta(minutes=wait_min)
        if is_locked or wait_min is not None:
            clock.set(AT + wait - SECOND)
            result.too_early = self._counted(result)
        clock.set(HEALED_AT)
        if is_locked:
            token = new_token(self.served, result.ref)
            stores.operations.tokens.store(
                account_id(result.ref), token, cipher(), now=stores.clock.now()
            )
        requests = self._counted(result)
        result.healed = (str(state_of(stores, result.ref).last_outcome), requests)
        if result.case.rests:
            clock.set(HEALED_AT + timedelta(minutes=20))
            sync(stores)

    def _counted(self, result: CaseResult) -> int:
        before = len(requests_of(self.served))
        sync(result.stores)
        return len(requests_of(self.served)) - before

    def _look_again(self) -> None:
        bring_up_to_date(self.shared)
        self.stored = Stored.of(self.shared)
        for number, result in enumerate(self.results):
            refused = result.stores.operations.refusals.all()
            result.untrue = self.stored.untrue(
                items_of(result.ref, number),
                at=HEALED_AT,
                never=[row.name for row in refused if row.name != INSIGHTS],
                unreadable=[row.item_id for row in refused if row.name == INSIGHTS],
            )

    def _storm(self) -> None:
        """Every fault at once, in one run and in another: what was known stays known."""
        stores = self._stores("storm")
        struck = [
            result
            for result in self.results
            if not (result.case.is_app_wide or result.case.name == HANGING)
        ]
        connect(stores, self.served, *(result.ref for result in struck))
        for moment in (STORM_AT, STORM_AGAIN_AT):
            self.served.world.clock.set(moment)
            self.served.world.faults.clear()
            for result in struck:
                self._switch_on(result)
            sync(stores)
            bring_up_to_date(stores)
        self.neighbours = {
            result.case.platform: str(state_of(stores, result.ref).last_outcome)
            for result in struck
            if not result.case.faults
        }
        after = Stored.of(stores)
        for result in self.results:
            result.deleted = after.tombstones_of(result.ref)
            result.forgotten = _forgotten(result.ref, self.stored, after)


def _minutes(span: timedelta) -> float:
    return round(span.total_seconds() / 60, 4)


def _forgotten(ref: AccountRef, before: Stored, after: Stored) -> list[str]:
    """Metrics of an account's posts that were known and are not any more."""
    keys = before.posts_of(ref).select("platform", "platform_post_id").rows()
    return [
        f"{key}: {name}"
        for key in keys
        for name, value in before.latest[key].items()
        if value is not None and after.latest[key][name] is None
    ]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    refs = [account(case.platform, number) for number, case in enumerate(CASES)]
    with ExitStack() as stack:
        served = stack.enter_context(sandbox_of(refs))
        made = Matrix(served, tmp_path_factory.mktemp("matrix"))
        for result in made.results:
            stack.callback(result.stores.operations.close)
        made.run()
        yield made


@pytest.mark.parametrize("name", BY_NAME)
def test_a_fault_leaves_what_its_row_says_and_heals_and_harms_nothing(matrix: Matrix, name: str):
    result = matrix.results[BY_NAME[name]]
    wanted = result.case.left
    wait_min = None if wanted.wait_min is None else round(wanted.wait_min, 4)
    # A listing counts as complete only in a sync that ended well (R7).
    is_complete = wanted.is_complete and wanted.outcome == "ok"
    assert result.left == replace(wanted, wait_min=wait_min, is_complete=is_complete)
    assert result.too_early == 0
    outcome, requests = result.healed
    assert outcome == "ok"
    assert 0 < requests <= result.case.healed_requests
    assert result.untrue == []
    assert result.deleted == 0
    assert result.forgotten == []


def test_every_kind_of_fault_is_a_case():
    of = {platform: set() for platform in WELL}
    for case in CASES:
        of[case.platform] |= case.kinds
    assert of == {"instagram": set(GRAPH_FAULTS), "tiktok": set(TIKTOK_FAULTS)}


def test_accounts_without_a_fault_are_read_amid_all_the_others(matrix: Matrix):
    assert matrix.neighbours == {"instagram": "ok", "tiktok": "ok"}


def test_no_message_shows_a_token(matrix: Matrix):
    secrets = matrix.served.world.tokens.every_secret()
    shown = [
        result.case.name
        for result in matrix.results
        if any(one in result.message for one in secrets)
    ]
    assert shown == []
