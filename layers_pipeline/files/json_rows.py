"""JSON as rows of text: one object a line, a list of objects, or a document that holds the list.

Belongs here: finding the objects, and writing nested values under dotted names.
Does not belong here: what names mean.
"""

import io
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member
from transforms.exports.headers import header_word
from transforms.staging.parsing import LINE

DEEPEST: Final = 12
"""Levels of nesting that are looked into."""
CUT: Final = re.compile("[\ud800-\udfff]")
"""Half of a character that is written in two."""
Row = dict[str, str | int | None]


def json_rows(
    member: Member,
    *,
    is_document: bool,
    plain: frozenset[str],
    words: frozenset[str],
    rows_at: tuple[str, ...],
) -> Iterator[Row]:
    """The objects as rows of text, each with its line, or its number in a list.

    Args:
        member: The file, UTF-8.
        is_document: Whether it may be one document rather than one object a line.
        plain: Names by which an object is one of ours, which nests nothing.
        words: Dotted names of nested values that are kept.
        rows_at: Dotted names below which a document may hold its rows.
    """
    objects = (
        _document(member, rows_at)
        if _begins_with(member, "[") or (is_document and _is_one_object(member))
        else _lines(member)
    )
    first = next(objects, None)
    if first is None:
        return
    if not words or (plain and plain <= set(first[1])):
        yield from (_as_they_are(row, line) for line, row in chain([first], objects))
    else:
        yield from (_flat(row, line, words) for line, row in chain([first], objects))


def _begins_with(member: Member, sign: str) -> bool:
    """Whether the first sign that is no space is this one."""
    with _text_of(member) as text:
        return next((line.lstrip()[:1] == sign for line in text if line.strip()), False)


def _is_one_object(member: Member) -> bool:
    """Whether a file is not one object a line: it has one line, or the first is no JSON."""
    with _text_of(member) as text:
        written = (line for line in text if line.strip())
        first = next(written, "")
        if next(written, None) is None:
            return True
    try:
        _decoder().decode(first.strip())
    except (json.JSONDecodeError, RecursionError):
        return True
    return False


def _text_of(member: Member) -> io.TextIOWrapper:
    return io.TextIOWrapper(member.opened(), encoding="utf-8-sig", newline="\n")


def _decoder() -> json.JSONDecoder:
    # Numbers stay the text that they are written in: an id is never rounded.
    return json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def _decoded(path: Path, text: str, where: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return _decoder().decode(text)
    except json.JSONDecodeError as error:
        at = where or f"line {error.lineno}: "
        raise InputRefusedError(
            f"{path}: {at}is not JSON ({error.msg}). The file is cut off or "
            f"damaged: export it again{', one object per line' if where else ''}."
        ) from error
    except RecursionError as error:
        raise InputRefusedError(
            f"{path}: {where}is nested too deeply to be read. Export it again."
        ) from error


def _lines(member: Member) -> Iterator[tuple[int, dict[str, Any]]]:
    with _text_of(member) as lines:
        for line, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            row = _decoded(member.path, text, f"line {line}: ")
            if not isinstance(row, dict):
                raise InputRefusedError(f"{member.path}: line {line}: is not a JSON object.")
            yield line, row


def _document(member: Member, rows_at: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    path = member.path
    found = _decoded(path, member.read().decode("utf-8-sig"), "")
    if isinstance(found, dict):
        found = next((rows for name in rows_at if (rows := _below(found, name))), [found])
    if not isinstance(found, list):
        raise InputRefusedError(f"{path}: is neither a JSON object nor a list of them.")
    for number, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise InputRefusedError(f"{path}: item {number}: is not a JSON object.")
        yield number, row


def _below(document: Any, name: str) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The list that a document holds below a dotted name."""
    for part in name.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document if isinstance(document, list) else None


def _as_they_are(row: dict[str, Any], line: int) -> Row:
    return {CUT.sub("\ufffd", name): _as_text(value) for name, value in row.items()} | {LINE: line}


def _flat(row: dict[str, Any], line: int, words: frozenset[str]) -> Row:
    """The known values of an object under dotted names, and what else it names on top."""
    flat: Row = {}
    for name, value in row.items():
        if isinstance(value, dict | list):
            flat.update(_nested(name, value, words, DEEPEST))
        else:
            flat[CUT.sub("\ufffd", name)] = _as_text(value)
    return flat | {LINE: line}


def _nested(
    name: str, value: object, words: frozenset[str], levels: int
) -> Iterator[tuple[str, str | None]]:
    if header_word(name) in words:
        yield name, _as_text(value)
    if levels and isinstance(value, dict):
        for key, inner in value.items():
            yield from _nested(f"{name}.{key}", inner, words, levels - 1)
    elif levels and isinstance(value, list) and value:
        yield from _nested(f"{name}.0", value[0], words, levels - 1)


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not CUT.search(text):
        return text
    # Of two halves one was cut off: no text has it, and no key (``transforms.staging.keys``).
    return CUT.sub("\ufffd", text)
