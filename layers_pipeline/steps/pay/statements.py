"""A creator's statement of a period, put together from the ledger and the payments.

Belongs here: which lines a statement has, each in words with the numbers that made it.
Does not belong here: layout (``serving.statements``), amounts (``accrual``).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.payout_configs import period_start
from layers_pipeline.operations.payout_ledger import PayoutLine, PayoutPeriodState
from layers_pipeline.operations.payout_payments import Balance, PayoutPayment
from layers_pipeline.operations.store import Operations
from layers_pipeline.serving.statements import Statement, StatementLine
from transforms.facts.money import shown
from transforms.vocabulary import PAYOUT_RULES, PayoutPeriod

RULES: Final = {
    "base": "base pay",
    "organic_views": "organic views",
    "attributed_spend": "ad spend",
    "conversions": "conversions",
}
MONTH_LENGTH: Final = len("2025-05")


def statement_of(
    operations: Operations, project_id: str, creator_id: str, period: str
) -> Statement:
    """The statement of one creator and one period.

    Args:
        period: ``2025-05``, ``2025-W20``, or any day of it.

    Raises:
        NotFoundError: The project does not exist, or nothing was accrued for that period.
        InputRefusedError: The period cannot be read.
    """
    project = operations.projects.get(project_id)
    state = _state(operations, project_id, day_of(period))
    own = [
        line
        for line in operations.payout_ledger.lines()
        if (line.project_id, line.creator_id) == (project_id, creator_id)
    ]
    payments = [
        payment
        for payment in operations.payout_payments.all()
        if (payment.project_id, payment.creator_id) == (project_id, creator_id)
    ]
    if not own and not payments:
        raise NotFoundError(
            f"creator {creator_id!r}: nothing was ever earned in project {project_id!r}. Check the"
            f" spelling, or accrue first: layers-pipeline payout accrue"
        )
    of_period = [line for line in own if line.period_starts_on == state.starts_on]
    balances = operations.payout_payments.balances(project_id)
    return Statement(
        project_id=project_id,
        project_name=project.name,
        creator_id=creator_id,
        creator_name=operations.payout_ledger.creator_name(creator_id),
        starts_on=state.starts_on,
        ends_on=state.ends_before - timedelta(days=1),
        status=_status(state),
        lines=(*_earned(of_period), *_paid(payments, state)),
        totals=_totals(of_period, [row for row in balances if row.creator_id == creator_id]),
    )


def day_of(period: str) -> date:
    """A day that lies in a period: of a month or a week its first.

    Raises:
        InputRefusedError: It is none of the three forms.
    """
    try:
        if "W" in period:
            return date.fromisoformat(f"{period}-1")
        return date.fromisoformat(f"{period}-01" if len(period) == MONTH_LENGTH else period)
    except ValueError as error:
        raise InputRefusedError(
            f"period {period!r}: write a month such as 2025-05, a week such as 2025-W20, or a day."
        ) from error


def start_of(operations: Operations, project_id: str, period: str) -> date:
    """The first day of the project's period that one means."""
    operations.projects.get(project_id)
    configs = operations.payout_configs.all()
    kind: PayoutPeriod | None = next(
        (row.period for row in configs if row.project_id == project_id), None
    )
    if kind is None:
        raise NotFoundError(
            f"project {project_id!r} has no payout config. Add one: layers-pipeline payout config"
            " set --help"
        )
    return period_start(day_of(period), kind)


def _state(operations: Operations, project_id: str, day: date) -> PayoutPeriodState:
    states = [row for row in operations.payout_ledger.states() if row.project_id == project_id]
    for state in states:
        if state.starts_on <= day < state.ends_before:
            return state
    known = ", ".join(f"{state.starts_on}" for state in states[-3:]) or "none"
    raise NotFoundError(
        f"project {project_id!r}: nothing was accrued for the period of {day}. The newest periods"
        f" start on: {known}. Accrue first: layers-pipeline payout accrue"
    )


def _status(state: PayoutPeriodState) -> str:
    if state.settled_at is None:
        return f"open, as known {state.accrued_as_of:%Y-%m-%d %H:%M} UTC; amounts may change"
    return f"settled {state.settled_at:%Y-%m-%d %H:%M} UTC by {state.settled_by}"


def _earned(lines: Sequence[PayoutLine]) -> list[StatementLine]:
    places = {rule: place for place, rule in enumerate(PAYOUT_RULES)}
    ordered = sorted(
        lines, key=lambda line: (line.kind, places[line.rule], line.earned_from, line.container_id)
    )
    return [
        StatementLine(
            section="earned" if line.kind == "accrual" else "correction",
            earned_from=line.earned_from,
            rule=RULES[line.rule],
            post=line.container_id,
            amount_cents=line.amount_cents,
            currency=line.currency,
            in_words=in_words(line),
        )
        for line in ordered
    ]


def _paid(payments: Sequence[PayoutPayment], state: PayoutPeriodState) -> list[StatementLine]:
    return [
        StatementLine(
            section="payment",
            earned_from=payment.paid_on,
            rule="payment",
            post="",
            amount_cents=payment.amount_cents,
            currency=payment.currency,
            in_words=f"{payment.paid_on}, reference {payment.reference}",
        )
        for payment in payments
        if state.starts_on <= payment.paid_on < state.ends_before
    ]


def _totals(lines: Sequence[PayoutLine], balances: Sequence[Balance]) -> dict[str, dict[str, int]]:
    return {
        row.currency: {
            "this period": sum(
                line.amount_cents for line in lines if line.currency == row.currency
            ),
            "earned so far, corrections included": row.accrued_cents + row.corrections_cents,
            "paid so far": row.paid_cents,
            "owed": row.owed_cents,
        }
        for row in balances
    }


def in_words(line: PayoutLine) -> str:
    """How a line came about, with its numbers."""
    numbers: Mapping[str, Any] = json.loads(line.numbers)
    if line.kind == "correction":
        now, then = numbers["now_cents"], numbers["settled_cents"]
        said = (
            f"{RULES[line.rule]} of the period from {line.earned_from} comes to"
            f" {shown(now, line.currency)} now and was settled at {shown(then, line.currency)}"
        )
        rest = now - then - line.amount_cents
        return said + (f"; {shown(rest, line.currency)} is left for later" if rest else "")
    cut = numbers["uncapped_cents"] - line.amount_cents
    capped = f", of which {shown(cut, line.currency)} lies above a cap" if cut else ""
    return _SAY[line.rule](numbers, line.currency) + capped


def _base(numbers: Mapping[str, Any], currency: str) -> str:
    share = "by share" if numbers["base_mode"] == "prorata" else "all or nothing"
    return (
        f"{numbers['posts']} of {numbers['required_posts']} required posts,"
        f" {shown(numbers['base_amount_cents'], currency)} {share}"
    )


def _views(numbers: Mapping[str, Any], currency: str) -> str:
    cap = numbers["views_cap_per_post_cents"]
    most = "" if cap is None else f", {shown(cap, currency)} per post at most"
    return (
        f"views {numbers['views_before']:,} to {numbers['views_after']:,},"
        f" {shown(numbers['per_1000_views_cents'], currency)} per 1,000{most}"
    )


def _spend(numbers: Mapping[str, Any], currency: str) -> str:
    whole, rest = divmod(numbers["spend_share_bps"], 100)
    return f"{whole}.{rest:02} % of {shown(numbers['spend_cents'], currency)} that ads spent"


def _conversions(numbers: Mapping[str, Any], currency: str) -> str:
    return f"{numbers['conversions']:,} at {shown(numbers['conversion_cents'], currency)} each"


_SAY: Final = {
    "base": _base,
    "organic_views": _views,
    "attributed_spend": _spend,
    "conversions": _conversions,
}
