"""Creators' reports and ledgers beside a slow second reading, over weeks of a real deployment.

Belongs here: what is derived and accrued as a whole, on real stores.
Does not belong here: single formulas (``tests.transforms``), repositories (``tests.operations``).
"""

from collections import defaultdict
from datetime import date

import duckdb
import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.payout_payments import NewPayment
from layers_pipeline.steps.pay.accrual import settle
from layers_pipeline.steps.pay.creators import pay_creators
from layers_pipeline.steps.pay.reports import creator_report
from tests.oracles.payouts import OracleLedger
from tests.worlds.data_builders import make_stores, rows_of
from tests.worlds.paid_creators import (
    BEGAN,
    CONFIGS,
    at,
    bring_world,
    made_world,
    moved,
    restated,
    set_configs,
)
from transforms.sql import sql_of

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


PLACE = ("project_id", "creator_id", "currency")
PAY = ("base_cents", "bonus_cents", "corrections_cents")


def paid_then(lines):
    """Base pay, bonuses and corrections of a ledger, by project, creator and currency."""
    found = defaultdict(lambda: [0, 0, 0])
    for project, own in lines.items():
        currency = CONFIGS[project][0]["currency"]
        for (creator, _, kind, rule, *_), amount in own.items():
            column = 2 if kind == "correction" else 0 if rule == "base" else 1
            found[project, creator, currency][column] += amount
    return {key: tuple(amounts) for key, amounts in found.items() if any(amounts)}


def test_a_report_as_of_a_past_moment_is_what_was_known_then(played):
    stores, seen = played
    for moment, ours, _, days in seen:
        report = creator_report(stores, BEGAN.date(), END.date(), at=moment)
        own = days.filter(pl.col("day_on") >= BEGAN.date())
        for name in ("spend_cents", "conversions", "posts_synced", "views_change"):
            then = own.group_by(PLACE).agg(pl.col(name).sum()).filter(pl.col(name) != 0)
            told = report.select(*PLACE, name).filter(pl.col(name).fill_null(0) != 0)
            assert in_one_currency(told, name) == in_one_currency(then, name), (moment, name)
        told = {row[:3]: row[3:] for row in report.select(*PLACE, *PAY).fill_null(0).rows()}
        assert {key: pay for key, pay in told.items() if any(pay)} == paid_then(ours), moment
    assert len({str(paid_then(ours)) for _, ours, _, _ in seen}) == len(seen)


def in_one_currency(rows, name):
    """Money by currency; figures of posts, which stand in any one row of a creator, without."""
    key = PLACE if name in ("spend_cents", "conversions") else PLACE[:2]
    return {
        tuple(place): amount for *place, amount in rows.group_by(key).agg(pl.col(name).sum()).rows()
    }


@pytest.mark.parametrize("days", [(1, 31), (13, 26), (28, 28)], ids=str)
def test_a_report_as_of_now_is_the_one_of_the_macro(played, days):
    stores, _ = played
    first, last = (date(2025, 10, day) for day in days)
    told = creator_report(stores, first, last)
    with duckdb.connect() as connection:
        for table in (catalog.CREATOR_DAILY, catalog.PAYOUT_LEDGER):
            connection.register(table.name, rows_of(stores, table))
        asked = sql_of("macros", "creator_report")
        found = connection.sql(asked, params={"first_day": first, "last_day": last}).pl()
    assert told.columns == found.columns
    assert told.rows() == found.rows()
    assert told.height > 0


def test_a_report_of_the_future_or_backwards_is_refused(played):
    stores, _ = played
    with pytest.raises(InputRefusedError, match="lies ahead"):
        creator_report(stores, BEGAN.date(), END.date(), at=at(26, month=11))
    with pytest.raises(InputRefusedError, match="earlier day first"):
        creator_report(stores, END.date(), BEGAN.date())


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
