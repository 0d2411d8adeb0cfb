"""JSON bodies as columns: every value as it was written, so that nothing wrong passes unnoticed.

Belongs here: reading JSON objects to given keys, strictly by JSON's own types, many rows at once.
Does not belong here: a platform's words, which values are sound.

``str.json_decode`` takes ``true`` for 1 and 1.5 for 1, and one list where it expects a number ends
it for all rows; reading the bodies as lines sets such a value to null by itself.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from transforms.readings import Reading

DOCUMENT: Final = "document"
"""Column with a body as JSON without optional white space; null where it is no JSON object."""
NOTHING: Final = "{}"

ESCAPE_OR_HALF_PAIR: Final = (
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""An escaped backslash or a whole surrogate pair, kept as group 1; or half a pair, which JSON
allows, no text can hold, and platforms send where they cut a caption short."""


def with_documents(landed: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``document``. Reads body."""
    whole = _document(pl.col("body"))
    # The repair is the rare case: only bodies that cannot be read go through it.
    unread = pl.when(whole.is_null()).then("body")
    repaired = _document(unread.str.replace_all(ESCAPE_OR_HALF_PAIR, "${1}"))
    return landed.with_columns(whole.alias(DOCUMENT)).with_columns(
        pl.coalesce(DOCUMENT, repaired).alias(DOCUMENT)
    )


def _document(body: pl.Expr) -> pl.Expr:
    document = body.str.json_path_match("$")
    return pl.when(document.str.starts_with("{")).then(document)


def decoded(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The values at the schema's keys, one row per row. Reads document.

    A value of another JSON type than the schema's is null; a scalar, an object or a list where
    the schema says text is its text.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=dict(schema))
    lines = rows.get_column(DOCUMENT).fill_null(NOTHING).str.join("\n").item()
    return pl.read_ndjson(lines.encode(), schema=dict(schema), ignore_errors=True)


def with_fields(rows: pl.DataFrame, keys: Iterable[str]) -> pl.DataFrame:
    """The rows with one text column per top-level key; null where it is absent or null."""
    return rows.hstack(decoded(rows, dict.fromkeys(keys, pl.String())))


def document_reading(column: str) -> Reading:
    """The document itself; ``column`` names it in the rule. Reads document."""
    breach = pl.when(pl.col(DOCUMENT).is_null()).then(pl.lit(f"{column}|not_a_json_object"))
    return Reading(value=pl.col(DOCUMENT), breach=breach)


def text_reading(key: str, column: str) -> Reading:
    """A key's text; anything but JSON text breaks ``dtype``. Reads key, document."""
    is_broken = pl.col(key).is_not_null() & ~is_quoted(key)
    return Reading(
        value=pl.when(is_quoted(key)).then(key),
        breach=pl.when(is_broken).then(pl.lit(f"{column}|dtype")),
    )


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
