"""Creatives: content that is no post, added to projects.

Belongs here: the table ``creatives``, and whether what is said of one agrees.
Does not belong here: what is said of content later (``verdicts``), files of creatives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.content_ids import kind_of_creative, require_container
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of
from layers_pipeline.operations.projects import Project, require_projects
from layers_pipeline.operations.statements import chunks, insert_if_absent, missing, one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_project_id, require_text
from transforms.vocabulary import CREATIVE_KINDS, CreativeKind

PROMPT_LENGTH: Final = 10_000
"""Longest prompt kept, in characters."""
WORD_LENGTH: Final = 500
"""Longest influencer or media source, in characters; an address must fit."""
_DESCRIPTION: Final = ("created_at", "prompt", "influencer", "media_source")
_SHOWN: Final = 5


class Creative(Base):
    """Grain: one row per project and generated or manual creative."""

    __tablename__ = "creatives"
    __table_args__ = (
        one_of("kind", CREATIVE_KINDS),
        {"comment": "Content that is no post. Grain: one row per project and creative."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Whose."
    )
    container_id: Mapped[str] = mapped_column(
        primary_key=True, index=True, comment="kind:slug; the same in every project."
    )
    kind: Mapped[CreativeKind] = mapped_column(String, comment="generated or manual.")
    created_at: Mapped[datetime] = mapped_column(comment="When it was made (UTC); its age.")
    known_at: Mapped[datetime] = mapped_column(comment="When it was added to the project (UTC).")
    prompt: Mapped[str | None] = mapped_column(
        String(PROMPT_LENGTH), comment="Prompt that it was generated from; null: not told."
    )
    influencer: Mapped[str | None] = mapped_column(comment="Whom it shows; null: not told.")
    media_source: Mapped[str | None] = mapped_column(
        comment="Where its media comes from; null: not told."
    )


@dataclass(frozen=True, kw_only=True)
class NewCreative:
    """A creative to add. Grain: one per project and creative.

    What is left out is as it is known from another project, and else null, or now.
    """

    project_id: str
    container_id: str
    """``kind:slug``, the same in every project."""
    kind: CreativeKind
    created_at: datetime | None = None
    prompt: str | None = None
    influencer: str | None = None
    media_source: str | None = None


class Creatives(Repository):
    """Content that is no post. A creative may be in several projects and is the same in each."""

    def add(self, rows: Iterable[NewCreative], *, now: datetime) -> int:
        """Add the creatives that their projects lack; give their number.

        Raises:
            InputRefusedError: A value cannot be stored, or is not what is known of the creative;
                nothing was written.
            NotFoundError: A project does not exist; nothing was written.
        """
        known_at, given = require_aware(now, what="now"), list(rows)
        with self._database.write() as session:
            require_projects(session, [row.project_id for row in given])
            one_writer(session, Creative)
            agreed, wrong = _agreed(session, given, now=known_at)
            if wrong:
                shown = list(wrong.values())[:_SHOWN]
                more = f" And {len(wrong) - _SHOWN:,} more." if len(wrong) > _SHOWN else ""
                raise InputRefusedError(" ".join(shown) + more)
            by_key = {(row.project_id, row.container_id): row for row in agreed}
            records = [asdict(row) | {"known_at": known_at} for _, row in sorted(by_key.items())]
            return len(
                insert_if_absent(session, Creative, records, returning=Creative.container_id)
            )

    def problems(self, rows: Sequence[NewCreative], *, now: datetime) -> dict[int, str]:
        """What would keep rows from being added, in words, by position; writes nothing."""
        with self._database.read() as session:
            unknown = missing(session, Project.project_id, {row.project_id for row in rows})
            homeless = {
                position: f"project {row.project_id!r} does not exist. Add it first."
                for position, row in enumerate(rows)
                if row.project_id in unknown
            }
            return homeless | _agreed(session, rows, now=now)[1]

    def all(self) -> list[Creative]:
        """Every creative of every project, by project and container."""
        in_order = select(Creative).order_by(Creative.project_id, Creative.container_id)
        return self._rows(in_order)

    def require(self, container_id: str, *, project_id: str | None = None) -> None:
        """Refuse a creative that the project, or without one every project, lacks."""
        require_container(container_id)
        query = select(Creative.project_id).where(Creative.container_id == container_id)
        with self._database.read() as session:
            owners = sorted(session.scalars(query))
        if not owners:
            raise NotFoundError(
                f"creative {container_id} does not exist. Check the spelling, or add it:"
                " layers-pipeline content add."
            )
        if project_id is not None and project_id not in owners:
            raise NotFoundError(
                f"creative {container_id} is not in project {project_id!r}, but in"
                f" {', '.join(owners)}. Add it there too: layers-pipeline content add."
            )


def _agreed(
    session: Session, rows: Sequence[NewCreative], *, now: datetime
) -> tuple[list[NewCreative], dict[int, str]]:
    """The rows with nothing left out, and what is wrong with the others, by position.

    A creative is the same in every project, whether it is known or comes with the same rows.
    """
    known = _known(session, {row.container_id for row in rows})
    agreed, wrong = [], {}
    # A row that says when the creative was made goes before one that leaves it to others.
    for position, row in sorted(enumerate(rows), key=lambda item: item[1].created_at is None):
        try:
            sound = _sound(row)
            whole = _as_known(sound, known.get(row.container_id), now=now)
        except InputRefusedError as error:
            wrong[position] = str(error)
        else:
            known[row.container_id] = whole
            agreed.append(whole)
    return agreed, dict(sorted(wrong.items()))


def _known(session: Session, container_ids: Iterable[str]) -> dict[str, NewCreative]:
    """One project's row of each creative that is there."""
    found: dict[str, NewCreative] = {}
    columns = [getattr(Creative, field.name) for field in fields(NewCreative)]
    for chunk in chunks(sorted(container_ids)):
        query = select(*columns).where(Creative.container_id.in_(chunk))
        found |= {
            row["container_id"]: NewCreative(**row) for row in session.execute(query).mappings()
        }
    return found


def _sound(row: NewCreative) -> NewCreative:
    """The row as it can be stored, each value by itself."""
    require_project_id(row.project_id)
    kind = kind_of_creative(require_container(row.container_id))
    if kind is None or kind != row.kind:
        raise InputRefusedError(
            f"creative {row.container_id}: kind {row.kind!r} does not fit."
            " Write generated:SLUG with kind generated, or manual:SLUG with kind manual."
        )
    about, made_at = f"creative {row.container_id}:", row.created_at
    return replace(
        row,
        created_at=made_at and require_aware(made_at, what=f"{about} created_at"),
        prompt=_text(row.prompt, what=f"{about} prompt", longest=PROMPT_LENGTH, lines=True),
        influencer=_text(row.influencer, what=f"{about} influencer"),
        media_source=_text(row.media_source, what=f"{about} media_source"),
    )


def _text(
    text: str | None, *, what: str, longest: int = WORD_LENGTH, lines: bool = False
) -> str | None:
    given = None if text is None else text.strip()
    return require_text(given, what=what, longest=longest, lines=lines) if given else None


def _as_known(row: NewCreative, known: NewCreative | None, *, now: datetime) -> NewCreative:
    """The row, with what it leaves out as it is known of the creative."""
    if known is None:
        return replace(row, created_at=row.created_at or now)
    said: dict[str, Any] = {name: getattr(row, name) for name in _DESCRIPTION}
    for name, value in said.items():
        stands = getattr(known, name)
        if value is not None and value != stands:
            raise InputRefusedError(
                f"creative {row.container_id}: {name} is {_shown(stands)} in project"
                f" {known.project_id!r}, not {_shown(value)}. A creative stays what it was, in"
                f" every project: leave {name} out, or give another creative another slug."
            )
    return replace(row, **{name: getattr(known, name) for name in _DESCRIPTION})


def _shown(value: Any) -> str:  # noqa: ANN401 - any column of a creative
    if isinstance(value, datetime):
        return value.isoformat()
    return "not told" if value is None else repr(value[:40])
