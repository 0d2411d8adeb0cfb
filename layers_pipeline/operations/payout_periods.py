"""Periods of payouts: which there are, what each is paid by, which are settled.

Belongs here: the table ``payout_periods``, and what follows from configs and settlements.
Does not belong here: lines (``payout_ledger``), what projects pay (``payout_configs``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.payout_configs import (
    PayoutConfig,
    configs_of,
    in_force,
    next_start,
)

LATEST: Final = datetime.max.replace(tzinfo=UTC)


class PayoutPeriodState(Base):
    """Grain: one row per project and period of which anything was accrued."""

    __tablename__ = "payout_periods"
    __table_args__ = (
        CheckConstraint("ends_before > starts_on", name="period"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
        {"comment": "Periods of payouts, open and settled. Grain: project and period."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Who pays."
    )
    starts_on: Mapped[date] = mapped_column(
        primary_key=True, comment="First day, in the project's time zone."
    )
    ends_before: Mapped[date] = mapped_column(comment="First day after it.")
    config_id: Mapped[int] = mapped_column(
        ForeignKey("payout_configs.config_id"),
        comment="What is paid for it; once it is settled, that stays.",
    )
    accrued_as_of: Mapped[datetime] = mapped_column(
        comment="Moment of knowledge of its lines (UTC)."
    )
    settled_at: Mapped[datetime | None] = mapped_column(
        default=None, comment="When it was settled (UTC); null: it is open."
    )
    settled_by: Mapped[str | None] = mapped_column(
        default=None, comment="Who settled it; null: nobody yet."
    )


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period to accrue, or one that is settled."""

    starts_on: date
    ends_before: date
    config: PayoutConfig
    is_settled: bool


def periods_of(
    session: Session, project_id: str, *, today: date, as_of: datetime | None = None
) -> list[Period]:
    """From the first config on; a settled period keeps the config that it was settled by.

    Args:
        as_of: What was stored or settled later does not exist; none: everything counts.
    """
    until = as_of or LATEST
    known = [one for one in configs_of(session, project_id) if one.known_at <= until]
    by_id = {config.config_id: config for config in known}
    states = select(PayoutPeriodState).where(PayoutPeriodState.project_id == project_id)
    settled = {
        state.starts_on: by_id[state.config_id]
        for state in session.scalars(states)
        if state.settled_at is not None and state.settled_at <= until
    }
    holding = in_force(known)
    if not holding:
        return []
    found: list[Period] = []
    start = min([holding[0].effective_from, *settled])
    while start <= today:
        held = [config for config in holding if config.effective_from <= start]
        config = settled.get(start) or (held or holding)[-1 if held else 0]
        end = next_start(start, config.period)
        found.append(
            Period(starts_on=start, ends_before=end, config=config, is_settled=start in settled)
        )
        start = end
    return found


def is_settled(periods: Sequence[Period], project_id: str, start: date, *, today: date) -> bool:
    """Whether a period is settled already; False if it may be.

    Raises:
        InputRefusedError: It is no period, not over, or an earlier one is open.
    """
    wanted = next((period for period in periods if period.starts_on == start), None)
    about = f"payout of {project_id!r}, period {start}"
    if wanted is None:
        known = ", ".join(f"{period.starts_on}" for period in periods[-3:]) or "none"
        raise InputRefusedError(f"{about}: no period starts then. The newest: {known}.")
    if wanted.is_settled:
        return True
    if wanted.ends_before > today:
        raise InputRefusedError(f"{about}: it is not over. Settle it from {wanted.ends_before} on.")
    earlier = [one for one in periods if one.starts_on < start and not one.is_settled]
    if earlier:
        raise InputRefusedError(f"{about}: settle {earlier[0].starts_on} first, which is open.")
    return False


def note_periods(
    session: Session,
    project_id: str,
    periods: Iterable[Period],
    states: Mapping[date, PayoutPeriodState],
    *,
    at: datetime,
) -> None:
    """Note of each open period that it was accrued, as of which moment and by which config."""
    for period in periods:
        if period.is_settled:
            continue
        state = states.get(period.starts_on)
        if state is None:
            new = PayoutPeriodState(
                project_id=project_id,
                starts_on=period.starts_on,
                ends_before=period.ends_before,
                config_id=period.config.config_id,
                accrued_as_of=at,
            )
            session.add(new)
        else:
            state.config_id, state.accrued_as_of = period.config.config_id, at
    session.flush()
