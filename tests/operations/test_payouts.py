"""Payouts in the operational database: configs, periods, lines, payments.

Belongs here: what is stored, refused, repeated, and done by two at once.
Does not belong here: amounts (``tests.transforms``), whole deployments (``tests.steps.pay``).
"""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError, StoreError
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.payout_configs import PayoutTerms
from layers_pipeline.operations.payout_payments import NewPayment
from tests.operations.world import NOW, add_external, add_project, each_database

MAY, JUNE, JULY = (date(2025, month, 1) for month in (5, 6, 7))
AT = datetime(2025, 7, 3, tzinfo=UTC)
TODAY = AT.date()
TERMS = PayoutTerms(effective_from=MAY, period="month", currency="USD", conversion_cents=100)


@pytest.fixture
def paying(operations):
    """A project that pays by the month since May."""
    add_project(operations)
    store(operations)
    return operations


def store(operations, now=NOW, **changes):
    terms = PayoutTerms(**(vars(TERMS) | changes))
    return operations.payout_configs.set([("brand", terms)], changed_by="ann", now=now)


def line(amount=500, *, start=MAY, **changes):
    row = {"creator_id": "ada", "period_starts_on": start, "kind": "accrual", "rule": "conversions"}
    row |= {"earned_from": start, "container_id": "tiktok:p", "currency": "USD"}
    return row | {"amount_cents": amount, "config_id": 1, "numbers": "{}"} | changes


def computing(*lines):
    """What an accrual computes: the lines of periods that are open."""

    def compute(periods, settled):
        assert all(one.period_starts_on in closed(periods) for one in settled)
        still_open = {one.starts_on for one in periods if not one.is_settled}
        config = periods[0].config.config_id
        own = [one | {"config_id": config} for one in lines]
        return [one for one in own if one["period_starts_on"] in still_open]

    return compute


def closed(periods):
    return {one.starts_on for one in periods if one.is_settled}


def accrue(operations, *lines, as_of=AT):
    return operations.payout_ledger.rewrite(
        "brand", computing(*lines), today=as_of.date(), as_of=as_of
    )


def settle(operations, start, *lines, as_of=AT):
    return operations.payout_ledger.settle(
        "brand", start, computing(*lines), today=as_of.date(), as_of=as_of, by="ann"
    )


def booked(operations):
    return {
        (row.period_starts_on, row.container_id): row.amount_cents
        for row in operations.payout_ledger.lines()
    }


# Configs


@each_database
def test_terms_are_stored_once_and_a_change_is_a_row_of_its_own(operations):
    add_project(operations)
    assert [store(operations), store(operations), store(operations, conversion_cents=5)] == [
        1,
        0,
        1,
    ]
    assert [row.conversion_cents for row in operations.payout_configs.all()] == [100, 5]
    known = [row.known_at for row in operations.payout_configs.all()]
    assert known[0] < known[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"effective_from": date(2025, 5, 2)}, r"Use 2025-05-01 or 2025-06-01", id="mid"
        ),
        pytest.param({"currency": "EURO"}, "'EURO' is not in ISO 4217", id="currency"),
        pytest.param({"conversion_cents": -1}, "conversion_cents -1: use 0 to", id="negative"),
        pytest.param({"spend_share_bps": 10_001}, "use 0 to 10,000", id="more than all"),
        pytest.param(
            {"required_posts": 3}, "a mode, an amount and required posts", id="half a base"
        ),
        pytest.param({"period": "year"}, "Use one of: week, month", id="period"),
    ],
)
def test_impossible_terms_are_refused_with_their_remedy(operations, changes, message):
    add_project(operations)
    with pytest.raises(InputRefusedError, match=message):
        store(operations, **changes)
    assert operations.payout_configs.all() == []


def test_weeks_and_months_do_not_mix(paying):
    with pytest.raises(InputRefusedError, match="periods of months and of weeks would overlap"):
        store(paying, effective_from=date(2025, 6, 2), period="week")


def test_a_project_that_is_not_there_pays_nobody(operations):
    with pytest.raises(NotFoundError, match="'brand' does not exist"):
        store(operations)


def test_nobody_is_called_as_spend_that_reaches_no_creator(operations):
    add_external(operations)
    nobody = NewCreator(creator_id="(unattributed)", display_name="", account_ids=())
    with pytest.raises(InputRefusedError, match="Use another id"):
        operations.allowlist.allow("brand", [nobody], allowed_from=NOW)


# Ledger


@each_database
def test_open_lines_are_made_anew_and_equal_ones_left_alone(operations):
    add_project(operations)
    store(operations)
    assert accrue(operations, line(), line(start=JUNE)).added == 2
    assert accrue(operations, line(), line(start=JUNE)) == accrue(
        operations, line(), line(start=JUNE)
    )
    done = accrue(operations, line(7), as_of=AT + timedelta(hours=1))
    assert (done.added, done.changed, done.removed) == (0, 1, 1)
    assert booked(operations) == {(MAY, "tiktok:p"): 7}


@each_database
def test_a_settled_period_never_changes(operations):
    add_project(operations)
    store(operations)
    assert settle(operations, MAY, line(), line(start=JUNE))
    store(operations, now=NOW + timedelta(days=1), conversion_cents=9)
    accrue(operations, line(1), line(2, start=JUNE), as_of=AT + timedelta(days=1))
    assert booked(operations) == {(MAY, "tiktok:p"): 500, (JUNE, "tiktok:p"): 2}
    assert not settle(operations, MAY, line(3), as_of=AT + timedelta(days=2))
    states = {row.starts_on: row.config_id for row in operations.payout_ledger.states()}
    assert states[MAY] < states[JUNE]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        pytest.param(JULY, "it is not over. Settle it from 2025-08-01 on", id="not over"),
        pytest.param(JUNE, "settle 2025-05-01 first", id="an earlier one is open"),
        pytest.param(date(2025, 5, 2), "no period starts then", id="no period"),
    ],
)
def test_only_the_oldest_period_that_is_over_is_settled(paying, start, message):
    with pytest.raises(InputRefusedError, match=message):
        settle(paying, start, line())
    assert booked(paying) == {}


def test_an_accrual_that_knows_less_changes_nothing(paying):
    accrue(paying, line(7))
    done = accrue(paying, line(5), as_of=AT - timedelta(hours=1))
    assert (done.added, done.changed, booked(paying)) == (0, 0, {(MAY, "tiktok:p"): 7})


def test_a_failure_on_the_way_leaves_what_was_there(paying):
    accrue(paying, line(7))
    with pytest.raises(StoreError, match="no_negative_accrual"):
        settle(paying, MAY, line(-1), line(4, container_id="other"))
    assert booked(paying) == {(MAY, "tiktok:p"): 7}
    assert {row.settled_at for row in paying.payout_ledger.states()} == {None}


@each_database
def test_of_two_that_settle_at_once_one_does(operations):
    add_project(operations)
    store(operations)
    start, done = Barrier(4), []

    def run():
        start.wait()
        done.append(settle(operations, MAY, line()))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]
    assert booked(operations) == {(MAY, "tiktok:p"): 500}


# Payments


def payment(amount=500, reference="T1", **changes):
    row = {"reference": reference, "creator_id": "ada", "currency": "USD"}
    return NewPayment(**(row | {"amount_cents": amount, "paid_on": TODAY} | changes))


def pay(operations, *given, **changes):
    return operations.payout_payments.pay("brand", payment(*given, **changes), by="ann", now=AT)


@each_database
def test_a_payment_is_noted_once(operations):
    add_project(operations)
    store(operations)
    settle(operations, MAY, line())
    assert [pay(operations, 300), pay(operations, 300)] == [True, False]
    balance = operations.payout_payments.balances("brand")[0]
    assert (balance.accrued_cents, balance.paid_cents, balance.owed_cents) == (500, 300, 200)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"amount": 501}, r"5.01 USD is more than .*: 5.00 USD", id="more than owed"),
        pytest.param({"currency": "EUR"}, "5.00 EUR is more than", id="another currency"),
        pytest.param({"creator_id": "bob"}, "unpaid: nothing", id="another creator"),
        pytest.param({"amount": 0}, "pay more than nothing", id="nothing"),
    ],
)
def test_nobody_is_paid_more_than_is_settled(paying, changes, message):
    settle(paying, MAY, line(), line(900, start=JUNE))
    with pytest.raises(InputRefusedError, match=message):
        pay(paying, **changes)


def test_a_reference_is_one_payment(paying):
    settle(paying, MAY, line())
    pay(paying, 300)
    with pytest.raises(InputRefusedError, match=r"another amount_cents: 3\.00 USD to ada"):
        pay(paying, 200)
    with pytest.raises(InputRefusedError, match="another paid_on"):
        pay(paying, 300, paid_on=MAY)


@each_database
def test_two_payments_at_once_are_not_both_made_of_what_is_owed_once(operations):
    add_project(operations)
    store(operations)
    settle(operations, MAY, line())
    start, done = Barrier(3), []

    def run(number):
        start.wait()
        try:
            done.append(pay(operations, 400, f"T{number}"))
        except InputRefusedError:
            done.append(False)

    threads = [Thread(target=run, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, True]
