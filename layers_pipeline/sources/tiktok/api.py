"""TikTok's Business API as HTTP: one request at the rate allowed, its retries and its envelope.

Belongs here: headers, the envelope, what is tried again, what must be known of every request.
Does not belong here: paths, fields, paging, and what a code means (``errors``).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import (
    SourceError,
    SourceMalformedError,
    SourceThrottledError,
    SourceUnavailableError,
)
from layers_pipeline.sources.client import TokenExpiredError
from layers_pipeline.sources.http import (
    DEFAULT_RETRIES,
    MESSAGE_LENGTH_MAX,
    RetryPolicy,
    answered,
    refusal,
    without_body,
)
from layers_pipeline.sources.rate_limits import RateLimiter, UsageBudgets
from layers_pipeline.sources.tiktok.errors import (
    MEANINGS,
    OK,
    PARTIAL,
    SOURCE,
    error_of,
    is_tried_again,
)
from layers_pipeline.sources.tiktok.limits import (
    AccountWindows,
    AllowanceUsedError,
    ThrottledAccounts,
)

VERSION: Final = "v1.3"
API: Final = f"/open_api/{VERSION}"
REDACTED: Final = "***"
LONG_LIST: Final = re.compile(r"\[[^\]]{40,}\]")
"""Such as the fields that are allowed, among which the one that is not would be cut off."""
SECRET_LENGTH_MIN: Final = 8
"""What is shorter is no secret of TikTok's, and taking it out would spoil other words."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What TikTok answered, good or not."""

    code: int
    said: str
    """The whole message, without secrets."""
    data: dict[str, Any]
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer, names in lower case."""

    @property
    def message(self) -> str:
        """What was said, not longer than an error's message may be; long lists go first."""
        whole = self.said
        if len(whole) > MESSAGE_LENGTH_MAX:
            whole = LONG_LIST.sub("[…]", whole)
        return whole[:MESSAGE_LENGTH_MAX]

    def good(self) -> dict[str, Any]:
        """The data, whole or in part.

        Raises:
            SourceError: The code says that there is none.
        """
        if self.code not in (OK, PARTIAL):
            raise self.error()
        return self.data

    def error(self) -> SourceError:
        """What a code that is not good means."""
        return error_of(self.code, self.message, now=self.at)


class _TriedAgainError(SourceUnavailableError):
    """A code that may pass; never leaves this module."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(SOURCE, f"code {answer.code}")
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Calling:
    """How every request is made, whosever it is.

    Args:
        http: Made by ``open_http``.
        budgets: Who has to wait; shared with everybody who uses our app.
        limiter: Calls per second of our app, shared likewise; none: as fast as answers come.
        windows: Calls per minute of each account and endpoint; none: as many as wanted.
    """

    http: httpx.AsyncClient
    clock: Clock
    budgets: UsageBudgets
    limiter: RateLimiter | None = None
    windows: AccountWindows | None = None
    retries: RetryPolicy = DEFAULT_RETRIES
    throttled: ThrottledAccounts = field(default_factory=ThrottledAccounts)


class Exchange:
    """The requests of one reading, counted.

    Args:
        calling: How requests are made.
        account_key: Whom they are about; empty where that is not known.
        token: Access token, where one is asked for.
        secrets: What else no message may show.
    """

    def __init__(
        self,
        calling: Calling,
        *,
        account_key: str = "",
        token: SecretStr | None = None,
        secrets: Iterable[SecretStr] = (),
    ) -> None:
        self._calling = calling
        self._account_key = account_key
        self._token = token
        self._secrets = [*secrets, *([token] if token else [])]
        self._retrying = calling.retries.caller()
        self.calls = 0
        """HTTP requests made, repeated ones included."""

    async def ask(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - httpx's own
        """The answer, whatever its code, once the codes that may pass have been tried again.

        Raises:
            AllowanceUsedError: The account made all the calls of this endpoint that it may.
            SourceError: There was no answer, or it was not what TikTok promises.
        """
        self._pace(path)

        # The retrying logs what it is called with; a closure shows neither token nor body.
        async def attempt() -> Answer:
            return await self._answer(method, path, **options)

        try:
            answer = await self._retrying(attempt)
        except _TriedAgainError as passing:
            error = self._judged(passing.answer)
        except SourceThrottledError as throttled:
            error = throttled
        else:
            if MEANINGS.get(answer.code) != "throttled":
                self._calling.throttled.relieve()
                return answer
            error = self._judged(answer)
        if isinstance(error, SourceThrottledError):
            self._calling.budgets.hold(self._account_key, error)
        raise error

    def _judged(self, answer: Answer) -> SourceError:
        error = answer.error()
        if isinstance(error, SourceThrottledError):
            self._calling.throttled.judge(error, self._account_key, now=answer.at)
        return error

    def redacted(self, text: str) -> str:
        """The text without secrets, should TikTok repeat one to us."""
        for value in (secret.get_secret_value() for secret in self._secrets):
            if len(value) >= SECRET_LENGTH_MIN:
                text = text.replace(value, REDACTED).replace(json.dumps(value)[1:-1], REDACTED)
        return text

    async def _answer(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - httpx's own
        headers = self._headers()
        await self._allowed()
        self.calls += 1
        if self._calling.windows and self._account_key:
            self._calling.windows.count(self._account_key, path)
        response = await answered(
            self._calling.http, SOURCE, method, f"{API}{path}", headers=headers, **options
        )
        if not response.is_success:
            raise refusal(SOURCE, without_body(response))
        answer = self._envelope(f"{method} {API}{path}", response)
        if is_tried_again(answer.code, answer.message):
            raise _TriedAgainError(answer)
        return answer

    def _pace(self, path: str) -> None:
        windows = self._calling.windows
        wait_s = windows.wait_s(self._account_key, path) if windows else 0.0
        if wait_s > 0:
            message = f"not called, {self._account_key} made its calls of {path} for this minute"
            raise AllowanceUsedError(SOURCE, message, retry_after_s=wait_s)

    async def _allowed(self) -> None:
        self._calling.budgets.check(SOURCE, self._account_key)
        if self._calling.limiter:
            await self._calling.limiter.acquire()
            # Others may have been asked to wait in the meantime.
            self._calling.budgets.check(SOURCE, self._account_key)

    def _headers(self) -> dict[str, str]:
        if self._token is None:
            return {}
        text = self._token.get_secret_value()
        # httpx quotes a header that it cannot send in its own error, so such a token stops here.
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            message = "access token: empty, or not plain characters. Refresh it, then try once more"
            raise TokenExpiredError(SOURCE, message)
        return {"Access-Token": text}

    def _envelope(self, asked: str, response: httpx.Response) -> Answer:
        try:
            envelope = response.json()
        except ValueError as error:
            size = len(response.content)
            message = f"{asked}: {size} bytes that are not JSON"
            raise SourceMalformedError(SOURCE, message) from error
        code = envelope.get("code") if isinstance(envelope, dict) else None
        if not isinstance(code, int) or isinstance(code, bool):
            raise SourceMalformedError(SOURCE, f"{asked}: JSON without a whole number as code")
        data = envelope.get("data")
        if code in (OK, PARTIAL) and not isinstance(data, dict):
            raise SourceMalformedError(SOURCE, f"{asked}: data that is no object")
        said = self.redacted(str(envelope.get("message") or "no message"))
        return Answer(
            code=code,
            said=said,
            data=data if isinstance(data, dict) else {},
            at=self._calling.clock.now(),
            headers=dict(response.headers),
        )
