"""What projects mean to publish, and filters of content under a name.

Belongs here: the change from 0010 to 0012.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

KNOWN_AT = "When it was stored (UTC); rises from change to change."


def upgrade() -> None:
    _scheduled_content()
    _saved_views()


def downgrade() -> None:
    op.drop_table("saved_views")
    op.drop_table("scheduled_content")


def _scheduled_content() -> None:
    table = "scheduled_content"
    kinds = (
        "'reel', 'feed_image', 'feed_carousel', 'feed_video', 'story', 'tiktok_video',"
        " 'tiktok_photo'"
    )
    op.create_table(
        table,
        _text("project_id", "Whose."),
        _text("slug", "Name that people choose."),
        _instant("known_at", KNOWN_AT),
        _text("account_id", "Where it is to appear."),
        _instant("scheduled_for", "When it is to appear (UTC)."),
        _text("caption", "Its text.", length=4000),
        _text("media_type", "Kind of post; null: not told.", nullable=True),
        _text("container_id", "Creative that it is to show; null: not told.", nullable=True),
        _truth("is_cancelled", "True: it is not to appear any more."),
        _text("note", "Why it was changed; null: not told.", nullable=True, length=280),
        _text("changed_by", "Who changed it."),
        _check(table, "media_type", f"media_type IN ({kinds})"),
        _of(table, "project_id", "projects.project_id"),
        _of(table, "account_id", "platform_accounts.account_id"),
        sa.PrimaryKeyConstraint("project_id", "slug", "known_at", name=f"pk_{table}"),
        comment="What projects mean to publish. Grain: scheduled post and change of it.",
    )


def _saved_views() -> None:
    table = "saved_views"
    op.create_table(
        table,
        _text("project_id", "Whose content it shows."),
        _text("name", "Slug that people choose."),
        _instant("known_at", KNOWN_AT),
        _text("query", "The filter, as a URL's query; empty: everything."),
        _text("export_as", "What the schedule writes of it; null: nothing.", nullable=True),
        _truth("is_forgotten", "True: it is there no more."),
        _text("changed_by", "Who changed it."),
        _check(table, "export_as", "export_as IN ('csv', 'parquet')"),
        _of(table, "project_id", "projects.project_id"),
        sa.PrimaryKeyConstraint("project_id", "name", "known_at", name=f"pk_{table}"),
        comment="Filters of content under a name. Grain: saved view and change of it.",
    )


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, comment=comment)


def _truth(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False, comment=comment)


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [other], name=f"fk_{table}_{column}")


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
