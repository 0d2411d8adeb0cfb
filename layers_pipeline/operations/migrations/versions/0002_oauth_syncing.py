"""OAuth syncing: tokens, pauses, refusals, confirmed deletions, names of accounts.

Belongs here: the change from 0001 to 0002.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "account_tokens",
    "api_pauses",
    "refused_metrics",
    "unreadable_posts",
    "deletion_confirmations",
)


def upgrade() -> None:
    name = "What people call it; null: nobody gave it a name."
    op.add_column("platform_accounts", _text("display_name", name, nullable=True))
    _account_tokens()
    _api_pauses()
    _refused_metrics()
    _unreadable_posts()
    _deletion_confirmations()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("platform_accounts", "display_name")


def _account_tokens() -> None:
    table = "account_tokens"
    refresh = "Refresh token, encrypted (Fernet); null: the platform gives none."
    refresh_end = "When the refresh token ends (UTC); null: unknown, or there is none."
    op.create_table(
        table,
        _text("account_id", "Whose."),
        _text("encrypted_access", "Access token, encrypted (Fernet)."),
        _text("encrypted_refresh", refresh, nullable=True),
        _instant("expires_at", "When the access token ends (UTC)."),
        _instant("refresh_expires_at", refresh_end, nullable=True),
        _instant("updated_at", "When the token was stored (UTC); a change of keys leaves it."),
        *_lease_columns(),
        _check(table, "refresh", "encrypted_refresh IS NOT NULL OR refresh_expires_at IS NULL"),
        _check(table, "lease", "(lease_owner IS NULL) = (lease_until IS NULL)"),
        _of_account(table),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_tokens"),
        comment="Tokens, encrypted. Grain: one row per OAuth account that gave one.",
    )


def _lease_columns() -> list[sa.Column]:
    until = "Until when nobody else may refresh it (UTC); null: no lease."
    return [
        _text("lease_owner", "Worker that is refreshing the token; null: none.", nullable=True),
        _instant("lease_until", until, nullable=True),
    ]


def _api_pauses() -> None:
    op.create_table(
        "api_pauses",
        _text("scope", "What is paused, such as instagram_graph:app."),
        _instant("until", "First instant that is free again (UTC)."),
        _text("reason", "Why, in words, cut.", length=500),
        _instant("set_at", "When this end was set (UTC)."),
        sa.PrimaryKeyConstraint("scope", name="pk_api_pauses"),
        comment="APIs that get no calls for a while. Grain: one per scope.",
    )


def _refused_metrics() -> None:
    op.create_table(
        "refused_metrics",
        _text("source", "Such as instagram_graph."),
        _text("media_type", "Such as reel."),
        _text("metric", "The platform's name for it."),
        _text("api_version", "Such as v26.0."),
        _text("message", "What the source said, cut.", length=500),
        _instant("refused_at", "When it first refused (UTC)."),
        sa.PrimaryKeyConstraint(
            "source", "media_type", "metric", "api_version", name="pk_refused_metrics"
        ),
        comment="Metrics not to ask for. Grain: source, media type, metric, API version.",
    )


def _unreadable_posts() -> None:
    table = "unreadable_posts"
    op.create_table(
        table,
        _text("platform", "instagram or tiktok."),
        _text("platform_post_id", "The platform's id of the post."),
        _text("account_id", "Whose post."),
        _text("reason", "Why, in words, cut.", length=500),
        _instant("since", "When it was first met (UTC)."),
        _check(table, "platform", "platform IN ('instagram', 'tiktok')"),
        _of_account(table),
        sa.PrimaryKeyConstraint("platform", "platform_post_id", name="pk_unreadable_posts"),
        comment="Posts whose metrics are never given. Grain: one row per post.",
    )
    op.create_index(f"ix_{table}_account_id", table, ["account_id"])


def _deletion_confirmations() -> None:
    table = "deletion_confirmations"
    op.create_table(
        table,
        sa.Column(
            "deletion_confirmation_id", sa.Integer(), nullable=False, comment="Running number."
        ),
        _text("account_id", "Whose posts are gone."),
        _text("listing_id", "The listing that no longer showed them."),
        _instant("confirmed_at", "When it was confirmed (UTC)."),
        _text("confirmed_by", "Who confirmed it."),
        _of_account(table),
        sa.PrimaryKeyConstraint("deletion_confirmation_id", name=f"pk_{table}"),
        sa.UniqueConstraint("account_id", "listing_id", name=f"uq_{table}_account_id_listing_id"),
        comment="Mass deletions that a person confirmed. Grain: one per listing.",
    )


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["platform_accounts.account_id"], name=f"fk_{table}_account_id"
    )
