"""How jobs run and how much of the platforms' allowances is used, for whoever watches.

Belongs here: the change from 0012 to 0013.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(), nullable=False, comment="The job's name."),
        _count("succeeded", "Runs that ended well, ever."),
        _count("failed", "Runs of which a step failed, ever."),
        _number("seconds", "Seconds that all of them took together."),
        _instant("last_ended_at", "When the newest run ended (UTC)."),
        _instant("last_succeeded_at", "When the newest that went well ended (UTC).", nullable=True),
        _number("last_seconds", "Seconds that the newest run took."),
        _count("last_memory_bytes", "Most memory that its process had by then, in bytes."),
        sa.PrimaryKeyConstraint("job", name="pk_job_runs"),
        comment="How jobs run. Grain: one row per job.",
    )
    op.create_table(
        "api_calls",
        sa.Column("api", sa.String(), nullable=False, comment="Such as instagram or sift."),
        _count("calls", "Requests made, ever, repeated ones included."),
        _instant("counted_at", "When some were last added (UTC)."),
        _number("app_used_ratio", "Most of the app's allowance that was told used.", nullable=True),
        _number("account_used_ratio", "Most of any account's that was told used.", nullable=True),
        _instant("told_at", "Which sync was told so (UTC); null: none ever.", nullable=True),
        sa.PrimaryKeyConstraint("api", name="pk_api_calls"),
        comment="Calls of platforms' APIs. Grain: one row per API.",
    )


def downgrade() -> None:
    op.drop_table("api_calls")
    op.drop_table("job_runs")


def _count(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def _number(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Double(), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)
