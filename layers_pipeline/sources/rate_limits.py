"""What a platform still allows us: its usage headers, and who has to wait until when.

Belongs here: reading usage headers, the waits that all accounts of one app share, calls per second.
Does not belong here: requests, and which error a platform's code stands for.
"""

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal

from aiolimiter import AsyncLimiter

from layers_pipeline.clock import Clock
from layers_pipeline.errors import SettingsError, SourceThrottledError

APP_HEADER: Final = "x-app-usage"
BUSINESS_HEADER: Final = "x-business-use-case-usage"
SHARES: Final = ("call_count", "total_time", "total_cputime")
"""Percent of the allowance, each on its own; the largest one counts."""
REGAIN: Final = "estimated_time_to_regain_access"
"""Minutes; above 0 only while calls are refused."""
OTHER_PRODUCTS: Final = frozenset(
    {"ads_insights", "ads_management", "custom_audience", "leadgen", "messenger", "whatsapp"}
)
"""Allowances that are counted apart from those for reading posts."""
UNSTATED_WAIT_S: Final = 300.0
"""Our choice where a platform throttles and does not say for how long."""
WAIT_MAX_S: Final = 86_400.0
"""Allowances are counted over a day at most: whatever a platform states, we ask again after one."""
NESTING_MAX: Final = 4

Scope = Literal["account", "app"]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much of the allowances is used up, as one answer's headers say."""

    app_pct: float = 0.0
    """Of the app's, 0 where nothing is said."""
    account_pct: float = 0.0
    """Of the account's, 0 where nothing is said."""
    regain_s: float = 0.0
    """Seconds until the account may be read again; 0 where it may now, or nothing is said."""


UNTOLD: Final = Usage()
"""What an answer says that says nothing."""
ADS_PRODUCTS: Final = frozenset({"ads_insights", "ads_management"})


def usage_of(headers: Mapping[str, str], *, account_key: str = "", is_ads: bool = False) -> Usage:
    """What an answer's headers say of the allowances; absent and unreadable ones say nothing.

    Args:
        headers: Names in lower case.
        account_key: Whose records count where a header has them by account; all where it has not.
        is_ads: Whether allowances for ads are asked for, rather than those for reading posts.
    """
    business = headers.get(BUSINESS_HEADER, "")
    return _usage(headers.get(APP_HEADER, ""), business, account_key, is_ads)


@lru_cache(maxsize=256)
def _usage(app_text: str, business_text: str, account_key: str, is_ads: bool) -> Usage:
    """Usage by the headers' texts: the elements of a batch all carry the same ones."""
    business = _read(business_text)
    if isinstance(business, dict):
        business = business.get(account_key, business)
    ours = [record for record in _records(business) if _is_ours(record.get("type"), is_ads=is_ads)]
    return Usage(
        app_pct=_largest(_records(_read(app_text)), SHARES),
        account_pct=_largest(ours, SHARES),
        regain_s=60 * _largest(ours, (REGAIN,)),
    )


def _is_ours(product: object, *, is_ads: bool) -> bool:
    return product in ADS_PRODUCTS if is_ads else product not in OTHER_PRODUCTS


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _records(found: object, depth: int = 0) -> Iterable[dict[str, Any]]:
    """Every record of usage in a header, keyed by id or not, in lists or not."""
    if isinstance(found, dict) and any(name in found for name in (*SHARES, REGAIN)):
        yield found
    elif isinstance(found, dict | list) and depth < NESTING_MAX:
        for part in found.values() if isinstance(found, dict) else found:
            yield from _records(part, depth + 1)


def _largest(records: Iterable[dict[str, Any]], names: Iterable[str]) -> float:
    known = list(names)
    return max((_number(record.get(name)) for record in records for name in known), default=0.0)


def _number(value: object) -> float:
    """A number of 0 or more; 0 for whatever is none."""
    if not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, number) if math.isfinite(number) else 0.0


@dataclass(frozen=True, kw_only=True)
class _Wait:
    until: datetime
    why: str


class UsageBudgets:
    """Who has to wait, shared by everybody who calls for one app; a source's waits are its own.

    Args:
        limit_pct: Share of an allowance, in percent, from which on nobody calls any more.
    """

    def __init__(self, clock: Clock, *, limit_pct: float = 90) -> None:
        self._clock = clock
        self._limit_pct = limit_pct
        self._waits: dict[tuple[str, Scope, str], _Wait] = {}
        self._most: dict[str, Usage] = {}

    def check(self, source: str, account_key: str) -> None:
        """Pass if the account may be called for now.

        Raises:
            SourceThrottledError: It, or the whole app, has to wait; nothing was called.
        """
        for scope in ("app", "account"):
            wait_s = self.wait_s(source, account_key, scope=scope)
            if wait_s > 0:
                why = self._waits[_key(source, scope, account_key)].why
                message = f"not called, the {scope} has to wait: {why}"
                raise SourceThrottledError(source, message, retry_after_s=wait_s, scope=scope)

    def wait_s(self, source: str, account_key: str, *, scope: Scope) -> float:
        """Seconds that the account, or the whole app, still has to wait; 0 or less: none."""
        wait = self._waits.get(_key(source, scope, account_key))
        return (wait.until - self._clock.now()).total_seconds() if wait else 0.0

    def is_spent(self, source: str, account_key: str) -> bool:
        """Whether the account may not be called for now."""
        try:
            self.check(source, account_key)
        except SourceThrottledError:
            return True
        return False

    def note(self, source: str, account_key: str, usage: Usage) -> None:
        """Begin a wait where an allowance is used up as far as we let it be."""
        if usage != UNTOLD:
            most = self._most.get(source, UNTOLD)
            self._most[source] = Usage(
                app_pct=max(most.app_pct, usage.app_pct),
                account_pct=max(most.account_pct, usage.account_pct),
            )
        if usage.app_pct >= self._limit_pct:
            why = f"app usage {usage.app_pct:g} %"
            self._hold(_key(source, "app", account_key), UNSTATED_WAIT_S, why)
        if usage.account_pct >= self._limit_pct or usage.regain_s:
            why = f"account usage {usage.account_pct:g} %"
            wait_s = usage.regain_s or UNSTATED_WAIT_S
            self._hold(_key(source, "account", account_key), wait_s, why)

    def most_used(self, source: str) -> Usage | None:
        """The most that a source said was used of the app's allowance, and of any account's."""
        return self._most.get(source)

    def hold(self, account_key: str, error: SourceThrottledError) -> None:
        """Begin the wait that a platform asked for, for the account or for the whole app."""
        scope: Scope = "app" if error.scope == "app" else "account"
        key = _key(error.source, scope, account_key)
        self._hold(key, error.retry_after_s, "the platform throttles")

    def _hold(self, key: tuple[str, Scope, str], seconds: float, why: str) -> None:
        until = self._clock.now() + timedelta(seconds=min(seconds, WAIT_MAX_S))
        former = self._waits.get(key)
        if former is None or former.until < until:
            self._waits[key] = _Wait(until=until, why=why)


def _key(source: str, scope: Scope, account_key: str) -> tuple[str, Scope, str]:
    return source, scope, "" if scope == "app" else account_key


class RateLimiter:
    """So many calls per second and no more, evenly spaced; for everybody who calls for one app.

    Usable from one event loop after another, as a limiter by itself is not.

    Args:
        calls_per_s: Above 0.
    """

    def __init__(self, calls_per_s: float) -> None:
        if not (math.isfinite(calls_per_s) and calls_per_s > 0):
            raise SettingsError(f"pace: {calls_per_s} calls per second. Give a number above 0.")
        self._interval_s = 1 / calls_per_s
        self._made: tuple[asyncio.AbstractEventLoop, AsyncLimiter] | None = None

    async def acquire(self) -> None:
        """Wait until the next call may be made."""
        loop = asyncio.get_running_loop()
        if self._made is None or self._made[0] is not loop:
            # One at a time: a bucket of a second's calls would let twice as many out at first.
            self._made = loop, AsyncLimiter(1, self._interval_s)
        await self._made[1].acquire()
