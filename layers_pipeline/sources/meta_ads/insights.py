"""Days of ads and of accounts: insights, with the cure that each refusal wants.

Belongs here: a span of days read to its end, by pages or by a report, smaller where it must be.
Does not belong here: which spans (``reader``), reports themselves (``reports``).

"Reduce the amount of data" is cured by smaller pages, then fewer days, then a report, then fewer
ads (``parts``). A throttle is none of that: it passes as the error that it is, for smaller pages
are more calls.
"""

from collections.abc import Callable, Sequence
from typing import Final

from layers_pipeline.errors import SourceUnavailableError
from layers_pipeline.json_text import json_text
from layers_pipeline.sources.account_reading import IssueKind
from layers_pipeline.sources.meta_ads.errors import SOURCE, FaultError
from layers_pipeline.sources.meta_ads.lists import PAGE, Row, pages
from layers_pipeline.sources.meta_ads.reports import ReportFailedError, report_rows
from layers_pipeline.sources.meta_ads.session import AdsSession
from layers_pipeline.sources.meta_ads.spans import (
    AD_ID,
    CAMPAIGN_ID,
    CAMPAIGN_STATUSES,
    STATUSES,
    Among,
    Span,
)

ALL_DAYS_AT_ONCE: Final = 31
"""More days than this are read by a report from the beginning."""


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
        if span.days > ALL_DAYS_AT_ONCE or span.is_long:
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
        self._told("read_by_report", f"{span} is read by a report")
        try:
            return await report_rows(self._session, span.path, span.params(), self._smaller)
        except ReportFailedError as failed:
            if span.days > 1:
                return await self._divided(span)
            parts = await self._parts(span)
            if not parts:
                raise SourceUnavailableError(SOURCE, f"{span}: {failed}") from failed
            self._told("page_made_smaller", f"{span} is read in {len(parts)} parts")
            return [row for part in parts for row in await self.days(part)]

    async def _parts(self, span: Span) -> Sequence[Span]:
        """A day by campaign, a campaign's day by ad; none where nothing tells its ads apart."""
        last = span.among[-1] if span.among else None
        if not span.can_be_filtered or (last and last.is_rest):
            return []
        if last is None:
            return span.by(CAMPAIGN_ID, await self._ids(span.path, "campaigns", CAMPAIGN_STATUSES))
        if len(last.values) > 1:
            return span.by_half_of_its_ids()
        if last.field == CAMPAIGN_ID:
            return span.by(AD_ID, await self._ids(span.path, "ads", STATUSES, among=last))
        return []

    async def _ids(
        self, path: str, edge: str, statuses: Sequence[str], *, among: Among | None = None
    ) -> list[str]:
        """The ids in a list of the account's, as far as it shows them."""
        params = {"fields": "id", "effective_status": json_text(list(statuses))}
        if among:
            params["filtering"] = json_text([among.filter()])
        path = f"{path}/{edge}"
        rows = await pages(self._session, path, params, key="id", smaller=self._smaller)
        return sorted(str(row["id"]) for row in rows)

    def _smaller(self, limit: int) -> None:
        """Pages stay small once they had to be."""
        self._limit = limit
        self._told("page_made_smaller", f"pages of {limit} rows from here on")
