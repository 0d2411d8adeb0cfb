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
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

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
from layers_pipeline.sources.json_text import json_text
from layers_pipeline.sources.rate_limits import UNSTATED_WAIT_S, Usage

NO_SECRET: Final = SecretStr("")
WHOLE: Final = re.compile(r"-?[0-9]+")
REDACTED: Final = "***"
SECRET_LENGTH_MIN: Final = 8
"""What is shorter is no secret of a platform, and taking it out would spoil other words."""
SECRET_NAMES: Final = ("access_token", "appsecret_proof")
SECRET_PARAMETERS: Final = (
    re.compile(r"((?:access_token|appsecret_proof)=)[^&\s\"\\]*", re.IGNORECASE),
    re.compile(r"((?:access_token|appsecret_proof)%3d)(?:(?!%26)[^&\s\"\\])*", re.IGNORECASE),
    re.compile(r"(\"(?:access_token|appsecret_proof)\\?\"\s*:\s*\\?\")[^\"\\]*", re.IGNORECASE),
)
"""In a URL, in a URL inside a URL, and in JSON."""


class Redactor:
    """Takes secrets out of what was received.

    Args:
        secrets: What may not be shown; short ones are passed over.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = [
            SecretStr(form)
            for secret in secrets
            if len(secret) >= SECRET_LENGTH_MIN
            for form in _written(secret)
        ]

    def clean(self, text: str) -> str:
        """The text without secrets, wherever the platform repeats one to us."""
        if not self._shows_secret(text):
            return text
        for form in self._forms:
            text = text.replace(form.get_secret_value(), REDACTED)
        for pattern in SECRET_PARAMETERS:
            text = pattern.sub(rf"\1{REDACTED}", text)
        return text

    def json_text(self, found: object) -> str:
        """The JSON text of a value without secrets."""
        text = json_text(found)
        if not self._shows_secret(text):
            return text
        # Inside strings only: what is taken out of JSON text may be half of an escape.
        return json_text(self._cleaned(found))

    def _shows_secret(self, text: str) -> bool:
        lower = text.lower()
        return any(name in lower for name in SECRET_NAMES) or any(
            form.get_secret_value() in text for form in self._forms
        )

    def _cleaned(self, found: object) -> object:
        if isinstance(found, dict):
            return {self.clean(str(name)): self._cleaned(one) for name, one in found.items()}
        if isinstance(found, list):
            return [self._cleaned(one) for one in found]
        return self.clean(found) if isinstance(found, str) else found


def _written(secret: str) -> list[str]:
    """The ways in which a secret may be written: plain, in JSON, in a URL."""
    in_json = json.dumps(secret)[1:-1]
    in_ours = json_text(secret)[1:-1]  # which leaves some control characters as they are
    in_urls = (quote(secret), quote(secret, safe=""))
    forms = [secret, in_json, in_json.replace("/", "\\/"), in_ours, *in_urls]
    return list(dict.fromkeys(forms))


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
