"""SIFT: public posts of accounts that we hold no token for, by asynchronous scrape.

Belongs here: SIFT's paths, paging and job states; rows leave as they came.
Does not belong here: renaming or typing of fields, schedules, storage, other platforms.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from layers_pipeline.errors import SourceMalformedError
from layers_pipeline.sources.http import (
    DEFAULT_RETRIES,
    BearerAuth,
    JsonApi,
    RetryPolicy,
    open_http,
)

SOURCE: Final = "sift"
SCRAPE_LIMIT: Final = 50

ScrapeStatus = Literal["queued", "running", "succeeded", "failed", "expired"]


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """One scrape job as SIFT last described it."""

    scrape_id: str
    status: ScrapeStatus
    message: str | None
    """Why it failed, or what else SIFT says about it."""


def sift_http(url: str, key: SecretStr, *, timeout_s: float = 30) -> httpx.AsyncClient:
    """A client for SIFT with base URL, key, timeouts and limits; the caller closes it."""
    return open_http(url, timeout_s=timeout_s, auth=BearerAuth(key))


class SiftClient:
    """Reads SIFT over an ``httpx.AsyncClient`` that the caller owns.

    Every method raises a ``SourceError`` whose class says what to do next. A request that may
    succeed on another try is repeated before that.

    Args:
        http: Made by ``sift_http``.
    """

    def __init__(self, http: httpx.AsyncClient, *, retries: RetryPolicy = DEFAULT_RETRIES) -> None:
        self._api = JsonApi(http, source=SOURCE, retries=retries)

    @property
    def calls(self) -> int:
        """Requests made, repeated ones included."""
        return self._api.calls

    async def submit_scrape(
        self, *, platform: str, account_key: str, limit: int = SCRAPE_LIMIT, idempotency_key: str
    ) -> Scrape:
        """Order a scrape of an account's most recent posts.

        Args:
            platform: ``instagram`` or ``tiktok``.
            account_key: The account as SIFT names it.
            limit: Posts wanted, 1 to 50.
            idempotency_key: Names the order: the same key again gives the same job.

        Returns:
            The job, as a rule queued.
        """
        body = {"platform": platform, "account_key": account_key, "limit": limit}
        headers = {"Idempotency-Key": idempotency_key}
        return _scrape(await self._api.post("/v1/scrapes", body=body, headers=headers))

    async def scrape(self, scrape_id: str) -> Scrape:
        """The job as it stands now."""
        return _scrape(await self._api.get(_path(scrape_id)))

    async def posts(self, scrape_id: str) -> AsyncIterator[dict[str, Any]]:
        """Every post row of a succeeded scrape as received, newest first, page after page."""
        params: dict[str, str] = {}
        cursors: set[str] = set()
        while True:
            page = await self._api.get(f"{_path(scrape_id)}/posts", params=params)
            for row in _rows(page):
                yield row
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            params = {"cursor": _unseen(cursor, cursors)}


def _path(scrape_id: str) -> str:
    return f"/v1/scrapes/{quote(scrape_id, safe='')}"


def _scrape(answer: dict[str, Any]) -> Scrape:
    scrape_id, status, message = (answer.get(key) for key in ("scrape_id", "status", "message"))
    if not isinstance(scrape_id, str) or not scrape_id:
        raise SourceMalformedError(SOURCE, "scrape without scrape_id")
    if status not in get_args(ScrapeStatus):
        raise SourceMalformedError(SOURCE, f"scrape with unknown status {status!r:.40}")
    return Scrape(
        scrape_id=scrape_id,
        status=cast("ScrapeStatus", status),
        message=None if message is None else str(message),
    )


def _rows(page: dict[str, Any]) -> list[dict[str, Any]]:
    rows = page.get("posts")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceMalformedError(SOURCE, "page whose posts are not a list of objects")
    return rows


def _unseen(cursor: object, seen: set[str]) -> str:
    if not isinstance(cursor, str) or cursor in seen:
        raise SourceMalformedError(SOURCE, "page whose next_cursor is repeated or not text")
    seen.add(cursor)
    return cursor
