"""The one simulated world that every API shows: accounts, and everything that they ever publish.

Belongs here: which accounts and items there are, and what is seen of an account at a moment.
Does not belong here: where items come from, HTTP, any platform's field names, tokens, faults.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.items import Capture, Item


class Sighting(NamedTuple):
    """An item with the capture that shows it."""

    item: Item
    capture: Capture


class Dataset:
    """Items by account.

    An account with captured items is a creator, whom SIFT shows. Any other can hold a token, and
    its platform shows it to whoever has that.

    Args:
        items: In any order.
        name: What the control plane calls it.
        followers: Followers of accounts that hold a token at the beginning; one without posts is
            known by being named here.
        niches: What a creator is about, where that is known.
    """

    def __init__(
        self,
        items: Iterable[Item] = (),
        *,
        name: str = "",
        followers: Mapping[AccountRef, int] | None = None,
        niches: Mapping[AccountRef, str] | None = None,
    ) -> None:
        self.name = name
        self.niches = niches or {}
        self._followers = followers or {}
        self._items = tuple(sorted(items, key=_recency, reverse=True))
        self._by_account: dict[AccountRef, list[Item]] = {
            account: [] for account in self._followers
        }
        for item in self._items:
            self._by_account.setdefault(item.account, []).append(item)

    def __or__(self, other: Self) -> Self:
        """What both show, under this one's name."""
        return type(self)(
            (*self._items, *other._items),
            name=self.name or other.name,
            followers={**self._followers, **other._followers},
            niches={**self.niches, **other.niches},
        )

    @property
    def accounts(self) -> tuple[AccountRef, ...]:
        """Every account, by platform and key."""
        return tuple(sorted(self._by_account))

    @cached_property
    def creators(self) -> tuple[AccountRef, ...]:
        """Accounts that SIFT shows, by platform and key."""
        return tuple(sorted({item.account for item in self._items if item.captures}))

    @cached_property
    def holders(self) -> tuple[AccountRef, ...]:
        """Accounts that can hold a token, by platform and key."""
        return tuple(sorted(self._by_account.keys() - set(self.creators)))

    def every_item(self, account: AccountRef) -> tuple[Item, ...]:
        """Every item that the account ever has, newest first; none for an unknown account."""
        return tuple(self._by_account.get(account, ()))

    def item(self, platform: str, item_id: str) -> Item | None:
        """The item of this id, alive or not."""
        return self._by_id.get((platform, item_id))

    def posts(self, account: AccountRef, *, at: datetime) -> list[Item]:
        """Posts that can be seen at a moment, newest first; stories are not among them."""
        return [one for one in self._alive(account, at) if one.media_type != "story"]

    def stories(self, account: AccountRef, *, at: datetime) -> list[Item]:
        """Stories that can be seen at a moment, newest first."""
        return [one for one in self._alive(account, at) if one.media_type == "story"]

    def collaborations(self, account: AccountRef, *, at: datetime) -> list[Item]:
        """Posts of others that the account shares and that can be seen at a moment."""
        return [item for item in self._shared.get(account, ()) if item.lives(at)]

    def followers(self, account: AccountRef, *, at: datetime) -> int:
        """Followers of an account that holds a token: some more each day."""
        days = int(at.timestamp()) // 86_400
        return self._followers.get(account, 1_000) + days % 1_000

    def recent(
        self, account: AccountRef, *, as_of: datetime, limit: int | None = None
    ) -> list[Sighting]:
        """A creator's newest posts as they were last captured by a moment, newest first."""
        sightings = (
            Sighting(item, capture)
            for item in self._by_account.get(account, ())
            if (capture := item.seen(as_of=as_of)) is not None
        )
        return list(sightings)[:limit]

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """The first and the last moment at which anything was captured."""
        captured = [item.captures for item in self._items if item.captures]
        return (
            min(captures[0].captured_at for captures in captured),
            max(captures[-1].captured_at for captures in captured),
        )

    @cached_property
    def _shared(self) -> dict[AccountRef, list[Item]]:
        found: dict[AccountRef, list[Item]] = {}
        for item in self._items:
            for account in item.collaborators:
                found.setdefault(account, []).append(item)
        return found

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], Item]:
        return {(item.account.platform, item.item_id): item for item in self._items}

    def _alive(self, account: AccountRef, at: datetime) -> list[Item]:
        return [item for item in self._by_account.get(account, ()) if item.lives(at)]


def _recency(item: Item) -> tuple[datetime, str]:
    return item.published_at, item.item_id
