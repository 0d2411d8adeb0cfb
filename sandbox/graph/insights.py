"""Insights of one medium: which metrics, in which shape.

Belongs here: reading ``metric`` and ``breakdown``, and the objects that answer them.
Does not belong here: which metrics there are (``metrics``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import (
    BEFORE_CONVERSION,
    FEW_VIEWERS,
    UNKNOWN_ERROR,
    GraphError,
    Refusal,
    invalid,
)
from sandbox.graph.fields import Wanted, wanted_fields
from sandbox.graph.metrics import BREAKDOWNS, METRICS, Metric, check_metrics
from sandbox.simulation.growth import Number
from sandbox.simulation.items import Item, Oddity

ODDITIES: Final[Mapping[Oddity, Refusal]] = {
    "before_conversion": BEFORE_CONVERSION,
    "few_viewers": FEW_VIEWERS,
}
FIGURES: Final = ("values", "total_value")


@dataclass(frozen=True, kw_only=True)
class InsightsWanted:
    """What is asked of a medium's insights."""

    metrics: tuple[str, ...]
    breakdowns: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    """Keys of each metric that are asked for; none asks for all."""

    @classmethod
    def of(cls, given: Mapping[str, str], fields: tuple[Wanted, ...] = ()) -> "InsightsWanted":
        """Read the parameters of a request, or the arguments of a field expansion."""
        chosen = fields or wanted_fields(given.get("fields", ""))
        return cls(
            metrics=names_in(given.get("metric", "")),
            breakdowns=names_in(given.get("breakdown", "")),
            keys=frozenset(field.name for field in chosen),
        )


def names_in(text: str) -> tuple[str, ...]:
    """The names in ``a,b`` or ``["a","b"]``, each once."""
    if text.lstrip().startswith(("[", '"')):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            raise GraphError(invalid("Param metric must be an array.")) from None
        names = [str(name) for name in read] if isinstance(read, list) else [str(read)]
    else:
        names = text.split(",")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def read_insights(
    context: CallContext, item: Item, wanted: InsightsWanted, *, bent: str = ""
) -> Json:
    """The insights of one medium: its lifetime numbers, one object for each metric.

    Args:
        context: The call that asks.
        item: The medium, alive.
        wanted: What is asked.
        bent: The fault that bends the answer, if any.

    Raises:
        GraphError: One metric is not for this medium, or the medium has no insights.
    """
    check_metrics(wanted.metrics, item.media_type, hidden=item.hidden)
    _check_breakdowns(wanted)
    if item.oddity is not None:
        raise GraphError(ODDITIES[item.oddity])
    if bent == "empty_data":
        return {"data": []}
    numbers = _numbers(context, item)
    rows = [
        _row(context, item, name, numbers, wanted)
        for name in wanted.metrics
        if METRICS[name].ours in numbers
    ]
    if bent:
        rows = _bent(context, rows, bent)
    return {"data": [_chosen(row, wanted.keys) for row in rows]}


def _numbers(context: CallContext, item: Item) -> Mapping[str, Number]:
    """What is shown of the medium; of stories profile activity, too, which nobody here collects."""
    shown = context.desk.metrics(item, at=context.at)
    if item.media_type != "story":
        return shown
    every = item.numbers(context.at - item.published_at)
    active = {name: n for name, n in every.items() if name.startswith("profile_activity")}
    return {**active, **shown}


def _check_breakdowns(wanted: InsightsWanted) -> None:
    for place, name in enumerate(wanted.breakdowns):
        if name not in BREAKDOWNS:
            allowed = ", ".join(BREAKDOWNS)
            message = f"breakdown[{place}] must be one of the following values: {allowed}"
            raise GraphError(invalid(message))
        if any(METRICS[metric].breakdown != name for metric in wanted.metrics):
            raise GraphError(UNKNOWN_ERROR)


def _row(
    context: CallContext,
    item: Item,
    name: str,
    numbers: Mapping[str, Number],
    wanted: InsightsWanted,
) -> Json:
    metric = METRICS[name]
    value = numbers[metric.ours]
    if name == "reels_skip_rate" and context.switched("skip_rate_fraction"):
        value = round(value / 100, 4)
    row: Json = {
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": metric.title,
        "description": metric.description,
    }
    if wanted.breakdowns:
        row["total_value"] = _broken_down(metric, value, numbers)
    return row | {"id": f"{item.item_id}/insights/{name}/lifetime"}


def _broken_down(metric: Metric, value: Number, numbers: Mapping[str, Number]) -> Json:
    """The value and its parts; a part that is zero is left out."""
    prefix = f"{metric.ours}_"
    results = [
        {"dimension_values": [name.removeprefix(prefix)], "value": number}
        for name, number in numbers.items()
        if name.startswith(prefix) and number
    ]
    parts: Json = {"dimension_keys": [metric.breakdown]}
    # Without any part the platform's answers to account insights have no such key either.
    if results:
        parts["results"] = results
    return {"value": value, "breakdowns": [parts]}


def _bent(context: CallContext, rows: list[Json], bent: str) -> list[Json]:
    named = context.struck_metric
    if bent == "metric_absent":
        return [row for row in rows if named not in ("", row["name"])]
    if bent == "metric_not_ready":
        return [_not_ready(row) if named in ("", row["name"]) else row for row in rows]
    return rows


def _not_ready(row: Json) -> Json:
    return {key: value for key, value in row.items() if key not in FIGURES} | {"values": []}


def _chosen(row: Json, keys: frozenset[str]) -> Json:
    if not keys:
        return row
    return {key: value for key, value in row.items() if key in keys or key == "id"}
