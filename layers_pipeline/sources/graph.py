"""What every API on Meta's Graph shares: signing requests, reading answers, hiding secrets.

Belongs here: authorisation and proof, JSON, waits, answers that are none, taking secrets out.
Does not belong here: which requests are made, what an error asks of us (``instagram``,
``meta_ads``).
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from typing import Final

import httpx
from pydantic import SecretStr

from layers_pipeline.errors import (
    SettingsError,
    SourceError,
    SourceMalformedError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.http import BearerAuth, refusal, without_body
from layers_pipeline.sources.rate_limits import UNSTATED_WAIT_S, Usage

NO_SECRET: Final = SecretStr("")
WHOLE: Final = re.compile(r"-?[0-9]+")


def auth_of(source: str, token: SecretStr, *, remedy: str) -> BearerAuth:
    """The header that a token travels in.

    Args:
        source: Whose error it is, if it cannot be sent.
        remedy: What to do then.

    Raises:
        SourceUnauthorizedError: It is empty, or no header can hold it.
    """
    try:
        return BearerAuth(token)
    except SettingsError as error:
        message = f"access token: empty, or not plain characters. {remedy}"
        raise SourceUnauthorizedError(source, message) from error


def proof_of(app_secret: SecretStr, token: SecretStr) -> dict[str, str]:
    """The parameter that shows that a token is used by its app; none without the app's secret."""
    secret = app_secret.get_secret_value().encode()
    if not secret:
        return {}
    proof = hmac.new(secret, token.get_secret_value().encode(), hashlib.sha256)
    return {"appsecret_proof": proof.hexdigest()}


def wait_s(headers: Mapping[str, str], usage: Usage) -> float:
    """How long a throttled answer asks to wait; our own choice where it does not say."""
    stated = headers.get("retry-after", "").strip()
    stated_s = float(stated[:9]) if stated.isascii() and stated.isdigit() else 0.0
    return usage.regain_s or stated_s or UNSTATED_WAIT_S


def whole(value: object) -> int | None:
    """A whole number, also where it is written as text."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parsed(text: str | bytes) -> object:
    """The JSON; none where it is no JSON, or holds numbers that JSON does not have."""
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{text:.20} is no number of JSON")


def unreadable(source: str, response: httpx.Response, *, api: str) -> SourceError:
    """The error that an answer is which is not the API's own; it may pass."""
    status, size = response.status_code, len(response.content)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return refusal(source, without_body(response))
    message = f"HTTP {status}: {size} bytes that are no answer of {api}"
    if response.is_server_error or status == httpx.codes.REQUEST_TIMEOUT:
        return SourceUnavailableError(source, message)
    return SourceMalformedError(source, message)
