"""Reading what a call about ads asks for: lists written in two ways, filters, whole numbers.

Belongs here: the forms of parameters that several readings share.
Does not belong here: what is done with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.graph.errors import GraphError, invalid
from sandbox.graph.fields import Wanted, wanted_fields

OPERATORS: Final = ("IN", "NOT_IN", "EQUAL", "GREATER_THAN")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One condition of ``filtering``."""

    field: str
    operator: str
    values: tuple[str, ...]

    def admits(self, value: str) -> bool:
        """Whether something of this value is wanted."""
        if self.operator == "GREATER_THAN":
            return float(value) > float(self.values[0])
        return (value in self.values) != (self.operator == "NOT_IN")


def listed(text: str) -> tuple[str, ...]:
    """The texts of a list, in JSON or parted by commas; none for an empty one."""
    text = text.strip()
    if not text.startswith("["):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return tuple(str(one) for one in _json("list", text))


def fields_asked(given: Mapping[str, str], default: str) -> tuple[Wanted, ...]:
    """The fields asked for, nested ones too; the default where there are none."""
    text = given.get("fields", "").strip()
    if text.startswith("["):
        text = ",".join(listed(text))
    return wanted_fields(text or default)


def filters_asked(text: str) -> tuple[Filter, ...]:
    """The conditions of ``filtering``.

    Raises:
        GraphError: It is no list of conditions.
    """
    found = _json("filtering", text) if text else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise GraphError(invalid("Param filtering must be an array."))
    return tuple(_filter(one) for one in found)


def _filter(one: Mapping[str, Any]) -> Filter:
    operator, value = str(one.get("operator", "")).upper(), one.get("value", [])
    if operator not in OPERATORS:
        raise GraphError(invalid(f"Filtering operator {operator!r:.40} is not valid."))
    values = value if isinstance(value, list) else [value]
    field = str(one.get("field", ""))
    if operator == "GREATER_THAN" and not str(values[:1] and values[0]).isdecimal():
        raise GraphError(invalid(f"Filtering value of {field:.40} must be a number."))
    return Filter(field=field, operator=operator, values=tuple(map(str, values)))


def object_asked(name: str, text: str) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        GraphError: It is none.
    """
    found = _json(name, text)
    if not isinstance(found, dict):
        raise GraphError(invalid(f"param {name} must be an object."))
    return found


def whole(given: Mapping[str, str], name: str, default: int) -> int:
    """A whole number of at least 0.

    Raises:
        GraphError: It is none.
    """
    text = given.get(name, "") or str(default)
    if not (text.isascii() and text.isdecimal()):
        raise GraphError(invalid(f"param {name} must be a non-negative integer."))
    return int(text[:12])


def _json(name: str, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise GraphError(invalid(f"param {name} must be valid JSON.")) from None
