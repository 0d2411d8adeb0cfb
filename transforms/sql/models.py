"""Marts as records: each one select in ``marts``, and beside it what it says of itself.

Belongs here: reading the files of a mart: its grain, key, columns and what must hold of them.
Does not belong here: building marts (``layers_pipeline.serving``), checks of rows (``assets``).

Beside ``NAME.sql`` lies ``NAME.toml``, and ``NAME.tests.toml`` with given and expected rows.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from transforms.sql import sql_of

Kind = Literal["table", "view", "by_day"]
"""How a mart lies in the analysts' file: as a copy, as a query, or as one part per day, of which a
publication makes only those anew that changed."""
DAY: Final = "day_on"
"""The column that a mart ``by_day`` is divided by."""
ORDER: Final = (
    "project_accounts",
    "project_ads",
    "post_metric_trends",
    "post_metric_trends_by_age",
    "account_activity_daily",
    "project_followers_daily",
    "project_posts_published_daily",
    "project_spend_daily",
    "project_kpis_daily",
    "post_engagement_mix",
    "content_ads",
    "content_detail",
    "ugc_overview",
    "creator_leaderboard",
    "score_history",
    "metric_coverage_daily",
    "metric_coverage",
    "account_and_sync_health",
    "freshness",
)
"""Every mart; one stands after those that it is made of."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a mart and what must hold of it."""

    name: str
    type: str
    comment: str
    not_null: bool = False
    words: tuple[str, ...] = ()
    relation: str = ""
    """The column that must have every value of this one, as ``table.column``."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A mart: its text, how it lies in the file, and what it says of itself."""

    name: str
    kind: Kind
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checked: str = "true"
    """Condition of the rows that a publication holds to the checks."""

    @property
    def sql(self) -> str:
        """Its text."""
        return sql_of("marts", self.name)

    @property
    def words_of_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that hold one of a few words."""
        return {column.name: column.words for column in self.columns if column.words}


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Of what a mart is made: tables and marts, and by column their columns."""

    deps: Sequence[str]
    columns: Mapping[str, Sequence[tuple[str, str]]]


@cache
def models() -> tuple[Model, ...]:
    """Every mart, in the order in which they are made."""
    return tuple(_read(name) for name in ORDER)


def _read(name: str) -> Model:
    said = _toml(f"{name}.toml")
    key = tuple(said["key"])
    columns = tuple(
        Column(
            name=column,
            type=about["type"],
            comment=about["says"],
            not_null=about.get("not_null", column in key),
            words=tuple(about.get("words", ())),
            relation=about.get("relation", ""),
        )
        for column, about in said["columns"].items()
    )
    return Model(
        name=name,
        kind=said["kind"],
        grain=said["grain"],
        key=key,
        columns=columns,
        checked=said.get("checked", "true"),
    )


def cases_of(name: str) -> list[dict[str, Any]]:
    """The given and expected rows that lie beside a mart."""
    return list(_toml(f"{name}.tests.toml")["test"])


@cache
def lineage() -> Mapping[str, Lineage]:
    """Of what each mart is made; ``python -m tools.mart_lineage`` reads it from the SQL."""
    return {name: Lineage(**made_of) for name, made_of in json.loads(_text("lineage.json")).items()}


def _toml(file: str) -> dict[str, Any]:
    return tomllib.loads(_text(file))


def _text(file: str) -> str:
    return (files("transforms.sql") / "marts" / file).read_text(encoding="utf-8")
