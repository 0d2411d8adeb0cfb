"""Rows of insights of ads: which ads and days make one.

Belongs here: levels, filters, what is hidden unless it is asked for.
Does not belong here: fields of a row (``insight_fields``), reports, pages.

Rows come in no promised order: it follows from their ids and days, and from nothing else.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.graph.ads.objects import EFFECTIVE
from sandbox.graph.ads.query import AdScope, InsightsQuery, Span, ids_of
from sandbox.graph.errors import GraphError, invalid
from sandbox.simulation.ads.ad import Ad
from sandbox.simulation.ads.numbers import Numbers
from sandbox.simulation.ads.world import AdDay
from sandbox.simulation.digests import digest


@dataclass(frozen=True, kw_only=True)
class InsightRow:
    """The ads and days of one row, and their numbers together."""

    key: str
    span: Span
    ads: tuple[Ad, ...]
    numbers: Numbers


def rows_of(
    days: list[AdDay], scope: AdScope, query: InsightsQuery, *, at: datetime, deleted: bool = True
) -> list[InsightRow]:
    """Every row, in an order of its own.

    Args:
        days: All that is shown of the account in the days asked for.
        scope: What is asked.
        query: What is asked of it.
        at: The moment.
        deleted: Whether deleted ads are shown where their state is named.

    Raises:
        GraphError: A filter is of a field that is none.
    """
    shown = [row for row in days if _is_wanted(row.ad, scope, query, at, deleted=deleted)]
    parts: dict[tuple[Span, str], list[AdDay]] = defaultdict(list)
    for row in shown:
        key = ids_of(row.ad)[query.level]
        for span in query.spans:
            if span[0] <= row.day <= span[1]:
                parts[span, key].append(row)
    rows = [_row(span, key, found) for (span, key), found in parts.items()]
    rows = [row for row in rows if _passes(row, query)]
    return sorted(rows, key=lambda row: digest(row.key, *row.span))


def _row(span: Span, key: str, days: list[AdDay]) -> InsightRow:
    numbers = Numbers.summed(row.numbers for row in days)
    ads = tuple({row.ad.ad_id: row.ad for row in days}.values())
    return InsightRow(key=key, span=span, ads=ads, numbers=numbers)


def _is_wanted(
    ad: Ad, scope: AdScope, query: InsightsQuery, at: datetime, *, deleted: bool
) -> bool:
    if not scope.holds(ad):
        return False
    if query.level == "ad" and scope.level != "ad":
        if ad.is_hidden(at) and not query.names_states:
            return False
        if ad.state(at) == "deleted" and not deleted:
            return False
    return all(one.admits(_value(one.field, ad, at)) for one in query.filters if not _counts(one))


def _counts(one: object) -> bool:
    return getattr(one, "operator", "") == "GREATER_THAN"


def _value(field: str, ad: Ad, at: datetime) -> str:
    values: Mapping[str, str] = {
        **{f"{level}.id": one for level, one in ids_of(ad).items()},
        "ad.name": ad.name,
        "ad.effective_status": EFFECTIVE[ad.state(at)],
        "adset.effective_status": "ACTIVE",
        "campaign.effective_status": "ACTIVE",
    }
    if field not in values:
        raise GraphError(invalid(f"Filtering field {field!r:.60} is not valid."))
    return values[field]


def _passes(row: InsightRow, query: InsightsQuery) -> bool:
    """Whether a row has more than was set as the least."""
    counts = {"impressions": row.numbers.impressions, "spend": row.numbers.spend}
    return all(
        one.admits(str(counts.get(one.field.rpartition(".")[2], 1)))
        for one in query.filters
        if _counts(one)
    )
