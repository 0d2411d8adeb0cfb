"""JSON bodies as columns: every value as it was written, so that nothing wrong passes unnoticed.

Belongs here: reading JSON objects to given keys, strictly by JSON's own types, many rows at once.
Does not belong here: a platform's words, which values are sound.

One list where a number is due ends ``str.json_decode`` for all rows. Then the bodies are read as
lines, which is slower and sets such a value to null by itself. Both take 1.5 for a whole number
or text for a truth where asked to, so values are asked for as text or as ``Float64`` only.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from transforms.staging.parsing import ParsedColumn, read_instant

DOCUMENT: Final = "document"
"""Column with a body as JSON without optional white space; null where it is no JSON object."""
NOTHING: Final = "{}"

ESCAPE_OR_HALF_PAIR: Final = (
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""An escaped backslash or a whole surrogate pair, kept as group 1; or half a pair, which JSON
allows, no text can hold, and platforms send where they cut a caption short."""
TEXT_OR_REST: Final = r'"(?:[^"\\]|\\.)*"|[^"]+|"'
NO_NUMBER: Final = r"-?(?:NaN|Infinity)\b|-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{3,}"
"""What Python writes for a number that JSON has not, and numbers beyond any double: for one of
them a whole body would not be read."""


def with_documents(landed: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``document``. Reads body."""
    read = landed.with_columns(pl.col("body").str.json_path_match("$").alias(DOCUMENT))
    # The repair is the rare case: only bodies that cannot be read go through it.
    unread = pl.when(pl.col(DOCUMENT).is_null()).then("body")
    whole = unread.str.replace_all(ESCAPE_OR_HALF_PAIR, "${1}")
    repaired = _with_odd_numbers_quoted(whole).str.json_path_match("$")
    document = read.with_columns(pl.coalesce(DOCUMENT, repaired).alias(DOCUMENT))
    is_object = pl.col(DOCUMENT).str.starts_with("{")
    return document.with_columns(pl.when(is_object).then(DOCUMENT).alias(DOCUMENT))


def _with_odd_numbers_quoted(body: pl.Expr) -> pl.Expr:
    """Numbers that make JSON unreadable as texts, which no number's column takes."""
    piece = pl.element()
    is_text = piece.str.starts_with('"')
    mended = pl.when(is_text).then(piece).otherwise(piece.str.replace_all(NO_NUMBER, '"${0}"'))
    return body.str.extract_all(TEXT_OR_REST).list.eval(mended).list.join("")


def decoded(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The values at the schema's keys, one row per row. Reads document.

    A list or object where the schema has a number is null, and so is the reverse; where it has
    text, every scalar is its text. Truths are 1 and 0 or their words: ask the document.
    """
    documents = rows.get_column(DOCUMENT).fill_null(NOTHING)
    try:
        return documents.str.json_decode(pl.Struct(dict(schema))).struct.unnest()
    except pl.exceptions.ComputeError:
        lines = documents.str.join("\n").item()
        return pl.read_ndjson(lines.encode(), schema=dict(schema), ignore_errors=True)


def with_fields(rows: pl.DataFrame, keys: Iterable[str]) -> pl.DataFrame:
    """The rows with one text column per top-level key; null where it is absent or null."""
    return rows.hstack(decoded(rows, dict.fromkeys(keys, pl.String())))


def parsed_document(column: str) -> ParsedColumn:
    """The document itself; ``column`` names it in the rule. Reads document."""
    breach = pl.when(pl.col(DOCUMENT).is_null()).then(pl.lit(f"{column}|not_a_json_object"))
    return ParsedColumn(value=pl.col(DOCUMENT), breach=breach)


def parsed_text(key: str, column: str) -> ParsedColumn:
    """A key's text; anything but JSON text breaks ``dtype``. Reads key, document."""
    is_broken = pl.col(key).is_not_null() & ~is_quoted(key)
    return ParsedColumn(
        value=pl.when(is_quoted(key)).then(key),
        breach=pl.when(is_broken).then(pl.lit(f"{column}|dtype")),
    )


def parsed_truth(key: str, column: str) -> ParsedColumn:
    """A key's truth; anything but JSON's own breaks ``dtype``. Reads key, document."""
    truth = pl.col(key).replace_strict({"true": True, "false": False}, default=None)
    value = pl.when(~is_quoted(key)).then(truth)
    is_broken = pl.col(key).is_not_null() & value.is_null()
    return ParsedColumn(value=value, breach=pl.when(is_broken).then(pl.lit(f"{column}|dtype")))


def parsed_instant(key: str, column: str) -> ParsedColumn:
    """A key's instant, which carries its offset; blank text is no time. Reads key."""
    instant = read_instant(key, pl.String(), time_zone=None)
    is_blank = pl.col(key).str.strip_chars() == ""
    named = instant.breach.str.replace(f"{key}|", f"{column}|", literal=True)
    breach = pl.when(is_blank).then(pl.lit(f"{column}|unreadable_time")).otherwise(named)
    return ParsedColumn(value=instant.value, breach=breach)


def number_text(key: str) -> pl.Expr:
    """A key's number as text for a contract's cast; one in quotes keeps them and so is refused.

    Reads key, document.
    """
    return pl.when(is_quoted(key)).then('"' + pl.col(key) + '"').otherwise(key)


def is_quoted(key: str) -> pl.Expr:
    """Whether a key's value is JSON text. Reads document.

    Inside of texts quotes are escaped, so the key with its colon is met as a key only.
    """
    return pl.col(DOCUMENT).str.contains(f'"{key}":"', literal=True).fill_null(value=False)
