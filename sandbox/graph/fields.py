"""Field expressions of the Graph API: ``id,insights.metric(reach){name,values}``.

Belongs here: reading such a text.
Does not belong here: which fields there are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from sandbox.graph.errors import GraphError, Refusal

NAME: Final = re.compile(r"\s*([A-Za-z0-9_]+)\s*")
MODIFIER: Final = re.compile(r"\.([A-Za-z0-9_]+)\(([^()]*)\)\s*")
DEEPEST: Final = 8


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One field that is asked for."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    fields: "tuple[Wanted, ...]" = ()


@lru_cache(maxsize=512)
def wanted_fields(text: str) -> tuple[Wanted, ...]:
    """The fields that an expression names; none for an empty one.

    Raises:
        GraphError: It is not well formed.
    """
    if not text.strip():
        return ()
    reader = _Reader(text)
    found = reader.fields(depth=0)
    reader.end()
    return found


def written(fields: tuple[Wanted, ...]) -> str:
    """The expression that names these fields."""
    return ",".join(_written(field) for field in fields)


def _written(field: Wanted) -> str:
    modifiers = "".join(f".{name}({value})" for name, value in field.arguments.items())
    nested = f"{{{written(field.fields)}}}" if field.fields else ""
    return f"{field.name}{modifiers}{nested}"


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fields(self, *, depth: int) -> tuple[Wanted, ...]:
        if depth > DEEPEST:
            raise self._error("a shorter expression")
        found = [self._field(depth)]
        while self._next(","):
            found.append(self._field(depth))
        return tuple(found)

    def _field(self, depth: int) -> Wanted:
        name = NAME.match(self._text, self._at)
        if name is None:
            raise self._error("a field name")
        self._at = name.end()
        arguments: dict[str, str] = {}
        while (modifier := MODIFIER.match(self._text, self._at)) is not None:
            arguments[modifier[1]] = modifier[2]
            self._at = modifier.end()
        fields = self._nested(depth) if self._next("{") else ()
        return Wanted(name=name[1], arguments=arguments, fields=fields)

    def _nested(self, depth: int) -> tuple[Wanted, ...]:
        found = self.fields(depth=depth + 1)
        if not self._next("}"):
            raise self._error('"}"')
        return found

    def _next(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        return True

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._error("end of string")

    def _error(self, expected: str) -> GraphError:
        rest = self._text[self._at : self._at + 1]
        message = (
            f'Syntax error "Expected {expected} instead of "{rest}"." at character {self._at}: '
            f"{self._text}"
        )
        return GraphError(Refusal(message=message, code=2500))
