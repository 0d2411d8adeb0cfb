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
from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from sandbox import AccountRef, RunningSandbox
from sandbox.graph.faults import GRAPH_FAULTS
from sandbox.tiktok.faults import TIKTOK_FAULTS
from tests.steps.ingest.fault_cases import CASES, NOT_YET, WELL, Case, Left
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

HEALED_AT = AT + timedelta(hours=7)
STORM_AT = AT + timedelta(hours=8)
STORM_AGAIN_AT = STORM_AT + timedelta(minutes=20)
SECOND = timedelta(seconds=1)
BY_NAME = {case.name: number for number, case in enumerate(CASES)}
ROWS = [
    pytest.param(name, marks=[pytest.mark.xfail(reason=NOT_YET[name])] if name in NOT_YET else [])
    for name in BY_NAME
]
SOURCES = {"instagram": "instagram_graph", "tiktok": "tiktok_business"}
HANGING = "instagram hang"
VERSIONS = {"instagram": "v26.0", "tiktok": "v1.3"}


@dataclass(kw_only=True)
class Told:
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
        self.told = [self._told(case, number) for number, case in enumerate(CASES)]

    def _told(self, case: Case, number: int) -> Told:
        ref = account(case.platform, number)
        stores = self._stores(str(number), **case.settings)
        connect(stores, self.served, ref, life=case.life)
        return Told(case=case, ref=ref, stores=stores)

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
            hanging: Future = aside.submit(self._strike, self.told[BY_NAME[HANGING]])
            for told in self.told:
                if told.case.name != HANGING:
                    self._strike(told)
            hanging.result()
        self._look()
        for told in self.told:
            self._heal(told)
        self._look_again()
        self._storm()

    def _strike(self, told: Told) -> None:
        self._switch_on(told)
        before = len(self._requests(told))
        sync(told.stores, told.case.depth)
        requests = len(self._requests(told)) - before
        self.served.world.platform_faults.clear(told.ref)
        told.left = self._left(told, requests=requests)

    def _switch_on(self, told: Told) -> None:
        items = items_of(told.ref, BY_NAME[told.case.name])
        for fault in told.case.faults:
            given = {name: value for name, value in fault.items() if name != "item"}
            subject = {"subject": items[fault["item"]].item_id} if "item" in fault else {}
            put(self.served, told.ref, **given, **subject)

    def _requests(self, told: Told) -> list[str]:
        """Requests so far: those of the one that hangs name its account, no others do."""
        hanging = self.told[BY_NAME[HANGING]].ref.account_key
        is_hanging = told.case.name == HANGING
        return [path for path in requests_of(self.served) if (hanging in path) is is_hanging]

    def _left(self, told: Told, *, requests: int) -> Left:
        """What the operational database says; the lake's part is filled in later."""
        operations, platform = told.stores.operations, told.case.platform
        state = state_of(told.stores, told.ref, told.case.depth)
        told.message = state.last_message or ""
        pause = operations.api_pause(f"{SOURCES[platform]}:app", now=AT)
        dropped = operations.refused_metrics(SOURCES[platform], VERSIONS[platform])
        return Left(
            outcome=str(state.last_outcome),
            status=row_of(told.stores, told.ref).status,
            wait_min=None if state.retry_at is None else _minutes(state.retry_at - AT),
            pause_min=None if pause is None else _minutes(pause.until - AT),
            requests=requests,
            dropped=frozenset(metric for _, metric in dropped),
            unreadable=sum(map(len, operations.unreadable_posts([account_id(told.ref)]).values())),
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
        for told in self.told:
            own = {"platform": told.ref.platform, "account_key": told.ref.account_key}
            told.left = replace(
                told.left,
                rows=landed.filter(**own).height,
                posts=stored.posts_of(told.ref).height,
                snapshots=stored.snapshots_of(told.ref).height,
                is_complete=listings.filter(**own)["is_complete"].item(),
            )

    def _heal(self, told: Told) -> None:
        """The fault is gone: nobody calls before the time, then everything is read."""
        clock, stores = self.served.world.clock, told.stores
        wait_min, is_locked = told.left.wait_min, told.left.status == "reauth_required"
        wait = HEALED_AT - AT if wait_min is None else timedelta(minutes=wait_min)
        if is_locked or wait_min is not None:
            clock.set(AT + wait - SECOND)
            told.too_early = self._counted(told)
        clock.set(HEALED_AT)
        if is_locked:
            token = new_token(self.served, told.ref)
            stores.operations.store_token(
                account_id(told.ref), token, cipher(), now=stores.clock.now()
            )
        requests = self._counted(told)
        told.healed = (str(state_of(stores, told.ref).last_outcome), requests)

    def _counted(self, told: Told) -> int:
        before = len(requests_of(self.served))
        sync(told.stores)
        return len(requests_of(self.served)) - before

    def _look_again(self) -> None:
        bring_up_to_date(self.shared)
        self.stored = Stored.of(self.shared)
        for number, told in enumerate(self.told):
            unreadable = told.stores.operations.unreadable_posts([account_id(told.ref)])
            told.untrue = self.stored.untrue(
                items_of(told.ref, number),
                at=HEALED_AT,
                never=sorted(told.left.dropped),
                unreadable=sorted(unreadable[account_id(told.ref)]),
            )

    def _storm(self) -> None:
        """Every fault at once, in one run and in another: what was known stays known."""
        stores = self._stores("storm")
        struck = [
            told for told in self.told if not (told.case.is_app_wide or told.case.name == HANGING)
        ]
        connect(stores, self.served, *(told.ref for told in struck))
        for moment in (STORM_AT, STORM_AGAIN_AT):
            self.served.world.clock.set(moment)
            self.served.world.platform_faults.clear()
            for told in struck:
                self._switch_on(told)
            sync(stores)
            bring_up_to_date(stores)
        self.neighbours = {
            told.case.platform: str(state_of(stores, told.ref).last_outcome)
            for told in struck
            if not told.case.faults
        }
        after = Stored.of(stores)
        for told in self.told:
            told.deleted = after.tombstones_of(told.ref)
            told.forgotten = _forgotten(told.ref, self.stored, after)


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
        for told in made.told:
            stack.callback(told.stores.operations.close)
        made.run()
        yield made


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_leaves_behind_what_its_row_says(matrix: Matrix, name: str):
    told = matrix.told[BY_NAME[name]]
    wanted = told.case.left
    wait_min = None if wanted.wait_min is None else round(wanted.wait_min, 4)
    # A listing counts as complete only in a sync that ended well (R7).
    is_complete = wanted.is_complete and wanted.outcome == "ok"
    assert told.left == replace(wanted, wait_min=wait_min, is_complete=is_complete)


@pytest.mark.parametrize("name", BY_NAME)
def test_after_the_fault_everything_is_read_and_true(matrix: Matrix, name: str):
    told = matrix.told[BY_NAME[name]]
    assert told.too_early == 0
    assert told.healed == ("ok", told.case.healed_requests)
    assert told.untrue == []


@pytest.mark.parametrize("name", BY_NAME)
def test_a_fault_deletes_nothing_and_makes_nothing_unknown(matrix: Matrix, name: str):
    told = matrix.told[BY_NAME[name]]
    assert told.deleted == 0
    assert told.forgotten == []


def test_every_kind_of_fault_is_a_case():
    of = {platform: set() for platform in WELL}
    for case in CASES:
        of[case.platform] |= case.kinds
    assert of == {"instagram": set(GRAPH_FAULTS), "tiktok": set(TIKTOK_FAULTS)}


def test_accounts_without_a_fault_are_read_amid_all_the_others(matrix: Matrix):
    assert matrix.neighbours == {"instagram": "ok", "tiktok": "ok"}


def test_no_message_shows_a_token(matrix: Matrix):
    secrets = matrix.served.world.tokens.every_secret()
    shown = [told.case.name for told in matrix.told if any(one in told.message for one in secrets)]
    assert shown == []
