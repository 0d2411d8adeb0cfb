"""One request about ads at the simulated TikTok Business API, and how faults strike it.

Belongs here: who asks, of which advertiser, with which parameters; pages.
Does not belong here: what is answered.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.faults import Fault
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.tiktok.ads.faults import (
    BLOCKED_FOR,
    TIKTOK_AD_FAULTS,
    AdPlace,
    kinds_at,
    message_of,
)
from sandbox.tiktok.codes import (
    BAD_PARAMETER,
    LIMIT_MESSAGES,
    NO_PERMISSION,
    TOO_FREQUENT,
    TikTokRefusalError,
    unacceptable,
)
from sandbox.tiktok.parameters import refused, whole_number
from sandbox.world import World

Json = dict[str, Any]
PAGE_SIZE: Final = 10
PAGE_MOST: Final = 1_000


@dataclass(kw_only=True)
class AdsCall:
    """A request whose token was accepted."""

    world: World
    params: Mapping[str, str]
    """Of the query, or of the body with lists and objects as JSON texts."""
    holder: AccountRef
    base_url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    """The fault that struck, if any."""

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self.world.clock.now()

    @property
    def kind(self) -> str:
        """The kind of the fault that struck; empty if none did."""
        return self.fault.kind if self.fault else ""

    @property
    def opened(self) -> tuple[AdAccount, ...]:
        """The advertisers that the token opens."""
        return self.world.ads.opened_by(self.holder)

    def advertiser(self) -> AdAccount:
        """The advertiser that is asked about.

        Raises:
            TikTokRefusalError: 40002 or 40001, none is named, or the token does not open it.
        """
        wanted = self.params.get("advertiser_id", "")
        if not wanted:
            raise refused("advertiser_id", "Missing data for required field.")
        return self.advertiser_of(wanted)

    def advertiser_of(self, advertiser_id: str) -> AdAccount:
        """The advertiser of an id.

        Raises:
            TikTokRefusalError: 40001, the token does not open it.
        """
        for account in self.opened:
            if account.account_id == advertiser_id:
                return account
        said = f"No permission to operate advertiser {advertiser_id:.40}."
        raise TikTokRefusalError(NO_PERMISSION, said)

    def strike(
        self, account: AccountRef, place: AdPlace, *, days: int = 1, subjects: Collection[str] = ()
    ) -> None:
        """Let a fault of an advertiser happen here; one that is a code ends the request.

        Raises:
            TikTokRefusalError: It is a code.
        """
        board = self.world.faults
        if board.is_blocked(account, at=self.now):
            raise TikTokRefusalError(TOO_FREQUENT, LIMIT_MESSAGES["app"])
        named = next((one.subject for one in board.of(account) if one.subject in subjects), "")
        self.fault = board.take(account, kinds_at(place, days), subject=named)
        if self.fault is None:
            return
        told = TIKTOK_AD_FAULTS[self.fault.kind]
        if self.fault.kind == "limit_minute":
            board.block(account, until=self.now + BLOCKED_FOR)
        if told.code is not None:
            raise TikTokRefusalError(told.code, self._said(told.code, told.message))

    def _said(self, code: int, message: str) -> str:
        if code == NO_PERMISSION and "advertiser_id" in self.params:
            return f"No permission to operate advertiser {self.params['advertiser_id']:.40}."
        return message or message_of(code)

    def switched(self, account: AccountRef, kind: str) -> bool:
        """Whether an advertiser has a switch on; asking uses none of its times."""
        return any(fault.kind == kind for fault in self.world.faults.of(account))

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, as JSON or parted by commas.

        Raises:
            TikTokRefusalError: 40002, it is none.
        """
        text = self.params.get(name, "").strip()
        if not text.startswith("["):
            return tuple(part.strip() for part in text.split(",") if part.strip())
        found = self.json(name, [])
        if not isinstance(found, list):
            raise refused(name, "Not a valid list.")
        return tuple(map(str, found))

    def json(self, name: str, default: object) -> Any:  # noqa: ANN401 - JSON
        """A parameter that is written in JSON.

        Raises:
            TikTokRefusalError: 40002, it is none.
        """
        text = self.params.get(name, "")
        try:
            return json.loads(text) if text else default
        except (ValueError, RecursionError) as error:
            raise refused(name, "Not valid JSON.") from error

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """A parameter that is true or false."""
        text = self.params.get(name, "")
        return text.lower() == "true" if text else default

    def page(self, rows: Sequence[Json], *, most: int = PAGE_MOST) -> Json:
        """The rows of the page that is asked for, with ``page_info``; past the end there are none.

        Raises:
            TikTokRefusalError: 40002, page or page_size is wrong.
        """
        page = whole_number(self.params, "page", 1, least=1, most=10**9)
        size = whole_number(self.params, "page_size", PAGE_SIZE, least=1, most=most)
        shown = [] if self.kind == "empty_page" else list(rows[(page - 1) * size : page * size])
        total = len(rows) + (page if self.kind == "total_moves" else 0)
        info = {
            "page": page,
            "page_size": size,
            "total_number": total,
            "total_page": -(-total // size),
        }
        return {"list": shown, "page_info": info}


def checked(names: Sequence[str], known: Collection[str], parameter: str) -> Sequence[str]:
    """Names that are all known.

    Raises:
        TikTokRefusalError: 40002, one is not.
    """
    for number, name in enumerate(names):
        if name not in known:
            text = unacceptable(number, f"{name:.80}", known)
            raise TikTokRefusalError(BAD_PARAMETER, text.replace("fields", parameter, 1))
    return names
