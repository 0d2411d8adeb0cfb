"""What creators have earned, line by line, and which periods are settled.

Belongs here: the table ``payout_ledger``, accruing and settling as transactions.
Does not belong here: what a line comes to (``transforms.facts.payout_lines``), which periods there
are (``payout_periods``), payments.

Lines of a period that is not settled are made anew with each accrual. Settling ends that: from
then on nothing changes or deletes them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, delete, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.creators import name_of
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of
from layers_pipeline.operations.payout_periods import (
    PayoutPeriodState,
    Period,
    is_settled,
    note_periods,
    periods_of,
)
from layers_pipeline.operations.projects import lock_project
from layers_pipeline.operations.statements import chunks
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key
from transforms.vocabulary import PAYOUT_KINDS, PAYOUT_RULES, PayoutKind, PayoutRule

KEY: Final = (
    "creator_id",
    "period_starts_on",
    "kind",
    "rule",
    "earned_from",
    "container_id",
)
"""What identifies a line within its project."""


class PayoutLine(Base):
    """Grain: one row per project, creator, period, kind, rule, earning period and post."""

    __tablename__ = "payout_ledger"
    __table_args__ = (
        one_of("kind", PAYOUT_KINDS),
        one_of("rule", PAYOUT_RULES),
        CheckConstraint("kind = 'correction' OR amount_cents >= 0", name="no_negative_accrual"),
        CheckConstraint(
            "(kind = 'accrual') = (earned_from = period_starts_on)", name="earned_from"
        ),
        {"comment": "What creators earned. Grain: creator, period, kind, rule and post."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Who pays."
    )
    creator_id: Mapped[str] = mapped_column(primary_key=True, comment="Who is paid.")
    period_starts_on: Mapped[date] = mapped_column(
        primary_key=True, comment="First day of the period that it is booked in."
    )
    kind: Mapped[PayoutKind] = mapped_column(
        String, primary_key=True, comment="accrual or correction."
    )
    rule: Mapped[PayoutRule] = mapped_column(
        String, primary_key=True, comment="What it is paid for."
    )
    earned_from: Mapped[date] = mapped_column(
        primary_key=True,
        comment="First day of the period that it was earned in; of a correction a settled one.",
    )
    container_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The post; empty for base pay."
    )
    currency: Mapped[str] = mapped_column(comment="Currency of the amount (ISO 4217).")
    amount_cents: Mapped[int] = mapped_column(
        BigInteger, comment="Minor units; of a correction perhaps negative."
    )
    config_id: Mapped[int] = mapped_column(
        ForeignKey("payout_configs.config_id"), comment="What was paid by."
    )
    numbers: Mapped[str] = mapped_column(comment="The numbers that made it, as JSON.")
    accrued_at: Mapped[datetime] = mapped_column(
        comment="When it was last found to be so, anew or otherwise (UTC)."
    )


Line = Mapping[str, Any]
"""Columns of ``PayoutLine`` but for project_id and accrued_at."""
Compute = Callable[[Sequence[Period], Sequence[PayoutLine]], Iterable[Line]]
"""Given the periods and the settled lines, the lines of the periods that are open."""


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """What an accrual did, in lines."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: "Rewritten") -> "Rewritten":
        return Rewritten(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
        )


class PayoutLedger(Repository):
    """What creators earned."""

    def periods(
        self, project_id: str, *, today: date, as_of: datetime | None = None
    ) -> list[Period]:
        """The project's periods from its first config to the one of today.

        Args:
            as_of: As they stood at a moment; none: as they stand.
        """
        with self._database.read() as session:
            return periods_of(session, project_id, today=today, as_of=as_of)

    def rewrite(
        self, project_id: str, compute: Compute, *, today: date, as_of: datetime
    ) -> Rewritten:
        """Make the lines of the open periods anew, all of them or none.

        What was computed from newer knowledge stays: of two at once, the one that read less
        changes nothing.

        Args:
            compute: Called within the transaction, once nobody else can settle or accrue.
            today: The project's day at ``as_of``.
            as_of: The moment of knowledge.
        """
        with self._database.write() as session:
            return _rewrite(session, project_id, compute, today=today, as_of=as_of)

    def settle(
        self,
        project_id: str,
        starts_on: date,
        compute: Compute,
        *,
        today: date,
        as_of: datetime,
        by: str,
    ) -> bool:
        """Accrue and settle a period that is over, for good; False if it was settled.

        Raises:
            InputRefusedError: It is not over, an earlier one is open, or it is no period of the
                project; nothing was written.
        """
        who = require_key(by, what="name of the person")
        with self._database.write() as session:
            lock_project(session, project_id)
            periods = periods_of(session, project_id, today=today)
            if is_settled(periods, project_id, starts_on, today=today):
                return False
            _rewrite(session, project_id, compute, today=today, as_of=as_of)
            state = session.get_one(PayoutPeriodState, (project_id, starts_on))
            if state.accrued_as_of > as_of:
                raise InputRefusedError(
                    f"payout of {project_id!r}, period {starts_on}: another accrual knew more."
                    " Settle again."
                )
            state.settled_at, state.settled_by = require_aware(as_of, what="as_of"), who
            return True

    def creator_name(self, creator_id: str) -> str:
        """The name of a creator that people read; empty if nobody has added one."""
        with self._database.read() as session:
            return name_of(session, creator_id)

    def lines(self) -> list[PayoutLine]:
        """Every line, by its key."""
        return self._rows(select(PayoutLine).order_by(*_key_columns()))

    def states(self) -> list[PayoutPeriodState]:
        """Every period of which anything was accrued."""
        state = PayoutPeriodState
        return self._rows(select(state).order_by(state.project_id, state.starts_on))


def _key_columns() -> list[Any]:
    return [PayoutLine.project_id, *(getattr(PayoutLine, name) for name in KEY)]


def _rewrite(
    session: Session, project_id: str, compute: Compute, *, today: date, as_of: datetime
) -> Rewritten:
    at = require_aware(as_of, what="as_of")
    lock_project(session, project_id)
    periods = periods_of(session, project_id, today=today)
    is_open = {period.starts_on for period in periods if not period.is_settled}
    stored = list(session.scalars(select(PayoutLine).where(PayoutLine.project_id == project_id)))
    states = {
        state.starts_on: state
        for state in session.scalars(
            select(PayoutPeriodState).where(PayoutPeriodState.project_id == project_id)
        )
    }
    if any(state.accrued_as_of > at for state in states.values() if state.settled_at is None):
        return Rewritten()
    settled = [line for line in stored if line.period_starts_on not in is_open]
    open_lines = {_key(vars(line)): line for line in stored if line.period_starts_on in is_open}
    wanted = {_key(line): line for line in compute(periods, settled)}
    note_periods(session, project_id, periods, states, at=at)
    return _replace(session, project_id, open_lines, wanted, at=at)


def _key(line: Line) -> tuple[Any, ...]:
    return tuple(line[name] for name in KEY)


def _replace(
    session: Session,
    project_id: str,
    stored: Mapping[tuple[Any, ...], PayoutLine],
    wanted: Mapping[tuple[Any, ...], Line],
    *,
    at: datetime,
) -> Rewritten:
    gone = sorted(stored.keys() - wanted.keys())
    columns = tuple_(*_key_columns())
    for chunk in chunks([(project_id, *key) for key in gone]):
        session.execute(delete(PayoutLine).where(columns.in_(chunk)))
    changed = 0
    for key in wanted.keys() & stored.keys():
        line, now = stored[key], wanted[key]
        if any(getattr(line, name) != value for name, value in now.items()):
            changed += 1
            for name, value in now.items():
                setattr(line, name, value)
            line.accrued_at = at
    new = [
        PayoutLine(project_id=project_id, accrued_at=at, **wanted[key])
        for key in sorted(wanted.keys() - stored.keys())
    ]
    session.add_all(new)
    return Rewritten(added=len(new), changed=changed, removed=len(gone))
