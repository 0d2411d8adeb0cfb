"""One reading of one ad account: the account, its ads, their days, its totals.

Belongs here: the order of requests, ads that lists hide, ads that may not be read.
Does not belong here: pages, cures and reports (``lists``, ``insights``, ``reports``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from layers_pipeline.errors import SourceError, SourceForbiddenError
from layers_pipeline.sources.account_reading import Issue, IssueKind, ResponseRow
from layers_pipeline.sources.ads_client import (
    ACCOUNT,
    ACCOUNT_DAY,
    AD,
    AD_DAY,
    AdsAccount,
    AdsReading,
    AdsRequest,
    account_of,
    days_to_read,
    spans,
)
from layers_pipeline.sources.meta_ads.ad_lists import AD_FIELDS, AdLists
from layers_pipeline.sources.meta_ads.errors import SOURCE, FaultError
from layers_pipeline.sources.meta_ads.insights import Insights
from layers_pipeline.sources.meta_ads.lists import Row
from layers_pipeline.sources.meta_ads.session import AdsSession
from layers_pipeline.sources.meta_ads.spans import AD_ID, Among, Span, ids_in

ACCOUNT_FIELDS: Final = "id,account_id,name,currency,timezone_name,timezone_offset_hours_utc"
SPAN_DAYS: Final = 93
"""Days that are asked for at once; more than a month is read by a report."""
FORBIDDEN_MAX: Final = 20
"""Ads of an account that may not be read; more are a permission that is missing."""


class MetaAdsReader:
    """One reading; ``run`` is called once."""

    def __init__(self, session: AdsSession, wanted: AdsRequest) -> None:
        self._session, self._wanted = session, wanted
        self._insights = Insights(session, self._told)
        self._rows: list[ResponseRow] = []
        self._issues: list[Issue] = []
        self._account: AdsAccount | None = None
        self._since: date | None = None
        self._until: date | None = None
        self._listed: set[str] = set()
        self._told_of: set[str] = set()
        """Ads of which days were read."""
        self._barred: set[str] = set()
        """Ads that may not be read."""
        self._days = 0

    async def run(self) -> AdsReading:
        """The reading, with the error that ended it, if one did."""
        error: SourceError | None = None
        try:
            await self._read()
        except SourceError as ending:
            error = ending
        except FaultError as refused:
            error = refused.fault.error()
        if notice := self._session.version_notice:
            self._told("version_ends", notice)
        return AdsReading(
            rows=tuple(self._rows),
            account=self._account,
            since=self._since,
            until=self._until,
            ads=len(self._listed),
            days=self._days,
            calls=self._session.calls,
            is_complete=error is None and not self._lacks,
            issues=tuple(self._issues),
            error=error,
        )

    @property
    def _path(self) -> str:
        return f"act_{self._wanted.ad_account_id}"

    async def _read(self) -> None:
        account = await self._read_account()
        self._since, self._until = days_to_read(self._wanted, account, now=self._session.now)
        await AdLists(self._session, self._path, keep=self._keep_ads, told=self._told).read()
        # The newest days first: should a throttle end the reading, those are what was missing.
        for since, until in reversed(spans(self._since, self._until, days=SPAN_DAYS)):
            delivered, before = await self._read_totals(since, until), self._days
            await self._read_days(since, until)
            if delivered and self._days == before and not self._barred:
                said = f"no day of any ad from {since} to {until}, though the account delivered"
                self._told("not_answered", said)
        await self._read_hidden(self._since, self._until)
        await self._read_unseen(self._since, self._until)

    async def _read_account(self) -> AdsAccount:
        found = await self._session.get(self._path, {"fields": ACCOUNT_FIELDS})
        self._account = account_of(
            SOURCE,
            currency=found.get("currency"),
            time_zone=found.get("timezone_name"),
            name=found.get("name"),
        )
        self._keep(ACCOUNT, "", [found])
        return self._account

    def _keep_ads(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._listed.add(str(row["id"]))
            self._keep(AD, str(row["id"]), [row])

    @property
    def _lacks(self) -> bool:
        return any(issue.kind in ("not_permitted", "not_answered") for issue in self._issues)

    async def _read_totals(self, since: date, until: date) -> bool:
        """Read the account's own totals; whether it had any delivery."""
        span = Span(path=self._path, level="account", since=since, until=until)
        rows = await self._insights.days(span)
        self._keep(ACCOUNT_DAY, "", rows)
        return any(str(row.get("impressions") or "0") != "0" for row in rows)

    async def _read_days(self, since: date, until: date) -> None:
        span = Span(path=self._path, level="ad", since=since, until=until)
        try:
            self._keep_days(await self._insights.days(span))
        except FaultError as refused:
            # The totals could be read, so it is some ad that may not be: one is enough.
            if refused.fault.kind != "not_permitted" or not self._listed:
                raise
            await self._read_around(span, sorted(self._listed - self._barred))

    async def _read_around(self, span: Span, ad_ids: Sequence[str]) -> None:
        """Read the days of the ads in halves until only those that are barred are left."""
        some = replace(span, among=(Among(field=AD_ID, values=tuple(ad_ids)),))
        try:
            self._keep_days(await self._insights.days(some))
        except FaultError as refused:
            if refused.fault.kind != "not_permitted":
                raise
            if len(ad_ids) > 1:
                middle = len(ad_ids) // 2
                await self._read_around(span, ad_ids[:middle])
                await self._read_around(span, ad_ids[middle:])
            else:
                self._bar(ad_ids[0], refused)

    async def _read_hidden(self, since: date, until: date) -> None:
        """Read by their ids the ads that lists hide: deleted ones that were known, or have days."""
        known = {*self._wanted.known_ads, *self._told_of}
        for ad_id in sorted(known - self._listed - self._barred):
            try:
                await self._read_ad(ad_id, since, until)
            except FaultError as refused:
                if refused.fault.kind == "gone":
                    self._told("gone", refused.fault.message, subject=ad_id)
                elif refused.fault.kind == "not_permitted":
                    self._bar(ad_id, refused)
                else:
                    raise

    async def _read_unseen(self, since: date, until: date) -> None:
        """Read by their ids ads of which something is known otherwise, as far as they are here."""
        for ad_id in sorted({*self._wanted.unseen_ads} - self._listed - self._barred):
            try:
                await self._read_ad(ad_id, since, until)
            except FaultError as refused:
                # Of another account, or of none: whose it is, nobody has said.
                if refused.fault.kind not in ("gone", "not_permitted"):
                    raise

    async def _read_ad(self, ad_id: str, since: date, until: date) -> None:
        ad = await self._session.get(ad_id, {"fields": AD_FIELDS})
        if str(ad.get("account_id") or self._wanted.ad_account_id) != self._wanted.ad_account_id:
            return
        self._keep(AD, ad_id, [ad])
        self._listed.add(ad_id)
        if ad_id not in self._told_of:
            span = Span(path=ad_id, level="ad", since=since, until=until)
            self._keep_days(await self._insights.days(span))

    def _bar(self, ad_id: str, refused: FaultError) -> None:
        self._barred.add(ad_id)
        self._told("not_permitted", refused.fault.message, subject=ad_id)
        if len(self._barred) > FORBIDDEN_MAX:
            message = f"more than {FORBIDDEN_MAX} ads may not be read. {refused.fault.message}"
            raise SourceForbiddenError(SOURCE, message)

    def _keep_days(self, rows: Sequence[Row]) -> None:
        self._told_of |= ids_in(rows)
        self._days += len(rows)
        for row in rows:
            self._keep(AD_DAY, str(row.get("ad_id") or ""), [row])

    def _keep(self, entity: str, subject: str, rows: Iterable[Row]) -> None:
        now = self._session.now
        self._rows += [
            ResponseRow(
                entity=entity,
                subject=subject,
                received_at=now,
                body=self._session.text_of(row),
            )
            for row in rows
        ]

    def _told(self, kind: IssueKind, message: str, subject: str = "") -> None:
        self._issues.append(Issue(kind=kind, subject=subject, message=message))
