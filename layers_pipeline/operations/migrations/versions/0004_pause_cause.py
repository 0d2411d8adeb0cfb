"""Why an account is paused: by a person, or since an import brought it.

Belongs here: the change from 0003 to 0004.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COMMENT = "Who paused it, a person or its import; null: not paused."


def upgrade() -> None:
    # Written out, because SQLite adds a CHECK only together with its column.
    op.execute(
        "ALTER TABLE platform_accounts ADD COLUMN pause_cause VARCHAR"
        " CONSTRAINT ck_platform_accounts_pause_cause"
        " CHECK (pause_cause IN ('person', 'import'))"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON COLUMN platform_accounts.pause_cause IS '{COMMENT}'")
    # Imports bring external accounts, paused; one that was never synced nobody has let in since.
    op.execute(
        "UPDATE platform_accounts SET pause_cause = CASE"
        " WHEN connection = 'external' AND NOT EXISTS (SELECT 1 FROM account_sync_states AS synced"
        " WHERE synced.account_id = platform_accounts.account_id"
        " AND synced.last_started_at IS NOT NULL) THEN 'import' ELSE 'person' END"
        " WHERE status = 'paused'"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_platform_accounts_pause_cause", "platform_accounts")
    op.drop_column("platform_accounts", "pause_cause")
