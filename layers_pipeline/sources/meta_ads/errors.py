"""What the Marketing API refuses, and which cure each refusal wants.

Belongs here: codes and subcodes, the error that each is.
Does not belong here: requests, and applying a cure (``insights``, ``lists``).

"Reduce the amount of data" and throttling want opposite cures: the first a smaller request, the
second fewer requests, for calls are counted and not rows.
"""

from collections.abc import Callable, Mapping
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

SOURCE: Final = "meta_ads"

FaultKind = Literal[
    "unauthorized",
    "not_permitted",
    "gone",
    "too_much",
    "too_slow",
    "too_old",
    "not_ready",
    "old_version",
    "app_throttled",
    "account_throttled",
    "passing",
    "malformed",
    "other",
]
KIND_OF_CODE: Final[Mapping[int, FaultKind]] = {
    -1: "passing",
    1: "passing",
    2: "passing",
    4: "app_throttled",
    17: "account_throttled",
    32: "account_throttled",
    102: "unauthorized",
    190: "unauthorized",
    341: "app_throttled",
    368: "app_throttled",
    613: "account_throttled",
    2635: "old_version",
    2637: "not_ready",
    3018: "too_old",
    3191001: "not_permitted",
    **dict.fromkeys(range(80_000, 80_015), "account_throttled"),
    **dict.fromkeys((3, 10, *range(200, 300)), "not_permitted"),
}
KIND_OF_SUBCODE: Final[Mapping[tuple[int, int], FaultKind]] = {
    (1, 99): "too_much",
    (100, 33): "gone",
    (100, 1487534): "too_much",
    (-2, 2490547): "too_much",
    (-3, 1504045): "too_much",
    (100, 1504018): "too_slow",
    (2, 1504038): "too_slow",
    (2, 1504041): "other",
    (2, 1504042): "other",
    (2601, 1815107): "not_ready",
}
KIND_OF_STATUS: Final[Mapping[int, FaultKind]] = {
    401: "unauthorized",
    403: "not_permitted",
    408: "passing",
    429: "account_throttled",
}
"""For envelopes without a code, which leave nothing else to go by."""
REDUCE: Final = "reduce the amount of data"
SAID_IN: Final = ("message", "error_user_msg")
"""Meta asks for less in either."""
THROTTLES: Final[frozenset[FaultKind]] = frozenset({"app_throttled", "account_throttled"})
REMEDIES: Final[Mapping[FaultKind, str]] = {
    "unauthorized": "Give it a new token: layers-pipeline ads connect.",
    "not_permitted": "Have the ad account's owner give the token's user ads_read on it.",
    "old_version": "Set LAYERS_META_ADS_VERSION to a version that there is.",
    "too_old": "Set LAYERS_ADS_FIRST_DAYS to fewer days: Meta keeps 37 months.",
    "gone": "See that the ad account exists and that the token's user may see it.",
}


@dataclass(frozen=True, kw_only=True)
class AdsFault:
    """One refusal of one request."""

    kind: FaultKind
    message: str
    """Code, subcode and what was said; without secrets."""
    retry_after_s: float = UNSTATED_WAIT_S
    """For throttles: how long to wait."""

    def error(self) -> SourceError:
        """The error that it is where the whole ad account is concerned."""
        said = f"{self.message} {REMEDIES.get(self.kind, '')}".strip()
        match self.kind:
            case "unauthorized":
                return SourceUnauthorizedError(SOURCE, said)
            case "not_permitted" | "gone":
                return SourceForbiddenError(SOURCE, said)
            case "app_throttled" | "account_throttled":
                scope = "app" if self.kind == "app_throttled" else "account"
                wait_s = self.retry_after_s
                return SourceThrottledError(SOURCE, said, retry_after_s=wait_s, scope=scope)
            case "passing" | "too_much" | "too_slow" | "not_ready":
                return SourceUnavailableError(SOURCE, said)
            case "malformed":
                return SourceMalformedError(SOURCE, said)
            case _:
                return SourceRejectedError(SOURCE, said)


class FaultError(Exception):
    """A refusal whose cure somebody else may know; ``fault.error()`` where nobody does."""

    def __init__(self, fault: AdsFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def fault_of(
    answer: object,
    *,
    status: int,
    clean: Callable[[str], str],
    retry_after_s: float = UNSTATED_WAIT_S,
) -> AdsFault | None:
    """The fault that an answer's envelope describes; none where it is no error envelope."""
    if not isinstance(answer, dict) or "error" not in answer:
        return None
    found = answer["error"]
    error: dict[str, Any] = found if isinstance(found, dict) else {"message": found}
    return AdsFault(
        kind=_kind(error, status),
        message=clean(_said(error, status))[:MESSAGE_LENGTH_MAX],
        retry_after_s=retry_after_s,
    )


def _kind(error: dict[str, Any], status: int) -> FaultKind:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    if any(REDUCE in str(error.get(name) or "").lower() for name in SAID_IN):
        return "too_much"
    if code is None:
        may_pass = error.get("is_transient") is True or status >= 500  # noqa: PLR2004 - HTTP
        return KIND_OF_STATUS.get(status) or ("passing" if may_pass else "other")
    if special := KIND_OF_SUBCODE.get((code, subcode or 0)):
        return special
    known = KIND_OF_CODE.get(code)
    return known or ("passing" if error.get("is_transient") is True else "other")


def _said(error: dict[str, Any], status: int) -> str:
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    numbers = f"code {code}" if code is not None else f"HTTP {status}"
    more = error.get("error_user_msg") or error.get("error_user_title")
    return "".join(
        [
            numbers,
            f"/{subcode}" if subcode is not None else "",
            f": {str(error.get('message') or 'no message').rstrip('.')}",
            f" ({str(more).rstrip('.')})" if isinstance(more, str) else "",
            ".",
        ]
    )
