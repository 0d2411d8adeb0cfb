"""HTTP as every source speaks it: one JSON request with retries, or one of our errors.

Belongs here: which answers are tried again, how long is waited, which error an answer becomes.
Does not belong here: any one platform's paths, fields or envelopes.
"""

import random
import ssl
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final

import httpx
import stamina
from pydantic import SecretStr

from layers_pipeline.errors import (
    SettingsError,
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.network import trouble_with

UNSTATED_RETRY_AFTER_S: Final = 5.0
MESSAGE_LENGTH_MAX: Final = 300
DOUBLINGS_MAX: Final = 30
CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=20)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often one request is tried, and how long is waited in between."""

    attempts: int = 4
    """Tries in all, the first one included."""
    wait_initial_s: float = 0.5
    """The first wait; it doubles each time."""
    wait_max_s: float = 8.0
    """The longest wait that we choose ourselves."""
    jitter_s: float = 1.0
    """Up to so much is added to every wait, so that clients do not come back together."""
    retry_after_max_s: float = 30.0
    """The longest ``Retry-After`` that is waited for; a longer one is the caller's to keep."""

    def caller(
        self, on: Callable[[Exception], bool | float] | None = None
    ) -> stamina.BoundAsyncRetryingCaller:
        """Stamina's caller with these numbers; ``on`` stands in for ``worth_retrying``."""
        retrying = stamina.AsyncRetryingCaller(
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.wait_initial_s,
            wait_max=self.wait_max_s,
            wait_jitter=self.jitter_s,
        )
        return retrying.on(on or self.worth_retrying)

    def wait_s(self, tries: int) -> float:
        """Seconds to wait after so many tries, jitter included; for what is no whole request."""
        doubled_s = self.wait_initial_s * 2 ** min(tries - 1, DOUBLINGS_MAX)
        jitter_s = random.uniform(0, self.jitter_s)  # noqa: S311 - jitter is no secret
        return min(doubled_s, self.wait_max_s) + jitter_s

    def worth_retrying(self, error: Exception) -> bool | float:
        """Whether to try again; a number is the seconds to wait before that."""
        if isinstance(error, SourceThrottledError):
            jitter_s = random.uniform(0, self.jitter_s)  # noqa: S311 - jitter is no secret
            return error.retry_after_s <= self.retry_after_max_s and error.retry_after_s + jitter_s
        return isinstance(error, SourceUnavailableError | SourceMalformedError)


DEFAULT_RETRIES: Final = RetryPolicy()


class BearerAuth(httpx.Auth):
    """Puts a bearer key on each request and shows it nowhere else."""

    def __init__(self, key: SecretStr) -> None:
        text = key.get_secret_value()
        # httpx quotes a header that it cannot send in its own error, so such a key stops here.
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise SettingsError("bearer key: empty, or not plain characters. Correct the key.")
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


def open_http(
    url: str, *, timeout_s: float = 30, auth: httpx.Auth | None = None
) -> httpx.AsyncClient:
    """A client for one source, with our limits; the caller closes it.

    Args:
        url: Base URL without paths or versions, http or https.
        timeout_s: Longest wait to connect, for each part of an answer, and for a free connection.
        auth: Signs each request; none: the client is shared, and each caller does.
    """
    if not url.startswith(("http://", "https://")):
        raise SettingsError("source URL: begins with neither http:// nor https://. Correct it.")
    return httpx.AsyncClient(
        base_url=url, auth=auth, timeout=timeout_s, limits=CONNECTIONS, verify=_trusted()
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust; reading that from disk takes longer than a call."""
    return httpx.create_ssl_context()


class JsonApi:
    """Reads JSON objects from one source over an ``httpx.AsyncClient`` that the caller owns."""

    def __init__(
        self, http: httpx.AsyncClient, *, source: str, retries: RetryPolicy = DEFAULT_RETRIES
    ) -> None:
        self._http = http
        self._source = source
        self._retrying = retries.caller()
        self.calls = 0
        """Requests made, repeated ones included."""

    async def get(self, path: str, *, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The object at a path.

        Raises:
            SourceError: Retries did not help, or could not; the class says what to do.
        """
        return await self._retrying(self._answer, "GET", path, params=params)

    async def post(
        self, path: str, *, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The answer to a body; it is sent again on failure, so the source must not mind.

        Raises:
            SourceError: Retries did not help, or could not; the class says what to do.
        """
        return await self._retrying(self._answer, "POST", path, json=body, headers=headers)

    async def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
        self.calls += 1
        response = await answered(self._http, self._source, method, path, **options)
        if not response.is_success:
            raise refusal(self._source, response)
        return self._object(f"{method} {path}", response)

    def _object(self, asked: str, response: httpx.Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError as error:
            size = len(response.content)
            message = f"{asked}: {size} bytes that are not JSON"
            raise SourceMalformedError(self._source, message) from error
        if not isinstance(answer, dict):
            raise SourceMalformedError(self._source, f"{asked}: JSON, but not an object")
        return answer


async def answered(
    http: httpx.AsyncClient,
    source: str,
    method: str,
    path: str,
    **options: Any,  # noqa: ANN401 - httpx's own
) -> httpx.Response:
    """The answer to one try of one request, whatever it says.

    Raises:
        SourceUnavailableError: There was none.
        SourceMalformedError: Its bytes could not be unpacked.
    """
    asked = f"{method} {path}"
    try:
        return await http.request(method, path, **options)
    except httpx.DecodingError as error:
        raise SourceMalformedError(source, f"{asked}: answer not decodable") from error
    except httpx.TransportError as error:
        message = f"{asked}: {trouble_with(http, source, error)}"
        raise SourceUnavailableError(source, message) from error


def refusal(source: str, response: httpx.Response) -> SourceError:
    """The error that a non-2xx answer stands for."""
    message = f"HTTP {response.status_code}: {problem_message(response)}"
    match response.status_code:
        case 401:
            return SourceUnauthorizedError(source, message)
        case 403:
            return SourceForbiddenError(source, message)
        case 429:
            return SourceThrottledError(source, message, retry_after_s=retry_after_s(response))
        case 408 | 425:
            return SourceUnavailableError(source, message)
        case status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return SourceUnavailableError(source, message)
        case _:
            return SourceRejectedError(source, message)


def problem_message(response: httpx.Response) -> str:
    """What the answer says about itself: RFC 9457 ``detail`` or ``title``, else HTTP's phrase."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    said = problem if isinstance(problem, dict) else {}
    message = str(said.get("detail") or said.get("title") or response.reason_phrase)
    return without_key(message, response.request)[:MESSAGE_LENGTH_MAX]


def without_key(message: str, request: httpx.Request) -> str:
    """The message with the request's key redacted out, should a server repeat it to us."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return message.replace(key, "***") if key else message


def without_body(response: httpx.Response) -> httpx.Response:
    """The answer without its body, which may repeat anything."""
    kept = ("Retry-After", "Date")
    headers = {name: response.headers[name] for name in kept if name in response.headers}
    return httpx.Response(response.status_code, headers=headers, request=response.request)


def retry_after_s(response: httpx.Response) -> float:
    """Seconds that ``Retry-After`` asks for, 0 or more; a few where it is absent or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = _instant(text)
    if until is None:
        return UNSTATED_RETRY_AFTER_S
    # The server's own Date, so that our clock being wrong does not matter.
    since = _instant(response.headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())


def _instant(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
