"""Validators of what callers hand over, with messages that name the remedy.

Belongs here: checks of one value, before any statement runs.
Does not belong here: checks that need the database (the repositories).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.model_base import MESSAGE_LENGTH

_PROJECT_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_KEY_LENGTH: Final = 200

Word = TypeVar("Word", bound=str)


def require_project_id(project_id: str) -> str:
    """The project id, if it is a slug of 1 to 63 characters."""
    if not _PROJECT_ID.fullmatch(project_id):
        raise InputRefusedError(
            f"project id {project_id!r} is not a slug. Use 1 to 63 of a-z, 0-9,"
            " '_' and '-', starting with a letter or digit, such as 'my-brand'."
        )
    return project_id


def require_time_zone(time_zone: str) -> str:
    """The time zone, if it is in the IANA database."""
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InputRefusedError(
            f"time zone {time_zone!r} is not known. Use an IANA name,"
            " such as 'Europe/Berlin' or 'UTC'."
        ) from error
    return time_zone


def require_key(key: str, *, what: str) -> str:
    """The key, if it is 1 to 200 printable characters with no space at either end."""
    if not key.isprintable() or key != key.strip() or not 0 < len(key) <= _KEY_LENGTH:
        raise InputRefusedError(
            f"{what} {key[:_KEY_LENGTH]!r} cannot be a key. Use 1 to {_KEY_LENGTH}"
            " printable characters, without spaces at the ends."
        )
    return key


def require_word(word: str, words: Sequence[Word], *, what: str) -> Word:
    """The word, if it is one of the vocabulary."""
    for known in words:
        if word == known:
            return known
    raise InputRefusedError(f"{what} {word!r} is not known. Use one of: {', '.join(words)}.")


def require_text(text: str, *, what: str, longest: int, lines: bool = False) -> str:
    """The text without spaces at its ends, if it says something and can be stored as it is.

    Args:
        text: What somebody wrote.
        what: What it is, for the message.
        longest: Characters that it may have.
        lines: Whether it may have line breaks and tabs.
    """
    kept = text.strip()
    if not kept:
        raise InputRefusedError(f"{what} is empty. Write it, or leave it out.")
    if len(kept) > longest:
        raise InputRefusedError(
            f"{what} {kept[:40]!r}… has {len(kept):,} characters. Use {longest:,} at most."
        )
    spaces = "\n\r\t" if lines else ""
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in spaces for char in kept):
        raise InputRefusedError(
            f"{what} {kept[:40]!r} has control characters."
            f" Write {'plain text' if lines else 'one line of plain text'}."
        )
    return kept


def storable(text: str) -> str:
    """The text without what a database refuses: NUL characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def message_to_keep(message: str | None) -> str | None:
    """The message as it is stored: at most 500 characters."""
    return None if message is None else storable(message)[:MESSAGE_LENGTH]


def name_to_keep(name: str | None) -> str | None:
    """The name as it is stored: at most 200 characters, null where nothing is left."""
    return storable(name or "").strip()[:_KEY_LENGTH] or None
