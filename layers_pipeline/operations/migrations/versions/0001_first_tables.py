"""First tables: projects, accounts and their syncs, allowlist, scrape jobs.

Belongs here: the schema as it was first shipped.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "projects",
    "platform_accounts",
    "account_sync_states",
    "creators",
    "creator_accounts",
    "allowlist_entries",
    "scrape_jobs",
)


def upgrade() -> None:
    _projects()
    _platform_accounts()
    _account_sync_states()
    _creators()
    _creator_accounts()
    _allowlist_entries()
    _one_open_entry()
    _scrape_jobs()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _projects() -> None:
    op.create_table(
        "projects",
        _text("project_id", "Slug that people choose."),
        _text("name", "Name that people read."),
        _text("time_zone", "IANA zone of the project's days."),
        _column("is_active", sa.Boolean(), "False: nothing is synced for it."),
        _instant("created_at", "When the project was added (UTC)."),
        sa.PrimaryKeyConstraint("project_id", name="pk_projects"),
        comment="A brand's workspace. Grain: one row per project.",
    )


def _platform_accounts() -> None:
    table = "platform_accounts"
    op.create_table(
        table,
        _text("account_id", "platform:account_key."),
        _text("platform", "instagram or tiktok."),
        _text("account_key", "What the source calls the account."),
        _text("connection", "oauth: we hold a token; external: SIFT scrapes it."),
        _text("project_id", "Owner of an oauth account; null for external.", nullable=True),
        _text("status", "active, paused by a person, or reauth_required by the platform."),
        _instant("created_at", "When the account was added (UTC)."),
        _check(table, "platform", "platform IN ('instagram', 'tiktok')"),
        _check(table, "connection", "connection IN ('oauth', 'external')"),
        _check(table, "status", "status IN ('active', 'paused', 'reauth_required')"),
        _check(table, "owner", "(connection = 'oauth') = (project_id IS NOT NULL)"),
        _foreign_key(table, "project_id", "projects"),
        sa.PrimaryKeyConstraint("account_id", name="pk_platform_accounts"),
        sa.UniqueConstraint(
            "platform", "account_key", name="uq_platform_accounts_platform_account_key"
        ),
        comment="One Instagram or TikTok account. Grain: one row per account.",
    )
    _index(table, "project_id")


def _account_sync_states() -> None:
    table = "account_sync_states"
    op.create_table(
        table,
        _text("account_id", "The account."),
        _text("depth", "quick, posts or full."),
        *_sync_columns(),
        *_lease_columns("Worker that is syncing; null: none.", may="sync"),
        _check(table, "depth", "depth IN ('quick', 'posts', 'full')"),
        _check(
            table,
            "last_outcome",
            "last_outcome IN ('ok', 'partial', 'rate_limited', 'reauth_required',"
            " 'forbidden', 'unavailable', 'malformed')",
        ),
        _check(table, "failures_in_a_row", "failures_in_a_row >= 0"),
        _check(table, "lease", "(lease_owner IS NULL) = (lease_until IS NULL)"),
        _foreign_key(table, "account_id", "platform_accounts"),
        sa.PrimaryKeyConstraint("account_id", "depth", name="pk_account_sync_states"),
        comment="How the syncs of an account stand. Grain: one row per account and depth.",
    )
    _index(table, "depth", "last_started_at")


def _sync_columns() -> list[sa.Column]:
    started = "When the last sync with outcome ok was claimed (UTC); cadence counts from here."
    retry = "Not before this instant (UTC), and then at once; null: by cadence."
    failures = "Outcomes other than ok and partial since the last ok or partial."
    message = "What was said about the last outcome, cut."
    outcome = "How the last finished sync ended; null before the first."
    success = "When the last sync with outcome ok finished (UTC)."
    return [
        _instant("last_started_at", "Last claim (UTC).", nullable=True),
        _instant("last_finished_at", "Last outcome (UTC).", nullable=True),
        _instant("last_success_at", success, nullable=True),
        _instant("last_success_started_at", started, nullable=True),
        _text("last_outcome", outcome, nullable=True),
        _text("last_message", message, nullable=True, length=500),
        _instant("retry_at", retry, nullable=True),
        _column("failures_in_a_row", sa.Integer(), failures),
    ]


def _creators() -> None:
    since = "The earliest instant at which any project allowed the creator (UTC)."
    op.create_table(
        "creators",
        _text("creator_id", "Key that people choose."),
        _text("display_name", "Name that people read; the first given."),
        _instant("created_at", since),
        sa.PrimaryKeyConstraint("creator_id", name="pk_creators"),
        comment="The person behind external accounts. Grain: one per person.",
    )


def _creator_accounts() -> None:
    table = "creator_accounts"
    op.create_table(
        table,
        _text("account_id", "The account; it belongs to one creator only."),
        _text("creator_id", "Whose account it is."),
        _foreign_key(table, "account_id", "platform_accounts"),
        _foreign_key(table, "creator_id", "creators"),
        sa.PrimaryKeyConstraint("account_id", name="pk_creator_accounts"),
        comment="Whose account it is. Grain: one row per account.",
    )
    _index(table, "creator_id")


def _allowlist_entries() -> None:
    table = "allowlist_entries"
    until = "First instant no longer allowed (UTC); null: the entry is open."
    op.create_table(
        table,
        _column("allowlist_entry_id", sa.Integer(), "Running number."),
        _text("project_id", "Who allows."),
        _text("creator_id", "Who is allowed."),
        _instant("allowed_from", "First allowed instant (UTC)."),
        _instant("allowed_to", until, nullable=True),
        _check(table, "period", "allowed_to >= allowed_from"),
        _foreign_key(table, "project_id", "projects"),
        _foreign_key(table, "creator_id", "creators"),
        sa.PrimaryKeyConstraint("allowlist_entry_id", name="pk_allowlist_entries"),
        comment="Who may be scraped for whom, and when. Grain: one row per period.",
    )
    _index(table, "project_id")


def _one_open_entry() -> None:
    is_open = sa.text("allowed_to IS NULL")
    op.create_index(
        "uq_allowlist_entries_open",
        "allowlist_entries",
        ["creator_id", "project_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _scrape_jobs() -> None:
    table = "scrape_jobs"
    statuses = "'submitted', 'succeeded', 'collected', 'failed', 'expired'"
    op.create_table(
        table,
        *_scrape_columns(),
        *_lease_columns("Worker that has it; null: none.", may="work on it"),
        _check(table, "status", f"status IN ({statuses})"),
        _check(table, "attempts", "attempts >= 0"),
        _check(table, "lease", "(lease_owner IS NULL) = (lease_until IS NULL)"),
        _foreign_key(table, "account_id", "platform_accounts"),
        sa.PrimaryKeyConstraint("scrape_job_id", name="pk_scrape_jobs"),
        comment="Asynchronous scrapes at SIFT. Grain: one row per scrape asked for.",
    )
    _index(table, "account_id")
    _index(table, "status", "submitted_at")


def _scrape_columns() -> list[sa.Column]:
    status = "submitted, succeeded at SIFT, collected by us, failed or expired."
    finished = "When it was collected, failed or expired (UTC)."
    message = "What was said about the status, cut."
    return [
        _text("scrape_job_id", "Our idempotency key."),
        _text("account_id", "Scraped account."),
        _text("source_job_id", "SIFT's id; null until it is known.", nullable=True),
        _text("status", status),
        _instant("submitted_at", "When we asked for it (UTC)."),
        _instant("finished_at", finished, nullable=True),
        _text("message", message, nullable=True, length=500),
        _column("attempts", sa.Integer(), "How often a worker has claimed the job."),
        _instant("last_claimed_at", "Last claim (UTC).", nullable=True),
    ]


def _lease_columns(owner: str, *, may: str) -> list[sa.Column]:
    until = f"Until when nobody else may {may} (UTC); null: no lease."
    return [
        _text("lease_owner", owner, nullable=True),
        _instant("lease_until", until, nullable=True),
    ]


def _column(
    name: str, kind: sa.types.TypeEngine, comment: str, *, nullable: bool = False
) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable, comment=comment)


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return _column(name, sa.String(length), comment, nullable=nullable)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return _column(name, sa.DateTime(timezone=True), comment, nullable=nullable)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _foreign_key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.{column}"], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
