"""Refusals with a scope, a cause, a first and a last time, and an end.

Belongs here: the change from 0004 to 0005.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = ("source", "api_version", "login", "account_id", "media_type", "item_id", "name")
REMEMBERED = timedelta(days=14)
"""How long posts that are known to be unreadable stay so."""


def upgrade() -> None:
    _refusals()
    # One post's refusal may stand there as everybody's, so its end is its beginning: what is
    # still refused is learnt again, with its scope.
    op.execute(
        "INSERT INTO refusals (source, api_version, login, account_id, media_type, item_id, name,"
        " cause, first_at, last_at, until) SELECT source, api_version, '', '', media_type, '',"
        " metric, message, refused_at, refused_at, refused_at FROM refused_metrics"
    )
    posts = sa.text(
        "INSERT INTO refusals (source, api_version, login, account_id, media_type, item_id, name,"
        " cause, first_at, last_at, until)"
        " SELECT CASE platform WHEN 'tiktok' THEN 'tiktok_business' ELSE 'instagram_graph' END,"
        " '', '', account_id, 'any', platform_post_id, 'insights', reason, since, since, :until"
        " FROM unreadable_posts"
    )
    until = sa.bindparam("until", datetime.now(UTC) + REMEMBERED, sa.DateTime(timezone=True))
    op.execute(posts.bindparams(until))
    op.drop_table("refused_metrics")
    op.drop_table("unreadable_posts")


def downgrade() -> None:
    _refused_metrics()
    _unreadable_posts()
    op.execute(
        "INSERT INTO refused_metrics (source, media_type, metric, api_version, message, refused_at)"
        " SELECT source, media_type, name, api_version, min(cause), min(first_at) FROM refusals"
        " WHERE account_id = '' AND item_id = '' GROUP BY source, media_type, name, api_version"
    )
    op.execute(
        "INSERT INTO unreadable_posts (platform, platform_post_id, account_id, reason, since)"
        " SELECT CASE source WHEN 'tiktok_business' THEN 'tiktok' ELSE 'instagram' END, item_id,"
        " min(account_id), min(cause), min(first_at) FROM refusals"
        " WHERE name = 'insights' GROUP BY source, item_id"
    )
    op.drop_table("refusals")


def _refusals() -> None:
    op.create_table(
        "refusals",
        _text("source", "Such as instagram_graph."),
        _text("api_version", "Such as v26.0; empty: known before versions were kept."),
        _text("login", "Kind of login, such as facebook_login; empty: any."),
        _text("account_id", "Whose readings leave it out; empty: everybody's."),
        _text("media_type", "Such as reel; of fields, the list that has them, such as media."),
        _text("item_id", "The platform's id of the one post; empty: every post."),
        _text("name", "The platform's name of the metric or field; insights: all of a post."),
        _text("cause", "What was said, cut.", length=500),
        _instant("first_at", "When it was first refused (UTC)."),
        _instant("last_at", "When it was last refused (UTC)."),
        _instant("until", "From then on it is asked for again (UTC)."),
        sa.PrimaryKeyConstraint(*KEY, name="pk_refusals"),
        comment="What not to ask for until when. Grain: one per scope.",
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
        sa.CheckConstraint(
            "platform IN ('instagram', 'tiktok')", name=op.f(f"ck_{table}_platform")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["platform_accounts.account_id"], name=f"fk_{table}_account_id"
        ),
        sa.PrimaryKeyConstraint("platform", "platform_post_id", name=f"pk_{table}"),
        comment="Posts whose metrics are never given. Grain: one row per post.",
    )
    op.create_index(f"ix_{table}_account_id", table, ["account_id"])


def _text(name: str, comment: str, *, length: int | None = None) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False, comment=comment)


def _instant(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, comment=comment)
