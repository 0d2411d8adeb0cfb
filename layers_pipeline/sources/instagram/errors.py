"""What the Graph API's error envelopes ask of us: distinguished by their code, never by HTTP's.

Belongs here: kinds of faults, our error for each, the metric or field that a message names.
Does not belong here: requests, waiting, what a reading makes of one item's fault.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from layers_pipeline.errors import (
    SourceError,
    SourceForbiddenError,
    SourceMalformedError,
    SourceRejectedError,
    SourceThrottledError,
    SourceUnauthorizedError,
    SourceUnavailableError,
)
from layers_pipeline.sources.graph import whole
from layers_pipeline.sources.http import MESSAGE_LENGTH_MAX
from layers_pipeline.sources.rate_limits import UNSTATED_WAIT_S

SOURCE: Final = "instagram"

FaultKind = Literal[
    "unauthorized",
    "not_permitted",
    "few_viewers",
    "before_conversion",
    "not_shared",
    "gone",
    "invalid",
    "unsupported",
    "unknown_path",
    "app_throttled",
    "account_throttled",
    "account_blocked",
    "too_much",
    "passing",
    "malformed",
    "other",
]

BEFORE_CONVERSION: Final = 2108006
NOT_SHARED: Final = 2207086
"""A metric of Facebook was asked for of something that is not shared there; none is named."""
BLOCKED: Final = 2207051
BLOCKED_WAIT_S: Final = 6 * 3600.0
"""Such blocks last for days, and nothing says how many."""
CONVERTED: Final = re.compile(r"only available for media posted after .* converted", re.IGNORECASE)
UNSUPPORTED: Final = re.compile(r"unsupported (?:\w+ )?request", re.IGNORECASE)
INVALID: Final = 100
GONE: Final = 33
PERMISSIONS: Final = frozenset({3, 10, *range(200, 300)})
KIND_OF_CODE: Final[Mapping[int, FaultKind]] = {
    -1: "passing",
    1: "passing",
    2: "passing",
    4: "app_throttled",
    17: "account_throttled",
    24: "gone",
    32: "account_throttled",
    100: "invalid",
    102: "unauthorized",
    110: "gone",
    190: "unauthorized",
    341: "app_throttled",
    368: "app_throttled",
    613: "account_throttled",
    2500: "unknown_path",
    80001: "account_throttled",
    80002: "account_throttled",
    **dict.fromkeys(PERMISSIONS, "not_permitted"),
}
KIND_OF_SUBCODE: Final[Mapping[tuple[int | None, int | None], FaultKind]] = {
    (4, BLOCKED): "account_blocked",
    (INVALID, GONE): "gone",
    (INVALID, NOT_SHARED): "not_shared",
}
KIND_OF_STATUS: Final[Mapping[int, FaultKind]] = {
    401: "unauthorized",
    403: "not_permitted",
    408: "passing",
    429: "account_throttled",
}
"""For envelopes without a code, which leave nothing else to go by."""
THROTTLES: Final[frozenset[FaultKind]] = frozenset(
    {"app_throttled", "account_throttled", "account_blocked"}
)

REMEDIES: Final[Mapping[FaultKind, str]] = {
    "unauthorized": "Have the account's owner connect it again.",
    "not_permitted": "Have the account's owner grant the permissions.",
    "gone": "Have the account's owner see that the account exists and is connected.",
    "account_blocked": "Have the account's owner see in the app what Instagram blocks, and why.",
    "unsupported": "See that LAYERS_INSTAGRAM_URL is the host of the token's login.",
    "unknown_path": "See that LAYERS_INSTAGRAM_VERSION names a version that there is.",
}

METRIC_BY_PLACE: Final = re.compile(r"metric\[(\d{1,3})\] must be one of", re.IGNORECASE)
METRICS_BY_NAME: Final = (
    re.compile(r"incompatible metrics? \(([\w, ]+)\)", re.IGNORECASE),
    re.compile(r"not support the (\w+(?:, *\w+)*) metrics?\b", re.IGNORECASE),
    re.compile(r"no longer supported: *(\w+(?:, *\w+)*)", re.IGNORECASE),
    re.compile(r"the (\w+) metric is no longer supported", re.IGNORECASE),
)
LISTS_ALLOWED: Final = "must be one of"
FIELD_BY_NAME: Final = re.compile(r"nonexisting field \((\w+)\)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class GraphFault:
    """One refusal of one request, whole or part of a batch."""

    kind: FaultKind
    message: str
    """Code, subcode and what was said; without secrets."""
    code: int | None = None
    retry_after_s: float = UNSTATED_WAIT_S
    """For throttles: how long to wait."""

    def error(self) -> SourceError:
        """The error that it is where the whole account is concerned."""
        said = f"{self.message} {REMEDIES.get(self.kind, '')}".strip()
        match self.kind:
            case "unauthorized":
                return SourceUnauthorizedError(SOURCE, said)
            case "not_permitted" | "gone":
                return SourceForbiddenError(SOURCE, said)
            case "app_throttled" | "account_throttled" | "account_blocked":
                scope = "app" if self.kind == "app_throttled" else "account"
                wait_s = self.retry_after_s
                return SourceThrottledError(SOURCE, said, retry_after_s=wait_s, scope=scope)
            case "passing" | "too_much":
                return SourceUnavailableError(SOURCE, said)
            case "malformed":
                return SourceMalformedError(SOURCE, said)
            case _:
                return SourceRejectedError(SOURCE, said)


def fault_of(
    answer: object,
    *,
    status: int,
    clean: Callable[[str], str],
    retry_after_s: float = UNSTATED_WAIT_S,
) -> GraphFault | None:
    """The fault that an answer's envelope describes; none where it is no error envelope.

    Args:
        answer: The answer's JSON.
        status: HTTP's, asked only where the envelope has no code.
        clean: Takes secrets out of a message.
    """
    if not isinstance(answer, dict) or "error" not in answer:
        return None
    found = answer["error"]
    error: dict[str, Any] = found if isinstance(found, dict) else {"message": found}
    code = whole(error.get("code"))
    message = str(error.get("message") or "no message")
    kind = _kind(error, code, message, status)
    return GraphFault(
        kind=kind,
        code=code,
        message=clean(_said(error, code, message, status))[:MESSAGE_LENGTH_MAX],
        retry_after_s=BLOCKED_WAIT_S if kind == "account_blocked" else retry_after_s,
    )


def _kind(error: dict[str, Any], code: int | None, message: str, status: int) -> FaultKind:
    special = _special_kind(code, whole(error.get("error_subcode")), message.lower())
    if special:
        return special
    known = KIND_OF_STATUS.get(status) if code is None else KIND_OF_CODE.get(code)
    may_pass = error.get("is_transient") is True or (code is None and status >= 500)  # noqa: PLR2004 - HTTP
    return known or ("passing" if may_pass else "other")


def _special_kind(code: int | None, subcode: int | None, lower: str) -> FaultKind | None:
    """Kinds that share their code with others."""
    if subcode == BEFORE_CONVERSION or (code == INVALID and CONVERTED.search(lower)):
        return "before_conversion"
    if special := KIND_OF_SUBCODE.get((code, subcode)):
        return special
    if "reduce the amount of data" in lower:
        return "too_much"
    if code == 10 and "not enough viewers" in lower:  # noqa: PLR2004 - a code of the list above
        return "few_viewers"
    return "unsupported" if code == INVALID and UNSUPPORTED.search(lower) else None


def _said(error: dict[str, Any], code: int | None, message: str, status: int) -> str:
    subcode = whole(error.get("error_subcode"))
    numbers = f"code {code}" if code is not None else f"HTTP {status}"
    title = error.get("error_user_title")
    return "".join(
        [
            numbers,
            f"/{subcode}" if subcode is not None else "",
            f": {message.rstrip('.')}",
            f" ({title})" if isinstance(title, str) else "",
            ".",
        ]
    )


def metrics_named(message: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Which of the metrics that were asked for a refusal is known to mean; none where it is open.

    A message may list the allowed names, too, so that not every name in it is the refused one.
    """
    if place := METRIC_BY_PLACE.search(message):
        return tuple(asked[int(place[1]) : int(place[1]) + 1])
    for pattern in METRICS_BY_NAME:
        names = {
            name.strip().lower() for hit in pattern.findall(message) for name in hit.split(",")
        }
        if named := tuple(metric for metric in asked if metric in names):
            return named
    return ()


def metrics_in_question(message: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Which of the metrics a refusal may mean: those that it mentions, or all."""
    words = set(re.findall(r"\w+", message.lower()))
    mentioned = tuple(metric for metric in asked if metric in words)
    return mentioned if mentioned and LISTS_ALLOWED not in message else tuple(asked)


def fields_named(message: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Which of the fields that were asked for a refusal means; none where it does not say."""
    names = set(FIELD_BY_NAME.findall(message))
    return tuple(field for field in asked if field in names)
