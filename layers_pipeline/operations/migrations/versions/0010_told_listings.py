"""Listings and renamed accounts that people tell of.

Belongs here: the change from 0009 to 0010.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "told_listings"
RENAMES = "account_renames"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("told_listing_id", sa.Integer(), nullable=False, comment="Running number."),
        _text("account_id", "Whose posts were listed."),
        _instant("started_at", "When the listing began (UTC)."),
        _instant("finished_at", "When it ended (UTC); known since then."),
        sa.Column(
            "is_complete",
            sa.Boolean(),
            nullable=False,
            comment="Whether every post within its reach was listed.",
        ),
        _instant(
            "reaches_back_to",
            "No post older than this was looked for (UTC); null: as far as the platform lists.",
            nullable=True,
        ),
        sa.Column(
            "followers",
            sa.BigInteger(),
            nullable=True,
            comment="Followers that the account showed when it ended; null: not looked at.",
        ),
        _text("told_by", "Who said so."),
        _instant("told_at", "When it was stored (UTC)."),
        sa.CheckConstraint("followers >= 0", name=op.f(f"ck_{TABLE}_followers")),
        sa.CheckConstraint("finished_at >= started_at", name=op.f(f"ck_{TABLE}_period")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["platform_accounts.account_id"], name=f"fk_{TABLE}_account_id"
        ),
        sa.PrimaryKeyConstraint("told_listing_id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("account_id", "started_at", name=f"uq_{TABLE}_account_id_started_at"),
        comment="Listings that people tell of. Grain: one row per account and beginning.",
    )
    op.create_table(
        RENAMES,
        _text("platform", "instagram or tiktok."),
        _text("old_key", "What the account was called."),
        _text("new_key", "What it has been called since."),
        _text("told_by", "Who said so."),
        _instant("told_at", "When it was stored (UTC)."),
        sa.CheckConstraint("new_key <> old_key", name=op.f(f"ck_{RENAMES}_another")),
        sa.PrimaryKeyConstraint("platform", "old_key", name=f"pk_{RENAMES}"),
        comment="Accounts that have another name now. Grain: one row per name of before.",
    )


def downgrade() -> None:
    op.drop_table(RENAMES)
    op.drop_table(TABLE)


def _text(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=False, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)
