"""Taking secrets out of what is shown, kept or logged.

Belongs here: the forms in which a secret may be written, the secrets that this process knows.
Does not belong here: keeping secrets (``operations.secrets``), what platforms answer (``sources``).
"""

import json
import re
import threading
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

from layers_pipeline.json_text import json_text

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


class KnownSecrets:
    """The secrets that this process has handled, for logs, whose lines may come from anywhere.

    Grows with each token that is opened, and holds each secret as long as the process lives.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._redactor: Redactor | None = None

    def add(self, secrets: Iterable[SecretStr]) -> None:
        """Know more secrets."""
        texts = {secret.get_secret_value() for secret in secrets}
        with self._lock:
            if not texts <= self._known:
                self._known |= texts
                self._redactor = None

    def clean(self, text: str) -> str:
        """The text without any of them."""
        with self._lock:
            if self._redactor is None:
                # The longest first: one that is part of another would leave the rest of it.
                self._redactor = Redactor(sorted(self._known, key=len, reverse=True))
            redactor = self._redactor
        return redactor.clean(text)


KNOWN: Final = KnownSecrets()
"""Those of this process."""
