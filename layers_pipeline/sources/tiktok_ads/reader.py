"""One reading of one TikTok ad account while it is being made.

Belongs here: which questions follow each other, and what of their answers is kept.
Does not belong here: HTTP, codes, pages, portions of reports (the modules beside this one).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SourceError, SourceMalformedError
from layers_pipeline.json_text import json_text
from layers_pipeline.sources.account_reading import Issue, ResponseRow
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
from layers_pipeline.sources.tiktok.api import Exchange
from layers_pipeline.sources.tiktok.errors import SOURCE
from layers_pipeline.sources.tiktok_ads.errors import good_data
from layers_pipeline.sources.tiktok_ads.fields import ACCOUNT_FIELDS, AD_FIELDS, Level, ads_filter
from layers_pipeline.sources.tiktok_ads.paging import PAGE_SIZE, Row, every_row
from layers_pipeline.sources.tiktok_ads.reports import DAYS_AT_ONCE, Reports

ADVERTISER: Final = "/advertiser/info/"
ADS: Final = "/ad/get/"
IDS_AT_ONCE: Final = 100
"""The most ids that a filter takes."""


class TikTokAdsReading:
    """Gathers rows until it is asked for them; those that came before a failure are kept.

    Args:
        exchange: The requests, with the account's token.
        reports: Reports of the account.
        clock: Tells when rows were received.
        advertiser_id: The ad account.
    """

    def __init__(
        self, exchange: Exchange, reports: Reports, *, clock: Clock, advertiser_id: str
    ) -> None:
        self._exchange, self._reports = exchange, reports
        self._clock = clock
        self._advertiser_id = advertiser_id
        self._rows: list[ResponseRow] = []
        self._ads: set[str] = set()
        self._reported: set[str] = set()
        self.since: date | None = None
        self.until: date | None = None
        self.is_complete = False
        self.account: AdsAccount | None = None

    async def ask_account(self) -> AdsAccount:
        """Ask whose account it is: its currency, and the zone of its days."""
        params = {"advertiser_ids": json_text([self._advertiser_id])}
        params["fields"] = json_text(ACCOUNT_FIELDS)
        data = good_data(await self._exchange.ask("GET", ADVERTISER, params=params))
        found = data.get("list")
        account = found[0] if isinstance(found, list) and found else None
        if not isinstance(account, dict):
            raise SourceMalformedError(SOURCE, f"nothing told of advertiser {self._advertiser_id}")
        # Not display_timezone: "Etc/GMT+8" lies behind UTC all year, and days are cut by it.
        zone, name = account.get("timezone"), account.get("name")
        told = account_of(SOURCE, currency=account.get("currency"), time_zone=zone, name=name)
        self._keep(ACCOUNT, "", account)
        self.account = told
        return told

    async def read(self, wanted: AdsRequest) -> None:
        """Read all that is wanted.

        Raises:
            SourceError: What ended the reading early; the rows until then are there.
        """
        self.since, self.until = days_to_read(
            wanted, await self.ask_account(), now=self._clock.now()
        )
        await self.list_ads({*wanted.known_ads, *wanted.unseen_ads})
        await self.report_days(self.since, self.until)
        self.is_complete = True

    def result(self, error: SourceError | None = None) -> AdsReading:
        """What was read so far."""
        return AdsReading(
            rows=tuple(self._rows),
            account=self.account,
            since=self.since,
            until=self.until,
            ads=len(self._ads),
            days=sum(row.entity == AD_DAY for row in self._rows),
            calls=self._exchange.calls,
            is_complete=self.is_complete,
            issues=self._issues(),
            error=error,
        )

    def _issues(self) -> tuple[Issue, ...]:
        """Ads that reports name and no list nor id gives: they are known by their days alone."""
        lost = sorted(self._reported - self._ads) if self.is_complete else []
        said = "an ad with days, which TikTok gives neither in a list nor by its id"
        return tuple(Issue(kind="gone", subject=ad_id, message=said) for ad_id in lost)

    async def list_ads(self, known: Iterable[str]) -> None:
        """List the ads of every status, and read by id those known ones that the list lacks."""
        self._keep_ads(await self._listed(()))
        await self.read_missing(known)

    async def read_missing(self, known: Iterable[str]) -> None:
        """Read ads by id that no list showed."""
        missing = sorted(set(known) - self._ads)
        for begin in range(0, len(missing), IDS_AT_ONCE):
            self._keep_ads(await self._listed(missing[begin : begin + IDS_AT_ONCE]))

    async def report_days(self, since: date, until: date) -> None:
        """Read what the ads and the whole account spent and brought, day by day.

        A portion of days is kept whole or not at all. Ads that only a report knows are read by id.
        """
        for first, last in spans(since, until, days=DAYS_AT_ONCE):
            for level in _LEVELS:
                self._keep_days(level, await self._reports.days(level, first, last))
        await self.read_missing(self._reported)

    async def _listed(self, ad_ids: Sequence[str]) -> list[Row]:
        question = {
            "advertiser_id": self._advertiser_id,
            "fields": json_text(AD_FIELDS),
            "filtering": ads_filter(ad_ids),
            "page_size": str(PAGE_SIZE),
        }

        async def ask(page: int) -> Row:
            params = {**question, "page": str(page)}
            return good_data(await self._exchange.ask("GET", ADS, params=params))

        return await every_row(ask, what="list of ads")

    def _keep_ads(self, ads: Iterable[Row]) -> None:
        for ad in ads:
            ad_id = _text(ad, "ad_id")
            if ad_id not in self._ads:
                self._ads.add(ad_id)
                self._keep(AD, ad_id, ad)

    def _keep_days(self, level: Level, days: Iterable[Row]) -> None:
        for day in days:
            if level == "account":
                self._keep(ACCOUNT_DAY, "", day)
                continue
            dimensions = day.get("dimensions")
            ad_id = _text(dimensions if isinstance(dimensions, dict) else {}, "ad_id")
            self._reported.add(ad_id)
            self._keep(AD_DAY, ad_id, day)

    def _keep(self, entity: str, subject: str, received: Row) -> None:
        self._rows.append(
            ResponseRow(
                entity=entity,
                subject=subject,
                received_at=self._clock.now(),
                body=self._exchange.redacted(json_text(received)),
            )
        )


_LEVELS: Final[tuple[Level, ...]] = ("ad", "account")


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise SourceMalformedError(SOURCE, f"a row of ads whose {key} is no text")
    return value
