"""Spark codes: what lets one TikTok post run as an ad, opaque and secret.

Belongs here: the table ``spark_codes``, encrypting codes, what a code may look like.
Does not belong here: rights and their periods (``rights``), sending a code anywhere.

A code is stored encrypted, in a table that nothing copies.
"""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.content_ids import require_container
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.utc_datetime import require_aware

CODE_LENGTH: Final = 1000
"""Longest Spark code that is kept, in characters; TikTok promises no length."""


class SparkCode(Base):
    """Grain: one row per project and post whose Spark code is known."""

    __tablename__ = "spark_codes"
    __table_args__ = ({"comment": "Spark codes, encrypted. Grain: project and post."},)

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Whose."
    )
    container_id: Mapped[str] = mapped_column(primary_key=True, comment="Of the post.")
    encrypted_code: Mapped[str] = mapped_column(comment="The code, encrypted (Fernet).")
    updated_at: Mapped[datetime] = mapped_column(comment="When it was stored (UTC).")


class SparkCodes(Repository):
    """Posts' Spark codes."""

    def keep(
        self,
        project_id: str,
        container_id: str,
        code: SecretStr,
        cipher: TokenCipher,
        *,
        now: datetime,
    ) -> None:
        """Store a post's Spark code, encrypted, in the place of any other."""
        require_code(code, about=container_id)
        owner = _owner(project_id, container_id)
        with self._database.write() as session:
            require_projects(session, [project_id])
            session.merge(
                SparkCode(
                    project_id=project_id,
                    container_id=require_container(container_id),
                    encrypted_code=cipher.encrypt(code, account_id=owner),
                    updated_at=require_aware(now, what="now"),
                )
            )

    def get(self, project_id: str, container_id: str, cipher: TokenCipher) -> SecretStr:
        """A post's Spark code.

        Raises:
            NotFoundError: None is stored.
            TokenUnreadableError: No key opens it.
        """
        with self._database.read() as session:
            stored = session.get(SparkCode, (project_id, container_id))
        if stored is None:
            raise NotFoundError(
                f"{container_id} in project {project_id!r}: no Spark code is stored. Give it:"
                " layers-pipeline content right grant spark_code."
            )
        owner = _owner(project_id, container_id)
        return cipher.decrypt(stored.encrypted_code, account_id=owner)

    def posts(self) -> list[tuple[str, str]]:
        """Project and container of every post whose code is stored, in order."""
        columns = (SparkCode.project_id, SparkCode.container_id)
        with self._database.read() as session:
            found = session.execute(select(*columns).order_by(*columns))
            return [(project_id, container_id) for project_id, container_id in found]

    def rotate(self, cipher: TokenCipher) -> int:
        """Encrypt every code with the first key; give the number of those that had another."""
        changed = 0
        with self._database.write() as session:
            for stored in session.scalars(select(SparkCode).with_for_update()):
                owner = _owner(stored.project_id, stored.container_id)
                renewed = cipher.renewed(stored.encrypted_code, account_id=owner)
                changed += renewed != stored.encrypted_code
                stored.encrypted_code = renewed
        return changed


def require_code(code: SecretStr, *, about: str) -> SecretStr:
    """The code, if it can be one; says what is wrong with it, never what it is."""
    text = code.get_secret_value()
    fault = (
        "is empty"
        if not text.strip()
        else f"has {len(text):,} characters, more than {CODE_LENGTH:,}"
        if len(text) > CODE_LENGTH
        else "has line breaks or control characters, or spaces at its ends"
        if not text.isprintable() or text != text.strip()
        else None
    )
    if fault:
        raise InputRefusedError(
            f"the Spark code of {about} {fault}. Give the code alone, as TikTok shows it."
        )
    return code


def sent(code: SecretStr) -> str:
    """The code as it is sent in an address: percent-encoded, as it has '#', '=' and '+'."""
    return quote(code.get_secret_value(), safe="")


def _owner(project_id: str, container_id: str) -> str:
    """What the encrypted code carries, so that in another row it opens nothing."""
    return f"spark_code {project_id}/{container_id}"
