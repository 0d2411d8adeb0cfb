"""What creators are paid: configs, periods, the ledger, payments.

Belongs here: the change from 0008 to 0009.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("payout_configs", "payout_periods", "payout_ledger", "payout_payments")


def upgrade() -> None:
    _configs()
    _periods()
    _ledger()
    _payments()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _configs() -> None:
    table = "payout_configs"
    cap = "in minor units; null: none."
    base = (
        "(base_mode IS NULL) = (base_amount_cents IS NULL)"
        " AND (base_mode IS NULL) = (required_posts IS NULL)"
    )
    op.create_table(
        table,
        _whole("config_id", "Running number."),
        _text("project_id", "Who pays."),
        _day(
            "effective_from",
            "First day on which it holds, the first of a period; until the next one's.",
        ),
        _instant("known_at", "When it was stored (UTC)."),
        _text("period", "What is settled at once."),
        _text("currency", "Currency of every amount (ISO 4217)."),
        _text("base_mode", "prorata or all_or_nothing; null: no base pay.", nullable=True),
        _money("base_amount_cents", "Base pay of a period in minor units.", nullable=True),
        _whole("required_posts", "Posts that base pay is for.", nullable=True),
        _money(
            "per_1000_views_cents",
            "Minor units per 1,000 organic views; null: no such bonus.",
            nullable=True,
        ),
        _money(
            "views_cap_per_post_cents",
            f"Most that one post's views ever bring, {cap}",
            nullable=True,
        ),
        _money(
            "views_cap_cents", f"Most that views bring a creator in a period, {cap}", nullable=True
        ),
        _whole(
            "spend_share_bps",
            "Share of the ad spend on the creator's posts, in hundredths of a percent; null: "
            "no such bonus.",
            nullable=True,
        ),
        _money(
            "spend_cap_cents", f"Most that spend brings a creator in a period, {cap}", nullable=True
        ),
        _money(
            "conversion_cents",
            "Minor units per conversion; null: no such bonus.",
            nullable=True,
        ),
        _money(
            "conversions_cap_cents",
            f"Most that conversions bring a creator in a period, {cap}",
            nullable=True,
        ),
        _money("cap_cents", f"Most that a creator earns in a period, {cap}", nullable=True),
        _text("note", "Why; null: not told.", nullable=True, length=280),
        _text("changed_by", "Who stored it."),
        _check(table, "period", "period IN ('week', 'month')"),
        _check(table, "base_mode", "base_mode IN ('prorata', 'all_or_nothing')"),
        _check(table, "whole_base", base),
        _of(table, "project_id", "projects.project_id"),
        sa.PrimaryKeyConstraint("config_id", name=f"pk_{table}"),
        sa.UniqueConstraint(
            "project_id",
            "effective_from",
            "known_at",
            name=f"uq_{table}_project_id_effective_from_known_at",
        ),
        comment="What creators are paid. Grain: project, first day and change.",
    )


def _periods() -> None:
    table = "payout_periods"
    op.create_table(
        table,
        _text("project_id", "Who pays."),
        _day("starts_on", "First day, in the project's time zone."),
        _day("ends_before", "First day after it."),
        _whole("config_id", "What is paid for it; once it is settled, that stays."),
        _instant("accrued_as_of", "Moment of knowledge of its lines (UTC)."),
        _instant("settled_at", "When it was settled (UTC); null: it is open.", nullable=True),
        _text("settled_by", "Who settled it; null: nobody yet.", nullable=True),
        _check(table, "period", "ends_before > starts_on"),
        _check(table, "settled", "(settled_at IS NULL) = (settled_by IS NULL)"),
        _of(table, "project_id", "projects.project_id"),
        _of(table, "config_id", "payout_configs.config_id"),
        sa.PrimaryKeyConstraint("project_id", "starts_on", name=f"pk_{table}"),
        comment="Periods of payouts, open and settled. Grain: project and period.",
    )


def _ledger() -> None:
    table = "payout_ledger"
    rules = "'base', 'organic_views', 'attributed_spend', 'conversions'"
    key = (
        "project_id",
        "creator_id",
        "period_starts_on",
        "kind",
        "rule",
        "earned_from",
        "container_id",
    )
    op.create_table(
        table,
        _text("project_id", "Who pays."),
        _text("creator_id", "Who is paid."),
        _day("period_starts_on", "First day of the period that it is booked in."),
        _text("kind", "accrual or correction."),
        _text("rule", "What it is paid for."),
        _day(
            "earned_from",
            "First day of the period that it was earned in; of a correction a settled one.",
        ),
        _text("container_id", "The post; empty for base pay."),
        _text("currency", "Currency of the amount (ISO 4217)."),
        _money("amount_cents", "Minor units; of a correction perhaps negative."),
        _whole("config_id", "What was paid by."),
        _text("numbers", "The numbers that made it, as JSON."),
        _instant("accrued_at", "When it was last found to be so, anew or otherwise (UTC)."),
        _check(table, "kind", "kind IN ('accrual', 'correction')"),
        _check(table, "rule", f"rule IN ({rules})"),
        _check(table, "no_negative_accrual", "kind = 'correction' OR amount_cents >= 0"),
        _check(table, "earned_from", "(kind = 'accrual') = (earned_from = period_starts_on)"),
        _of(table, "project_id", "projects.project_id"),
        _of(table, "config_id", "payout_configs.config_id"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        comment="What creators earned. Grain: creator, period, kind, rule and post.",
    )


def _payments() -> None:
    table = "payout_payments"
    op.create_table(
        table,
        _text("project_id", "Who paid."),
        _text("reference", "The payment's name in the books, such as a transfer's number."),
        _text("creator_id", "Who was paid."),
        _text("currency", "Currency of the amount (ISO 4217)."),
        _money("amount_cents", "Minor units, more than 0."),
        _day("paid_on", "Day of the payment."),
        _text("note", "More on it, or null.", nullable=True, length=280),
        _instant("known_at", "When it was stored (UTC)."),
        _text("recorded_by", "Who stored it."),
        _check(table, "amount", "amount_cents > 0"),
        _of(table, "project_id", "projects.project_id"),
        sa.PrimaryKeyConstraint("project_id", "reference", name=f"pk_{table}"),
        comment="Payments to creators. Grain: project and reference.",
    )


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _day(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=False, comment=comment)


def _whole(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable, comment=comment)


def _money(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, comment=comment)


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [other], name=f"fk_{table}_{column}")


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
