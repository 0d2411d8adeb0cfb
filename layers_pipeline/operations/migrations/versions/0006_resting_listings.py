"""Listings of posts that take several syncs: where they rest.

Belongs here: the change from 0005 to 0006.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "resting_listings"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("account_id", sa.String(), nullable=False, comment="Whose posts."),
        sa.Column(
            "listing_id", sa.String(), nullable=False, comment="The sync that began the listing."
        ),
        sa.Column(
            "began_at", sa.DateTime(timezone=True), nullable=False, comment="When it began (UTC)."
        ),
        sa.Column("items", sa.Integer(), nullable=False, comment="Posts listed so far."),
        sa.Column(
            "reached",
            sa.BigInteger(),
            nullable=False,
            comment="Where it goes on; TikTok: milliseconds since 1970.",
        ),
        sa.Column(
            "is_doubtful", sa.Boolean(), nullable=False, comment="Whether it may lack posts."
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["platform_accounts.account_id"], name=f"fk_{TABLE}_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", name=f"pk_{TABLE}"),
        comment="Listings of posts that the next full sync goes on with. Grain: account.",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
