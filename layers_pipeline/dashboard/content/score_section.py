"""The score taken apart: points that add up, what they are made of, how it went.

Belongs here: the section of the score.
Does not belong here: the words of its parts (the macro ``score_explain``).
"""

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash.development.base_component import Component

from layers_pipeline.dashboard import charts, shown
from layers_pipeline.dashboard.content.sections import section
from layers_pipeline.dashboard.tables import heads, table
from layers_pipeline.views.detail import Detail, Row

_PARTS: Final = heads("part", "points", "why", numbers=["points"])


def score(found: Detail, zone: str) -> Component:
    """Each part in points, the inputs, the pool, the history by version of the rules."""
    parts = [row for row in found.score if row["section"] == "score"]
    inputs = [row for row in found.score if row["section"] == "input"]
    return section("Score", *_parts(parts, zone), *_inputs(inputs), *_history(found.history))


def _parts(parts: Sequence[Row], zone: str) -> list[Component]:
    if not parts:
        return [dmc.Text("No score: see eligibility.", size="sm")]
    rows = [(row["part"], shown.number(row["points"]), row["words"]) for row in parts]
    first = parts[0]
    made = (
        f"As of the tick {shown.instant(first['scored_at'], zone)}, made at "
        f"{shown.instant(first['score_of'], zone)} by rules "
        f"{first['scoring_version'] or shown.NULL}, in pool {first['scoring_pool']}."
    )
    return [
        table("Score", _PARTS, rows, is_titled=False),
        dmc.Text(made, size="sm", c="dimmed"),
    ]


def _inputs(inputs: Sequence[Row]) -> list[Component]:
    if not inputs:
        return []
    rows = [(row["part"], row["words"]) for row in inputs]
    made = table("What the score is made of", heads("input", "says"), rows, is_titled=False)
    return [
        dmc.Accordion(
            dmc.AccordionItem(
                [dmc.AccordionControl("What it is made of"), dmc.AccordionPanel(made)],
                value="inputs",
            ),
            mt="xs",
        )
    ]


def _history(history: Sequence[Row]) -> list[Component]:
    """The score at every tick, a line per version of the rules."""
    if not history:
        return []
    versions = sorted({row["scoring_version"] for row in history})
    rows = [
        {"at": row["scored_at"]}
        | {one: row["organic_score"] if one == row["scoring_version"] else None for one in versions}
        for row in history
    ]
    merged: dict[object, dict[str, object]] = {}
    for row in rows:
        into = merged.setdefault(row["at"], dict(row))
        into.update({name: value for name, value in row.items() if value is not None})
    drawn = charts.lines(
        merged.values(),
        x="at",
        axis="instant",
        series={version: f"rules {version}" for version in versions},
        says="Score at every tick",
        form="chartScore",
    )
    return [dmc.Text("At every tick, UTC", size="sm", fw=600, mt="sm"), drawn]
