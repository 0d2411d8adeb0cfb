"""Days of ads and of accounts: insights, with the cure that each refusal wants.

Belongs here: a span of days read to its end, by pages or by a report, smaller where it must be.
Does not belong here: which spans (``reader``), reports themselves (``reports``).

"Reduce the amount of data" is cured by smaller pages, then fewer days, then a report. A throttle
is none of that: it passes as the error that it is, for smaller pages are more calls.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from layers_pipeline.errors import SourceUnavailableError
from layers_pipeline.sources.account_reading import IssueKind
from layers_pipeline.sources.meta_ads.errors import SOURCE, FaultError
from layers_pipeline.sources.meta_ads.lists import PAGE, Row, pages
from layers_pipeline.sources.meta_ads.reports import ReportFailedError, report_rows
from layers_pipeline.sources.meta_ads.session import AdsSession

STATUSES: Final = (
    "ACTIVE",
    "PAUSED",
    "ARCHIVED",
    "DELETED",
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "DISAPPROVED",
    "IN_PROCESS",
    "PENDING_BILLING_INFO",
    "PENDING_REVIEW",
    "PREAPPROVED",
    "WITH_ISSUES",
)
"""Every status, asked for by name: unasked, archived and deleted ads are left out."""
FIELDS: Final = (
    "account_id",
    "account_currency",
    "spend",
    "impressions",
    "clicks",
    "reach",
    "frequency",
    "actions",
    "action_values",
)
AD_FIELDS: Final = ("ad_id", "ad_name", "adset_id", "campaign_id", *FIELDS, "attribution_setting")
WINDOWS: Final = ("default", "1d_click", "7d_click", "28d_click", "1d_view")
"""Asked for by name, and kept as received. ``value`` follows the ad set's own setting."""
ALL_DAYS_AT_ONCE: Final = 31
"""More days than this are read by a report from the beginning."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of one object's insights that are wanted, both ends included."""

    path: str
    level: str
    since: date
    until: date
    ad_ids: tuple[str, ...] = ()
    """Of these ads only; none: of all."""

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def halves(self) -> tuple["Span", "Span"]:
        """The span in two, the newer days first."""
        middle = self.since + (self.until - self.since) // 2
        return replace(self, since=middle + DAY), replace(self, until=middle)

    def params(self) -> dict[str, str]:
        """What is asked of the platform."""
        return {
            "level": self.level,
            "time_increment": "1",
            "time_range": json.dumps({"since": str(self.since), "until": str(self.until)}),
            "action_attribution_windows": json.dumps(WINDOWS),
            "fields": ",".join(AD_FIELDS if self.level == "ad" else FIELDS),
            **self._filtering(),
        }

    def _filtering(self) -> dict[str, str]:
        if self.level != "ad" or not self.path.startswith("act_"):
            return {}
        wanted: list[dict[str, Any]] = [among("ad.effective_status", STATUSES)]
        if self.ad_ids:
            wanted.append(among("ad.id", self.ad_ids))
        return {"filtering": json.dumps(wanted)}


def among(field: str, values: Sequence[str]) -> dict[str, Any]:
    """A filter: only what has one of the values in the field."""
    return {"field": field, "operator": "IN", "value": list(values)}


class Insights:
    """Reads spans of days over one conversation.

    Args:
        told: Told in words what had to be made smaller, or read otherwise.
    """

    def __init__(self, session: AdsSession, told: Callable[[IssueKind, str], None]) -> None:
        self._session, self._told = session, told
        self._limit = PAGE

    async def days(self, span: Span) -> list[Row]:
        """The rows of a span, newest days first where it had to be divided.

        Raises:
            FaultError: The platform refuses the rows themselves.
            SourceError: There was no answer, or no cure helped.
        """
        if span.days > ALL_DAYS_AT_ONCE:
            return await self._by_report(span)
        try:
            return await pages(
                self._session,
                f"{span.path}/insights",
                span.params(),
                key="date_start",
                smaller=self._smaller,
                limit=self._limit,
            )
        except FaultError as refused:
            if refused.fault.kind not in ("too_much", "too_slow"):
                raise
            if span.days > 1:
                return await self._divided(span)
            return await self._by_report(span)

    async def _divided(self, span: Span) -> list[Row]:
        self._told("page_made_smaller", f"{span.days} days of {span.path} are read in halves")
        newer, older = span.halves()
        return [*await self.days(newer), *await self.days(older)]

    async def _by_report(self, span: Span) -> list[Row]:
        what = f"{span.path} {span.since} to {span.until}"
        self._told("read_by_report", f"{what} is read by a report")
        try:
            return await report_rows(self._session, span.path, span.params(), self._smaller)
        except ReportFailedError as failed:
            if span.days > 1:
                return await self._divided(span)
            raise SourceUnavailableError(SOURCE, f"{what}: {failed}") from failed

    def _smaller(self, limit: int) -> None:
        """Pages stay small once they had to be."""
        self._limit = limit
        self._told("page_made_smaller", f"pages of {limit} rows from here on")


def ids_in(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ads of which rows tell."""
    return {str(row["ad_id"]) for row in rows if row.get("ad_id")}
