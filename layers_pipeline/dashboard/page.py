"""A page as a record: its address, its place in the menu, how it is drawn.

Belongs here: the record, addresses with places for values, what one visit asks for.
Does not belong here: which pages there are (``pages``), finding one (``routing``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode

from dash import Dash
from dash.development.base_component import Component

from layers_pipeline.dashboard.deployment import Deployment

Menu = Literal["everything", "project"]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit of a page: where, and what for."""

    deployment: Deployment
    values: Mapping[str, str]
    """What the address says: for ``/project/{project_id}``, the project."""
    query: str
    """What stands behind the ``?``, without it."""
    now: datetime

    @property
    def project_id(self) -> str:
        return self.values["project_id"]

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; of a repeated one, the last."""
        return dict(parse_qsl(self.query))


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: where it is found, and what draws it."""

    path: str
    """Its address, such as ``/project/{project_id}/content``."""
    title: str
    draw: Callable[[Visit], Component]
    """Draws it; errors of ``layers_pipeline.errors`` are shown in words."""
    menu: Menu | None = None
    """Which part of the menu names it; pages of projects are named where a project is open."""
    redrawn_by: tuple[str, ...] | None = None
    """Parameters of the query whose change draws it anew; what else the query says, the page's own
    callbacks follow. Null: any change of the query."""
    register: Callable[[Dash, Deployment], None] | None = None
    """Registers its callbacks."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.path)
        named = (
            f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
        return re.compile("".join(named))

    def values_of(self, path: str) -> dict[str, str] | None:
        """What an address says; none if it is not this page's."""
        found = self._pattern.fullmatch(path.rstrip("/") or "/")
        return found and {name: unquote(text) for name, text in found.groupdict().items()}

    def drawing(self, path: str, query: str) -> str:
        """What tells one drawing of the page from another."""
        if self.redrawn_by is None:
            return f"{path}?{query}"
        return f"{path}?{urlencode([one for one in parse_qsl(query) if one[0] in self.redrawn_by])}"

    def address(self, **values: str) -> str:
        """The page's address, of these values."""
        return self.path.format(**{name: quote(one, safe="") for name, one in values.items()})
