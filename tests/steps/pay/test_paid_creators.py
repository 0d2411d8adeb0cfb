"""Creators' reports and ledgers beside a slow second reading, over weeks of a real deployment.

Belongs here: what is derived and accrued as a whole, on real stores.
Does not belong here: single formulas (``tests.transforms``), repositories (``tests.operations``).
"""

from collections import defaultdict
from datetime import date

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.payout_payments import NewPayment
from layers_pipeline.steps.pay.accrual import settle
from layers_pipeline.steps.pay.creators import pay_creators
from tests.oracles.payouts import OracleLedger
from tests.worlds.data_builders import make_stores, rows_of
from tests.worlds.paid_creators import (
    CONFIGS,
    at,
    bring_world,
    made_world,
    moved,
    restated,
    set_configs,
)

END = at(25, month=11)
SETTLED = {
    at(22): [],
    at(28): [("berlin", date(2025, 10, 13)), ("berlin", date(2025, 10, 20))],
    at(4, month=11): [("york", date(2025, 10, 1)), ("berlin", date(2025, 10, 27))],
    at(12, month=11): [("berlin", date(2025, 11, 3))],
    END: [],
}
"""By moment of an accrual: what is settled after it."""


@pytest.fixture(scope="module")
def world():
    return made_world()


@pytest.fixture(scope="module")
def played(tmp_path_factory, world):
    """The stores at the end, and after each accrual the ledgers of both."""
    folder = tmp_path_factory.mktemp("paid")
    stores = make_stores(folder / "home", now=END)
    bring_world(stores, folder, world)
    set_configs(stores)
    oracles = {project: OracleLedger(world, project) for project in CONFIGS}
    seen = []
    for moment, due in SETTLED.items():
        stores = moved(stores, moment)
        pay_creators(stores)
        kept = {project: oracles[project].lines(moment) for project in CONFIGS}
        seen.append((moment, ledger(stores), kept, reports(stores)))
        for project, start in due:
            assert settle(stores, project, start, by="ann")
            oracles[project].settle(start, moment)
    yield stores, seen
    stores.operations.close()


def ledger(stores):
    """Lines that come to something, by project."""
    found = defaultdict(dict)
    for line in stores.operations.payout_ledger.lines():
        key = (line.creator_id, line.period_starts_on, line.kind, line.rule, line.earned_from)
        found[line.project_id][*key, line.container_id] = line.amount_cents
    return {project: found[project] for project in CONFIGS}


def reports(stores):
    return rows_of(stores, catalog.CREATOR_DAILY)


def test_ledgers_are_those_of_the_second_reading_after_every_accrual(played):
    _, seen = played
    for moment, ours, theirs, _ in seen:
        for project in CONFIGS:
            assert {k: v for k, v in ours[project].items() if v} == {
                k: v for k, v in theirs[project].items() if v
            }, (moment, project)


def test_the_scenario_has_corrections_of_both_signs_and_caps(played):
    stores, _ = played
    amounts = [
        line.amount_cents
        for line in stores.operations.payout_ledger.lines()
        if line.kind == "correction"
    ]
    assert min(amounts) < 0 < max(amounts)


def test_days_of_creators_are_those_of_the_second_reading(played, world):
    _, seen = played
    for moment, _, _, days in seen:
        key = ("project_id", "creator_id", "day_on", "currency")
        spent = days.filter(days["spend_cents"].is_not_null())
        assert {
            row[:4]: row[4:]
            for row in spent.select(*key, "spend_cents", "conversions").fill_null(0).rows()
        } == world.spend_by_day(moment)
        of_zones = days.filter(days["project_id"].is_in(list(CONFIGS)))
        published = of_zones.filter(of_zones["posts_synced"] > 0).select(*key[:3], "posts_synced")
        wanted = world.posts_by_day(moment)
        assert {row[:3]: row[3] for row in published.rows()} == wanted
        changed = of_zones.filter(of_zones["views_change"].is_not_null())
        assert {
            row[:3]: row[3] for row in changed.select(*key[:3], "views_change").rows()
        } == world.changes_by_day(moment)


def test_weeks_and_months_are_sums_of_days(played):
    stores, seen = played
    days, whole = seen[-1][3], rows_of(stores, catalog.CREATOR_REPORTS)
    for length, period in (("1w", "week"), ("1mo", "month")):
        of_period = whole.filter(whole["period"] == period)
        for name in ("spend_cents", "conversions", "posts_synced", "views_change"):
            summed = days.group_by(
                "project_id", "creator_id", starts_on=days["day_on"].dt.truncate(length)
            ).agg(days_sum(name))
            key = ["project_id", "creator_id", "starts_on"]
            told = of_period.group_by(key).agg(days_sum(name))
            both = summed.join(told, on=key, how="left", suffix="_told")
            assert both[name].to_list() == both[f"{name}_told"].to_list()


def days_sum(name):
    import polars as pl  # noqa: PLC0415 - here alone

    return pl.col(name).sum()


def test_what_is_settled_never_changes(played):
    _, seen = played
    closed = set()
    for place, (moment, ours, _, _) in enumerate(seen[:-1]):
        closed |= set(SETTLED[moment])
        for project, start in closed:
            then = {k: v for k, v in seen[place + 1][1][project].items() if k[1] == start}
            last = {k: v for k, v in seen[-1][1][project].items() if k[1] == start}
            assert then == last
            assert then
        del ours


def test_accruing_again_changes_nothing(played):
    stores, _ = played
    written = pay_creators(stores)
    assert not any(done.inserted or done.updated for done in written.values())


def test_owed_is_accrued_and_corrections_less_paid(played):
    stores, _ = played
    payments = stores.operations.payout_payments
    for balance in payments.balances():
        due = balance.settled_cents
        if due:
            new = NewPayment(
                reference=f"{balance.project_id} {balance.creator_id}",
                creator_id=balance.creator_id,
                currency=balance.currency,
                amount_cents=due,
                paid_on=END.date(),
            )
            assert payments.pay(balance.project_id, new, by="ann", now=END)
            assert not payments.pay(balance.project_id, new, by="ann", now=END)
    for balance in payments.balances():
        sums = balance.accrued_cents + balance.corrections_cents - balance.paid_cents
        assert balance.owed_cents == sums >= 0
        one_more = NewPayment(
            reference="more",
            creator_id=balance.creator_id,
            currency=balance.currency,
            amount_cents=1,
            paid_on=END.date(),
        )
        with pytest.raises(InputRefusedError, match="more than what is settled and unpaid"):
            payments.pay(balance.project_id, one_more, by="ann", now=END)


def test_a_change_in_one_project_changes_nothing_in_another(tmp_path, played, world):
    _, seen = played
    stores = make_stores(tmp_path / "home", now=END)
    changed = restated(world, "berlin", known_at=at(20, month=11))
    bring_world(stores, tmp_path, changed)
    set_configs(stores)
    pay_creators(stores)
    ours, days = ledger(stores), reports(stores)
    assert ours["york"] == OracleLedger(world, "york").lines(END)
    assert days.filter(days["project_id"] == "york").equals(
        seen[-1][3].filter(seen[-1][3]["project_id"] == "york")
    )
    assert not days.equals(seen[-1][3])
    stores.operations.close()
