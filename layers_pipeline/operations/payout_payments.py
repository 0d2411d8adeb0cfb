"""What was paid to creators, and what is still owed.

Belongs here: the table ``payout_payments``, balances.
Does not belong here: what was earned (``payout_ledger``), moving money.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import NOTE_LENGTH, Base
from layers_pipeline.operations.payout_ledger import PayoutLine, PayoutPeriodState
from layers_pipeline.operations.projects import lock_project
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text
from transforms.facts.money import shown


class PayoutPayment(Base):
    """Grain: one row per project and payment, told apart by its reference."""

    __tablename__ = "payout_payments"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        {"comment": "Payments to creators. Grain: project and reference."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Who paid."
    )
    reference: Mapped[str] = mapped_column(
        primary_key=True, comment="The payment's name in the books, such as a transfer's number."
    )
    creator_id: Mapped[str] = mapped_column(comment="Who was paid.")
    currency: Mapped[str] = mapped_column(comment="Currency of the amount (ISO 4217).")
    amount_cents: Mapped[int] = mapped_column(BigInteger, comment="Minor units, more than 0.")
    paid_on: Mapped[date] = mapped_column(comment="Day of the payment.")
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="More on it, or null.")
    known_at: Mapped[datetime] = mapped_column(comment="When it was stored (UTC).")
    recorded_by: Mapped[str] = mapped_column(comment="Who stored it.")


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """A payment to be stored. Grain: one per reference."""

    reference: str
    creator_id: str
    currency: str
    amount_cents: int
    paid_on: date
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What one creator earned in one currency, in minor units. Owed = the rest after payments."""

    project_id: str
    creator_id: str
    currency: str
    accrued_cents: int
    corrections_cents: int
    settled_cents: int
    """Of both, what lies in settled periods: no more than that can be paid."""
    paid_cents: int

    @property
    def owed_cents(self) -> int:
        """Accrued + corrections - paid."""
        return self.accrued_cents + self.corrections_cents - self.paid_cents


class PayoutPayments(Repository):
    """What was paid."""

    def pay(self, project_id: str, payment: NewPayment, *, by: str, now: datetime) -> bool:
        """Store a payment; False if just that one was stored under its reference.

        Raises:
            InputRefusedError: It is more than what is settled and unpaid, or its reference is
                another payment's; nothing was written.
        """
        require_key(payment.reference, what="reference of the payment")
        note = payment.note and require_text(payment.note, what="note", longest=NOTE_LENGTH)
        given: dict[str, Any] = {**vars(payment), "note": note}
        at, who = require_aware(now, what="now"), require_key(by, what="name of the person")
        with self._database.write() as session:
            lock_project(session, project_id)
            known = session.get(PayoutPayment, (project_id, payment.reference))
            if known is not None:
                return _repeated(known, given)
            _require_owed(session, project_id, payment)
            session.add(PayoutPayment(project_id=project_id, known_at=at, recorded_by=who, **given))
            return True

    def all(self) -> list[PayoutPayment]:
        """Every payment, by project, day and reference."""
        row = PayoutPayment
        return self._rows(select(row).order_by(row.project_id, row.paid_on, row.reference))

    def balances(self, project_id: str = "") -> list[Balance]:
        """How each creator stands in each currency, of one project or of all."""
        with self._database.read() as session:
            return _balances(session, project_id)


def _repeated(known: PayoutPayment, given: dict[str, object]) -> bool:
    differing = [name for name, value in given.items() if getattr(known, name) != value]
    if differing:
        raise InputRefusedError(
            f"payment {known.reference!r} of project {known.project_id!r} is stored with another"
            f" {', '.join(differing)}: {shown(known.amount_cents, known.currency)} to"
            f" {known.creator_id} on {known.paid_on}. Give another reference."
        )
    return False


def _require_owed(session: Session, project_id: str, payment: NewPayment) -> None:
    about = f"payment {payment.reference!r} to {payment.creator_id!r} of project {project_id!r}"
    if payment.amount_cents <= 0:
        raise InputRefusedError(f"{about}: {payment.amount_cents}: pay more than nothing.")
    found = {
        row.currency: row.settled_cents - row.paid_cents
        for row in _balances(session, project_id)
        if row.creator_id == payment.creator_id
    }
    due = found.get(payment.currency, 0)
    if payment.amount_cents > due:
        owed = ", ".join(shown(rest, currency) for currency, rest in sorted(found.items()) if rest)
        raise InputRefusedError(
            f"{about}: {shown(payment.amount_cents, payment.currency)} is more than what is settled"
            f" and unpaid: {owed or 'nothing'}. Pay at most that, or settle a period first."
        )


def _balances(session: Session, project_id: str) -> list[Balance]:
    lines, states, payments = select(PayoutLine), select(PayoutPeriodState), select(PayoutPayment)
    if project_id:
        lines = lines.where(PayoutLine.project_id == project_id)
        states = states.where(PayoutPeriodState.project_id == project_id)
        payments = payments.where(PayoutPayment.project_id == project_id)
    return balances_of(session.scalars(lines), session.scalars(states), session.scalars(payments))


def balances_of(
    lines: Iterable[PayoutLine],
    states: Iterable[PayoutPeriodState],
    payments: Iterable[PayoutPayment],
) -> list[Balance]:
    """The balances that rows of the three tables come to, by project, creator and currency."""
    settled = {(row.project_id, row.starts_on) for row in states if row.settled_at is not None}
    sums: defaultdict[tuple[str, str, str], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(
            ("accrued_cents", "corrections_cents", "settled_cents", "paid_cents"), 0
        )
    )
    for line in lines:
        of = sums[line.project_id, line.creator_id, line.currency]
        of["accrued_cents" if line.kind == "accrual" else "corrections_cents"] += line.amount_cents
        if (line.project_id, line.period_starts_on) in settled:
            of["settled_cents"] += line.amount_cents
    for row in payments:
        sums[row.project_id, row.creator_id, row.currency]["paid_cents"] += row.amount_cents
    return [
        Balance(project_id=key[0], creator_id=key[1], currency=key[2], **sums[key])
        for key in sorted(sums)
    ]
