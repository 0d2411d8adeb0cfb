"""Ad accounts with their tokens, and how their readings went.

Belongs here: the change from 0007 to 0008.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "ad_accounts"
OUTCOMES = (
    "'ok', 'partial', 'rate_limited', 'reauth_required', 'forbidden', 'unavailable', 'malformed'"
)


def upgrade() -> None:
    status = "active, paused by a person, or reauth_required by the platform."
    zone = "IANA zone of its days, as the platform says; null: not read yet."
    read_until = "Last day of the last complete reading, in its zone; null: there was none."
    ok_started = "When the last reading with outcome ok was claimed (UTC)."
    failures = "Outcomes other than ok and partial since the last ok or partial."
    op.create_table(
        TABLE,
        _text("ad_platform", "meta or tiktok."),
        _text("ad_account_id", "The platform's id, without act_."),
        _text("project_id", "Whose; never changes."),
        _text("name", "What people call it; null: no name.", nullable=True),
        _text(
            "currency", "ISO 4217 code, as the platform says; null: not read yet.", nullable=True
        ),
        _text("time_zone", zone, nullable=True),
        _text("status", status),
        _instant("created_at", "When it was connected (UTC)."),
        _text("encrypted_access", "Access token, encrypted (Fernet)."),
        _instant(
            "expires_at",
            "When the token ends (UTC); null: it does not, or nobody said.",
            nullable=True,
        ),
        _instant("updated_at", "When the token was stored (UTC)."),
        sa.Column("read_until", sa.Date(), nullable=True, comment=read_until),
        _instant("last_started_at", "Last claim (UTC).", nullable=True),
        _instant("last_finished_at", "Last outcome (UTC).", nullable=True),
        _instant(
            "last_success_at",
            "When the last reading with outcome ok finished (UTC).",
            nullable=True,
        ),
        _instant("last_success_started_at", ok_started, nullable=True),
        _text("last_outcome", "How the last reading ended; null before the first.", nullable=True),
        _text(
            "last_message", "What was said about the last outcome, cut.", nullable=True, length=500
        ),
        _instant(
            "retry_at",
            "Not before this instant (UTC), and then at once; null: by cadence.",
            nullable=True,
        ),
        sa.Column("failures_in_a_row", sa.Integer(), nullable=False, comment=failures),
        _text("lease_owner", "Worker that is reading; null: none.", nullable=True),
        _instant(
            "lease_until", "Until when nobody else may read (UTC); null: no lease.", nullable=True
        ),
        _check("ad_platform", "ad_platform IN ('meta', 'tiktok')"),
        _check("status", "status IN ('active', 'paused', 'reauth_required')"),
        _check("last_outcome", f"last_outcome IN ({OUTCOMES})"),
        _check("failures_in_a_row", "failures_in_a_row >= 0"),
        _check("lease", "(lease_owner IS NULL) = (lease_until IS NULL)"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.project_id"], name=f"fk_{TABLE}_project_id"
        ),
        sa.PrimaryKeyConstraint("ad_platform", "ad_account_id", name=f"pk_{TABLE}"),
        comment="Ad accounts that are read, with their tokens. Grain: ad account.",
    )
    op.create_index(f"ix_{TABLE}_project_id", TABLE, ["project_id"])


def downgrade() -> None:
    op.drop_table(TABLE)


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))
