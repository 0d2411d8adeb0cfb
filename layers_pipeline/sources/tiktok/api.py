"""TikTok's Business API as HTTP: one request at the rate allowed, its retries and its envelope.

Belongs here: headers, the envelope, what is tried again, what must be known of every request.
Does not belong here: paths, fields, paging, and what a code means (``errors``).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import (
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
    OK,
    PARTIAL,
    SOURCE,
    error_of,
    is_tried_again,
)

VERSION: Final = "v1.3"
API: Final = f"/open_api/{VERSION}"
REDACTED: Final = "***"
SECRET_LENGTH_MIN: Final = 8
"""What is shorter is no secret of TikTok's, and taking it out would spoil other words."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What TikTok answered, good or not."""

    code: int
    message: str
    """Without secrets, and not longer than an error's message may be."""
    data: dict[str, Any]

    def good(self) -> dict[str, Any]:
        """The data, whole or in part.

        Raises:
            SourceError: The code says that there is none.
        """
        if self.code not in (OK, PARTIAL):
            raise error_of(self.code, self.message)
        return self.data


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
    """

    http: httpx.AsyncClient
    clock: Clock
    budgets: UsageBudgets
    limiter: RateLimiter | None = None
    retries: RetryPolicy = DEFAULT_RETRIES


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
            SourceError: There was no answer, or it was not what TikTok promises.
        """

        # The retrying logs what it is called with; a closure shows neither token nor body.
        async def attempt() -> Answer:
            return await self._answer(method, f"{API}{path}", **options)

        try:
            return await self._retrying(attempt)
        except _TriedAgainError as passing:
            error = error_of(passing.answer.code, passing.answer.message)
        except SourceThrottledError as throttled:
            error = throttled
        if isinstance(error, SourceThrottledError):
            self._calling.budgets.hold(self._account_key, error)
        raise error

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
        response = await answered(
            self._calling.http, SOURCE, method, path, headers=headers, **options
        )
        if not response.is_success:
            raise refusal(SOURCE, without_body(response))
        answer = self._envelope(f"{method} {path}", response)
        if is_tried_again(answer.code):
            raise _TriedAgainError(answer)
        return answer

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
        message = self.redacted(str(envelope.get("message") or "no message"))
        return Answer(
            code=code,
            message=message[:MESSAGE_LENGTH_MAX],
            data=data if isinstance(data, dict) else {},
        )
