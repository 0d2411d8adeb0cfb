"""What projects pay creators, from which day on.

Belongs here: the table ``payout_configs``, a history that is only added to.
Does not belong here: what is owed because of it (``payout_ledger``), files (``files``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import NOTE_LENGTH, Base, one_of
from layers_pipeline.operations.projects import lock_project, require_projects
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text, require_word
from transforms.currencies import DECIMALS
from transforms.vocabulary import PAYOUT_BASES, PAYOUT_PERIODS, PayoutBase, PayoutPeriod

LARGEST: Final = {
    "base_amount_cents": 10**12,
    "required_posts": 1_000,
    "per_1000_views_cents": 10**6,
    "spend_share_bps": 10_000,
    "conversion_cents": 10**9,
    "views_cap_per_post_cents": 10**12,
    "views_cap_cents": 10**12,
    "spend_cap_cents": 10**12,
    "conversions_cap_cents": 10**12,
    "cap_cents": 10**12,
}
"""Largest value of each number: so far, products of them fit into 64 bits."""
SMALLEST: Final = {"required_posts": 1}
CAP: Final = "in minor units; null: none."


class PayoutConfig(Base):
    """Grain: one row per project, first day and change of what holds from that day on."""

    __tablename__ = "payout_configs"
    __table_args__ = (
        one_of("period", PAYOUT_PERIODS),
        one_of("base_mode", PAYOUT_BASES),
        CheckConstraint(
            "(base_mode IS NULL) = (base_amount_cents IS NULL)"
            " AND (base_mode IS NULL) = (required_posts IS NULL)",
            name="whole_base",
        ),
        UniqueConstraint("project_id", "effective_from", "known_at"),
        {"comment": "What creators are paid. Grain: project, first day and change."},
    )

    config_id: Mapped[int] = mapped_column(init=False, primary_key=True, comment="Running number.")
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.project_id"), comment="Who pays.")
    effective_from: Mapped[date] = mapped_column(
        comment="First day on which it holds, the first of a period; until the next one's."
    )
    known_at: Mapped[datetime] = mapped_column(comment="When it was stored (UTC).")
    period: Mapped[PayoutPeriod] = mapped_column(String, comment="What is settled at once.")
    currency: Mapped[str] = mapped_column(comment="Currency of every amount (ISO 4217).")
    base_mode: Mapped[PayoutBase | None] = mapped_column(
        String, comment="prorata or all_or_nothing; null: no base pay."
    )
    base_amount_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment="Base pay of a period in minor units."
    )
    required_posts: Mapped[int | None] = mapped_column(comment="Posts that base pay is for.")
    per_1000_views_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment="Minor units per 1,000 organic views; null: no such bonus."
    )
    views_cap_per_post_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment=f"Most that one post's views ever bring, {CAP}"
    )
    views_cap_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment=f"Most that views bring a creator in a period, {CAP}"
    )
    spend_share_bps: Mapped[int | None] = mapped_column(
        comment="Share of the ad spend on the creator's posts, in hundredths of a percent; null: "
        "no such bonus."
    )
    spend_cap_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment=f"Most that spend brings a creator in a period, {CAP}"
    )
    conversion_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment="Minor units per conversion; null: no such bonus."
    )
    conversions_cap_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment=f"Most that conversions bring a creator in a period, {CAP}"
    )
    cap_cents: Mapped[int | None] = mapped_column(
        BigInteger, comment=f"Most that a creator earns in a period, {CAP}"
    )
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")
    changed_by: Mapped[str] = mapped_column(comment="Who stored it.")


@dataclass(frozen=True, kw_only=True)
class PayoutTerms:
    """What is paid from a day on. Grain: one per project and first day.

    Without base and bonus, nothing is earned from that day on.
    """

    effective_from: date
    period: PayoutPeriod
    currency: str
    base_mode: PayoutBase | None = None
    base_amount_cents: int | None = None
    required_posts: int | None = None
    per_1000_views_cents: int | None = None
    views_cap_per_post_cents: int | None = None
    views_cap_cents: int | None = None
    spend_share_bps: int | None = None
    spend_cap_cents: int | None = None
    conversion_cents: int | None = None
    conversions_cap_cents: int | None = None
    cap_cents: int | None = None
    note: str | None = None


class PayoutConfigs(Repository):
    """What projects pay, as people set it."""

    def set(
        self, entries: Iterable[tuple[str, PayoutTerms]], *, changed_by: str, now: datetime
    ) -> int:
        """Store terms by project where they are new or changed; give the number of changes.

        Raises:
            InputRefusedError: Terms are impossible; nothing was written.
            NotFoundError: A project does not exist; nothing was written.
        """
        given, at = list(entries), require_aware(now, what="now")
        who = require_key(changed_by, what="name of the person")
        for project_id, terms in given:
            require_terms(project_id, terms)
        with self._database.write() as session:
            require_projects(session, [project_id for project_id, _ in given])
            changes = 0
            for project_id in sorted({project_id for project_id, _ in given}):
                lock_project(session, project_id)
                own = [terms for project, terms in given if project == project_id]
                changes += _store(session, project_id, own, changed_by=who, at=at)
            return changes

    def all(self) -> list[PayoutConfig]:
        """Every change, by project, first day and time."""
        return self._rows(select(PayoutConfig).order_by(*ORDER))


ORDER: Final = (
    PayoutConfig.project_id,
    PayoutConfig.effective_from,
    PayoutConfig.known_at,
    PayoutConfig.config_id,
)


def configs_of(session: Session, project_id: str) -> list[PayoutConfig]:
    """Every change of a project, by first day and time."""
    of_project = select(PayoutConfig).where(PayoutConfig.project_id == project_id)
    return list(session.scalars(of_project.order_by(*ORDER)))


def in_force(configs: Iterable[PayoutConfig]) -> list[PayoutConfig]:
    """The newest change of each first day, by day."""
    newest = {config.effective_from: config for config in configs}
    return [newest[day] for day in sorted(newest)]


def period_start(day: date, period: PayoutPeriod) -> date:
    """The first day of the period that a day lies in."""
    return day.replace(day=1) if period == "month" else day - timedelta(days=day.weekday())


def next_start(start: date, period: PayoutPeriod) -> date:
    """The first day of the period after the one that starts on a day."""
    far = timedelta(days=32 if period == "month" else 7)
    return period_start(start + far, period)


def require_terms(project_id: str, terms: PayoutTerms) -> None:
    """Refuse terms that cannot be, naming project, day, value and remedy."""
    at = f"payout config of {project_id!r} from {terms.effective_from}"
    require_word(terms.period, PAYOUT_PERIODS, what=f"{at}: period")
    first = period_start(terms.effective_from, terms.period)
    if first != terms.effective_from:
        raise InputRefusedError(
            f"{at}: it is no first day of a {terms.period}. Use {first} or"
            f" {next_start(first, terms.period)}."
        )
    if terms.currency not in DECIMALS:
        raise InputRefusedError(
            f"{at}: currency {terms.currency!r} is not in ISO 4217. Use a code such as USD."
        )
    if terms.base_mode is not None:
        require_word(terms.base_mode, PAYOUT_BASES, what=f"{at}: base mode")
    if len({part is None for part in _base(terms)}) > 1:
        raise InputRefusedError(
            f"{at}: base pay needs a mode, an amount and required posts, or none of them."
        )
    for name, largest in LARGEST.items():
        value, least = getattr(terms, name), SMALLEST.get(name, 0)
        if value is not None and not least <= value <= largest:
            raise InputRefusedError(f"{at}: {name} {value:,}: use {least} to {largest:,}.")


def _base(terms: PayoutTerms) -> tuple[object, ...]:
    return terms.base_mode, terms.base_amount_cents, terms.required_posts


def _store(
    session: Session, project_id: str, entries: list[PayoutTerms], *, changed_by: str, at: datetime
) -> int:
    known = configs_of(session, project_id)
    newest = {config.effective_from: config for config in known}
    kinds = {config.period for config in known} | {terms.period for terms in entries}
    if len(kinds) > 1:
        raise InputRefusedError(
            f"payout config of {project_id!r}: periods of {'s and of '.join(sorted(kinds))}s would"
            " overlap. Keep the one that the project began with."
        )
    changes = 0
    for terms in entries:
        before = newest.get(terms.effective_from)
        if before is not None and _same(before, terms):
            continue
        note = terms.note and require_text(terms.note, what="note", longest=NOTE_LENGTH)
        values: dict[str, Any] = {**vars(terms), "note": note}
        known_at = at if before is None else max(at, before.known_at + timedelta(microseconds=1))
        change = PayoutConfig(
            project_id=project_id,
            known_at=known_at,
            changed_by=changed_by,
            **values,
        )
        session.add(change)
        newest[terms.effective_from] = change
        changes += 1
    return changes


def _same(config: PayoutConfig, terms: PayoutTerms) -> bool:
    return all(
        getattr(config, name) == value for name, value in vars(terms).items() if name != "note"
    )
