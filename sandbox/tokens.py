"""Access tokens of the simulated platforms: issued, refreshed, expired, revoked.

Belongs here: which token opens which account at which moment.
Does not belong here: how a platform answers to a token that opens nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Final, Literal

from sandbox.simulation.accounts import AccountRef, AdPlatform, Platform
from sandbox.simulation.clock import SandboxClock

TokenState = Literal["valid", "expired", "revoked"]
TIKTOK_LIFE: Final = timedelta(hours=24)
TIKTOK_REFRESH_LIFE: Final = timedelta(days=365)
INSTAGRAM_LIFE: Final = timedelta(days=60)
LIVES: Final[Mapping[Platform | AdPlatform, timedelta]] = {
    "instagram": INSTAGRAM_LIFE,
    "tiktok": TIKTOK_LIFE,
    "meta_ads": INSTAGRAM_LIFE,
    "tiktok_ads": TIKTOK_REFRESH_LIFE,
}
MARKS: Final[Mapping[Platform | AdPlatform, str]] = {
    "instagram": "IG",
    "tiktok": "TT",
    "meta_ads": "EA",
    "tiktok_ads": "TA",
}


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One token pair of one account."""

    account: AccountRef
    access: str
    refresh: str
    issued_at: datetime
    expires_at: datetime
    refresh_expires_at: datetime
    revoked: str = ""
    """Why it opens nothing any more, such as an error subcode; empty while it does."""

    def state(self, now: datetime) -> TokenState:
        """Whether the access token opens the account."""
        if self.revoked:
            return "revoked"
        return "valid" if now < self.expires_at else "expired"


class TokenRegistry:
    """Every token ever issued; safe to use from several threads."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._numbers = count(1)
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._newest: dict[AccountRef, Grant] = {}

    def issue(self, account: AccountRef, *, life: timedelta | None = None) -> Grant:
        """A new token pair for an account; the older ones keep their own state."""
        with self._lock:
            return self._issue(account, life)

    def grant(self, access: str) -> Grant | None:
        """Whose access token it is; none for a text that was never issued."""
        return self._by_access.get(access)

    def grant_of_refresh(self, refresh: str) -> Grant | None:
        """Which pair a refresh token belongs to; none for a text that was never issued."""
        return self._by_refresh.get(refresh)

    def newest(self, account: AccountRef) -> Grant | None:
        """The pair that the account was issued last."""
        return self._newest.get(account)

    def refresh(self, refresh: str, *, life: timedelta | None = None) -> Grant | None:
        """A new pair for a refresh token, whose old access token ends at once; none if refused."""
        with self._lock:
            old = self._by_refresh.get(refresh)
            if old is None or old.revoked or self._clock.now() >= old.refresh_expires_at:
                return None
            self._keep(replace(old, revoked="refreshed"))
            return self._issue(old.account, life)

    def revoke(self, account: AccountRef, *, why: str = "revoked") -> None:
        """End every token of an account."""
        with self._lock:
            for grant in [one for one in self._by_access.values() if one.account == account]:
                self._keep(replace(grant, revoked=grant.revoked or why))

    def shorten(
        self, account: AccountRef, *, to: timedelta = timedelta(), refresh: bool = False
    ) -> None:
        """Let the account's access tokens, or refresh tokens, live for so long from now on."""
        ends_at = self._clock.now() + to
        with self._lock:
            for grant in [one for one in self._by_access.values() if one.account == account]:
                changes = {"refresh_expires_at" if refresh else "expires_at": ends_at}
                self._keep(replace(grant, **changes))

    def every_secret(self) -> set[str]:
        """Every access and refresh token ever issued, to look for where none may be."""
        return set(self._by_access) | set(self._by_refresh)

    def _issue(self, account: AccountRef, life: timedelta | None) -> Grant:
        now, number = self._clock.now(), next(self._numbers)
        usual = LIVES[account.platform]
        grant = Grant(
            account=account,
            access=_secret("act", account, number),
            refresh=_secret("rft", account, number),
            issued_at=now,
            expires_at=now + (life or usual),
            refresh_expires_at=now + TIKTOK_REFRESH_LIFE,
        )
        self._keep(grant)
        return grant

    def _keep(self, grant: Grant) -> None:
        self._by_access[grant.access] = grant
        self._by_refresh[grant.refresh] = grant
        newest = self._newest.get(grant.account)
        if newest is None or newest.access == grant.access or grant.issued_at >= newest.issued_at:
            self._newest[grant.account] = grant


def _secret(kind: str, account: AccountRef, number: int) -> str:
    mark = hashlib.sha256(f"{kind}/{account}/{number}".encode()).hexdigest()
    return f"{kind}{MARKS[account.platform]}{mark}"
