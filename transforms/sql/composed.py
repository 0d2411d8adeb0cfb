"""Macros and marts as one query: each that others ask stands in it once, over few rows.

Belongs here: putting their text together.
Does not belong here: their text (files beside this one), which rows suffice (who asks).

DuckDB puts the text of a macro wherever it is called, and what several macros call many times over:
planning that takes longer than answering. Here the same text becomes one common table expression.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from transforms.sql import sql_of

CALL: Final = re.compile(r"\bfrom (\w+)\([^()]*\)")
"""A macro that is asked: the text of a macro hands its own parameters on, by their names."""

COMMENT: Final = re.compile(r"^\s*--.*\n", re.MULTILINE)
"""They name parameters that the whole does not have."""


def composed(
    question: str,
    *,
    narrowed: Mapping[str, str],
    texts: Mapping[str, str] | None = None,
    answered: Mapping[str, str] | None = None,
) -> str:
    """A question with everything that it asks before it, once.

    Args:
        question: Asks macros by their names, without parentheses. The parameters of macros
            (``$post``) are parameters of the whole.
        narrowed: Conditions by published table: only such rows of it are looked at, by whatever
            part of the whole.
        texts: Queries by the name that later ones ask them by, such as marts'.
        answered: Queries by macro, in place of the text of the macro.
    """
    given = answered or {}
    parts = [
        f"{table} as (select * from main.{table} where {condition})"  # noqa: S608 - our own text
        for table, condition in narrowed.items()
    ]
    parts += [f"{name} as (\n{text})" for name, text in (texts or {}).items()]
    for name in _in_order(re.findall(r"\w+", question), set(given)):
        text = given.get(name) or CALL.sub(_as_name, sql_of("macros", name))
        parts.append(f"{name} as materialized (\n{text})")
    return COMMENT.sub("", f"with {', '.join(parts)} {question}")


def _in_order(names: Iterable[str], given: set[str]) -> dict[str, None]:
    """The macros among the names and all that they ask, each after those that it asks."""
    found: dict[str, None] = {}
    for name in names:
        if name in _macros():
            asked = () if name in given else CALL.findall(sql_of("macros", name))
            found |= _in_order(asked, given) | {name: None}
    return found


def _as_name(call: re.Match[str]) -> str:
    return f"from {call[1]}" if call[1] in _macros() else call[0]


@cache
def _macros() -> frozenset[str]:
    """Macros that have a text: what records of the code make is asked as it is."""
    folder = files("transforms.sql") / "macros"
    return frozenset(file.name.removesuffix(".sql") for file in folder.iterdir())
