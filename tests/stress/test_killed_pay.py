"""Accruing, settling and correcting, killed between any two steps: the next run ends the same.

Belongs here: the points, and that ledger and lake are what they would have been.
Does not belong here: what the right amounts are (``tests.steps.pay``), the kill (``killing``).
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.pay.accrual import settle
from layers_pipeline.steps.pay.creators import MADE, pay_creators
from layers_pipeline.steps.stores import Stores
from tests.stress.killing import Point, killed_at, tried
from tests.worlds.data_builders import everything, make_stores
from tests.worlds.paid_creators import at, bring_world, made_world, moved, set_configs

END = at(25, month=11)
BEFORE = (
    ("berlin", date(2025, 10, 13)),
    ("berlin", date(2025, 10, 20)),
    ("york", date(2025, 10, 1)),
)
NEXT = date(2025, 10, 27)
LEDGER = "operations.payout_ledger"
POINTS = [
    Point(function="steps.derive.payouts:write_if_changed", nth=2, is_long=True),
    Point(function=f"{LEDGER}:_replace", nth=2),
    Point(function=f"{LEDGER}:PayoutLedger.rewrite"),
    Point(function=f"{LEDGER}:_replace", nth=3, is_long=True),
    Point(function=f"{LEDGER}:PayoutLedger.settle"),
]
"""Days are written, nothing is accrued; lines that are not committed; those of one project of two;
settled and not committed; settled and not copied."""


def month_end(stores: Stores) -> None:
    """What was restated is corrected in the open period, which is then settled."""
    pay_creators(stores)
    settle(stores, "berlin", NEXT, by="ann")
    pay_creators(stores)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which periods are settled, and their days were restated since."""
    folder = tmp_path_factory.mktemp("paid")
    stores = make_stores(folder / "home", now=END)
    bring_world(stores, folder, made_world())
    set_configs(stores)
    for project, period in BEFORE:
        settle(moved(stores, at(4, month=11)), project, period, by="ann")
    stores.operations.close()
    return folder / "home"


def opened(before: Path, home: Path) -> Stores:
    return make_stores(Path(shutil.copytree(before, home)), now=END)


def found(stores: Stores) -> dict[str, list[dict]]:
    """Ledger, periods, and what the lake has of them."""
    ledger = stores.operations.payout_ledger
    of_lake = everything(stores, MADE)
    rows = {"lines": ledger.lines(), "periods": ledger.states()}
    return of_lake | {
        name: [{k: v for k, v in vars(row).items() if not k.startswith("_")} for row in every]
        for name, every in rows.items()
    }


@pytest.fixture(scope="module")
def uninterrupted(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    with closing((stores := opened(before, tmp_path_factory.mktemp("whole") / "home")).operations):
        month_end(stores)
        yield found(stores)


def test_the_month_has_accruals_corrections_and_a_settled_period(uninterrupted: dict):
    assert {line["kind"] for line in uninterrupted["lines"]} == {"accrual", "correction"}
    settled = {
        (row["project_id"], row["starts_on"])
        for row in uninterrupted["periods"]
        if row["settled_at"]
    }
    assert settled == {*BEFORE, ("berlin", NEXT)}
    assert len(uninterrupted[catalog.PAYOUT_LEDGER.name]) == len(uninterrupted["lines"])


@pytest.mark.parametrize("point", tried(POINTS), ids=str)
def test_a_month_end_that_is_killed_and_run_again_ends_as_if_it_had_not_been(
    point: Point, before: Path, uninterrupted: dict, tmp_path: Path
):
    with closing((stores := opened(before, tmp_path / "home")).operations):
        killed_at(point, stores, month_end)
        month_end(stores)
        assert found(stores) == uninterrupted
