"""Content: creatives, what is said of them, ads, versions of the rules, pinned settings.

Belongs here: the change from 0002 to 0003.
Does not belong here: imports of the models, which move on while this stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "creatives",
    "safety_reviews",
    "content_overrides",
    "content_approvals",
    "ads",
    "scoring_versions",
    "settled_settings",
)


def upgrade() -> None:
    _creatives()
    _safety_reviews()
    _content_overrides()
    _content_approvals()
    _ads()
    _scoring_versions()
    _open_periods()
    _pinned_settings()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _creatives() -> None:
    table = "creatives"
    prompt = "Prompt that it was generated from; null: not told."
    op.create_table(
        table,
        _text("project_id", "Whose."),
        _text("container_id", "kind:slug; the same in every project."),
        _text("kind", "generated or manual."),
        _instant("created_at", "When it was made (UTC); its age."),
        _instant("known_at", "When it was added to the project (UTC)."),
        _text("prompt", prompt, nullable=True, length=10_000),
        _text("influencer", "Whom it shows; null: not told.", nullable=True),
        _text("media_source", "Where its media comes from; null: not told.", nullable=True),
        _check(table, "kind", "kind IN ('generated', 'manual')"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.project_id"], name="fk_creatives_project_id"
        ),
        sa.PrimaryKeyConstraint("project_id", "container_id", name="pk_creatives"),
        comment="Content that is no post. Grain: one row per project and creative.",
    )
    op.create_index("ix_creatives_container_id", table, ["container_id"])


def _safety_reviews() -> None:
    op.create_table(
        "safety_reviews",
        _text("container_id", "The post's or creative's container, in every project."),
        _known_at(),
        sa.Column(
            "safety_failed",
            sa.Boolean(),
            nullable=False,
            comment="True: it scores 0 and never runs.",
        ),
        _text("reviewed_by", "Who reviewed it."),
        _note(),
        sa.PrimaryKeyConstraint("container_id", "known_at", name="pk_safety_reviews"),
        comment="Outcomes of safety reviews. Grain: container and review.",
    )


def _content_overrides() -> None:
    table = "content_overrides"
    override = "include or exclude; null: the score decides again."
    op.create_table(
        table,
        _text("ads_content_id", "project/container."),
        _known_at(),
        _text("override", override, nullable=True),
        _text("note", "Why.", length=280),
        _text("changed_by", "Who changed it."),
        _check(table, "override", "override IN ('include', 'exclude')"),
        sa.PrimaryKeyConstraint("ads_content_id", "known_at", name=f"pk_{table}"),
        comment="Changes of overrides. Grain: ads content and change.",
    )


def _content_approvals() -> None:
    table = "content_approvals"
    approvals = "'not_required', 'pending', 'approved', 'rejected'"
    op.create_table(
        table,
        _text("ads_content_id", "project/container."),
        _known_at(),
        _text("approval", "not_required, pending, approved or rejected."),
        _note(),
        _text("changed_by", "Who changed it."),
        _check(table, "approval", f"approval IN ({approvals})"),
        sa.PrimaryKeyConstraint("ads_content_id", "known_at", name=f"pk_{table}"),
        comment="Changes of approvals. Grain: ads content and change.",
    )


def _ads() -> None:
    op.create_table(
        "ads",
        _text("ad_platform", "meta or tiktok."),
        _text("ad_id", "The platform's id of the ad."),
        _known_at(),
        _text("ads_content_id", "What it shows: project/container."),
        _check("ads", "ad_platform", "ad_platform IN ('meta', 'tiktok')"),
        sa.PrimaryKeyConstraint("ad_platform", "ad_id", "known_at", name="pk_ads"),
        comment="What ads show. Grain: ad and change of what it shows.",
    )


def _scoring_versions() -> None:
    table = "scoring_versions"
    until = "First instant after the period (UTC); null: it is open."
    op.create_table(
        table,
        sa.Column("scoring_version_id", sa.Integer(), nullable=False, comment="Running number."),
        _text("version", "Version of the rules, such as 2."),
        _text("role", "active: its scores count; shadow: it is computed beside."),
        _instant("since", "First instant of the period (UTC)."),
        _instant("until", until, nullable=True),
        _text("changed_by", "Who began the period."),
        _check(table, "role", "role IN ('active', 'shadow')"),
        _check(table, "period", "until >= since"),
        sa.PrimaryKeyConstraint("scoring_version_id", name=f"pk_{table}"),
        comment="Which version of the rules does what. Grain: one row per period.",
    )


def _open_periods() -> None:
    active = sa.text("until IS NULL AND role = 'active'")
    is_open = sa.text("until IS NULL")
    for name, columns, where in (
        ("uq_scoring_versions_active", ["role"], active),
        ("uq_scoring_versions_open", ["version", "role"], is_open),
    ):
        op.create_index(
            name,
            "scoring_versions",
            columns,
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def _pinned_settings() -> None:
    op.create_table(
        "settled_settings",
        _text("name", "The setting."),
        _text("value", "The value that data was stored under."),
        _instant("settled_at", "When it was first used (UTC)."),
        sa.PrimaryKeyConstraint("name", name="pk_settled_settings"),
        comment="Settings that stored data depends on. Grain: one row per setting.",
    )


def _text(
    name: str, comment: str, *, nullable: bool = False, length: int | None = None
) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, comment=comment)


def _instant(name: str, comment: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _known_at() -> sa.Column:
    return _instant("known_at", "When it was stored (UTC); rises from change to change.")


def _note() -> sa.Column:
    return _text("note", "Why; null: not told.", nullable=True, length=280)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
