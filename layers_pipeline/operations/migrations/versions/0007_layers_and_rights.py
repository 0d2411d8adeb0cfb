"""Layers, their ad sets, rights to posts and Spark codes.

Belongs here: the change from 0006 to 0007.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("layers", "ad_sets", "content_rights", "spark_codes")


def upgrade() -> None:
    _layers()
    _ad_sets()
    _content_rights()
    _spark_codes()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _layers() -> None:
    table = "layers"
    op.create_table(
        table,
        _text("layer_id", "Slug that people choose."),
        _known_at(),
        _text("project_id", "Whose; never changes."),
        _text("ad_platform", "meta or tiktok; never changes."),
        _text("mode", "agency or byo."),
        _text("ad_account_id", "The platform's id, without act_."),
        _flag("is_ended", "True: nothing is picked for it any more."),
        _text("changed_by", "Who changed it."),
        _check(table, "ad_platform", "ad_platform IN ('meta', 'tiktok')"),
        _check(table, "mode", "mode IN ('agency', 'byo')"),
        _of_project(table),
        sa.PrimaryKeyConstraint("layer_id", "known_at", name=f"pk_{table}"),
        comment="Where a project's ads run. Grain: layer and change of it.",
    )
    op.create_index(f"ix_{table}_project_id", table, ["project_id"])


def _ad_sets() -> None:
    table = "ad_sets"
    op.create_table(
        table,
        _text("layer_id", "Its layer."),
        _text("ad_set_id", "The platform's id."),
        _known_at(),
        _text("name", "Name that people read.", length=200),
        _whole("capacity", "Ads that may run in it at once, 1-50."),
        _whole("slots_generated", "Of them, of the generated pool."),
        _whole("slots_ugc", "Of them, of the ugc pool."),
        _whole("slots_manual", "Of them, of the manual pool."),
        _flag("needs_creatives", "False: nothing is picked for it."),
        _text("changed_by", "Who changed it."),
        _check(table, "capacity", "capacity BETWEEN 1 AND 50"),
        _check(table, "slots", "slots_generated >= 0 AND slots_ugc >= 0 AND slots_manual >= 0"),
        sa.PrimaryKeyConstraint("layer_id", "ad_set_id", "known_at", name=f"pk_{table}"),
        comment="Ad sets of layers. Grain: ad set and change of it.",
    )


def _content_rights() -> None:
    table = "content_rights"
    kinds = (
        "'branded_content', 'spark_code', 'account_authorisation', 'agency_assignment', 'byo_grant'"
    )
    op.create_table(
        table,
        _text("project_id", "Who may run ads by it."),
        _text("kind", "Which right."),
        _text("subject", "What it is for: post, creator or account."),
        _text("subject_id", "Container of the post, id of the creator or account."),
        _known_at(),
        _instant("starts_at", "First instant at which it holds (UTC)."),
        _instant(
            "ends_at", "First instant at which it holds no more (UTC); null: open.", nullable=True
        ),
        _flag("is_revoked", "True: it holds no more, since known_at."),
        _text("source", "Who told of it."),
        _text("note", "Why; null: not told.", nullable=True, length=280),
        _text("changed_by", "Who changed it."),
        _check(table, "kind", f"kind IN ({kinds})"),
        _check(table, "subject", "subject IN ('post', 'creator', 'account')"),
        _check(table, "source", "source IN ('person', 'tiktok', 'meta', 'import')"),
        _check(table, "period", "ends_at > starts_at"),
        _of_project(table),
        sa.PrimaryKeyConstraint(
            "project_id", "kind", "subject", "subject_id", "known_at", name=f"pk_{table}"
        ),
        comment="What lets posts run as ads. Grain: right and change of it.",
    )


def _spark_codes() -> None:
    table = "spark_codes"
    op.create_table(
        table,
        _text("project_id", "Whose."),
        _text("container_id", "Of the post."),
        _text("encrypted_code", "The code, encrypted (Fernet)."),
        _instant("updated_at", "When it was stored (UTC)."),
        _of_project(table),
        sa.PrimaryKeyConstraint("project_id", "container_id", name=f"pk_{table}"),
        comment="Spark codes, encrypted. Grain: project and post.",
    )


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _known_at() -> sa.Column:
    return _instant("known_at", "When it was stored (UTC); rises from change to change.")


def _flag(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False, comment=comment)


def _whole(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False, comment=comment)


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project_id"], ["projects.project_id"], name=f"fk_{table}_project_id"
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
