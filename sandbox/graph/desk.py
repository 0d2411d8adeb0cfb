"""What the Graph API remembers between requests: lists, numbers, calls counted.

Belongs here: caches over the truth, so that a page of a large account takes no longer than one of
a small account, and the few serial numbers.
Does not belong here: how anything is written as JSON.
"""

import hashlib
from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from sandbox.simulation.dataset import AccountRef
from sandbox.simulation.truth import INSTAGRAM_STEP, STORY_LIFE, Item, Number
from sandbox.world import World

LISTED_MAX: Final = 10_000
"""The media edge shows no more than the most recent so many."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Items that can be seen, newest first, and the place of each by its id."""

    items: tuple[Item, ...]
    places: Mapping[str, int]
    total: int
    """How many there are, those that are too old to be listed included."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """One picture of a carousel."""

    parent: Item
    child_id: str
    number: int


class GraphDesk:
    """Caches of one sandbox.

    Args:
        world: Whose truth is shown.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.texts: dict[str, dict[str, Any]] = {}
        """What never changes of an item, by its id, as its JSON has it."""
        self._truth = world.truth
        self._serial = count(1)
        self._refusals = count()
        self._moments: dict[tuple[AccountRef, bool], list[datetime]] = {}
        self._listings: dict[tuple[AccountRef, bool], tuple[int, Listing]] = {}
        self._metrics: dict[str, tuple[int, dict[str, Number]]] = {}
        self._children: dict[AccountRef, dict[str, Child]] = {}
        self._pages: dict[str, AccountRef] = {}
        self._accounts: frozenset[AccountRef] | None = None
        self._calls: Counter[tuple[AccountRef, int]] = Counter()

    def next_serial(self) -> int:
        """A number that was never given before."""
        return next(self._serial)

    def next_trace_id(self) -> str:
        """A trace id that was never given before."""
        return f"A{urlsafe_b64encode(digest('trace', self.next_serial())).decode()[:22]}"

    def next_status(self, statuses: tuple[int, ...]) -> int:
        """One of these, in turn from refusal to refusal."""
        return statuses[next(self._refusals) % len(statuses)]

    def listing(self, account: AccountRef, *, at: datetime, stories: bool = False) -> Listing:
        """What an account's list holds at a moment.

        It is put together once for all the time in which nothing appears or goes.
        """
        key = (account, stories)
        moments = self._moments.get(key)
        if moments is None or self.world.truth is not self._truth:
            self._forget_if_other_truth()
            moments = self._moments[key] = _moments(self.world.truth.every_item(account))
        spell = bisect_right(moments, at)
        known = self._listings.get(key)
        if known is None or known[0] != spell:
            known = self._listings[key] = (spell, self._listed(account, at, stories))
        return known[1]

    def _listed(self, account: AccountRef, at: datetime, stories: bool) -> Listing:
        truth = self.world.truth
        found = truth.stories(account, at=at) if stories else truth.posts(account, at=at)
        items = tuple(found[:LISTED_MAX])
        places = {item.item_id: n for n, item in enumerate(items)}
        return Listing(items=items, places=places, total=len(found))

    def metrics(self, item: Item, *, at: datetime) -> Mapping[str, Number]:
        """What is shown of an item at a moment; computed once per step of the platform."""
        step = (at - EPOCH) // INSTAGRAM_STEP
        known = self._metrics.get(item.item_id)
        if known is None or known[0] != step:
            known = self._metrics[item.item_id] = (step, item.metrics(at))
        return known[1]

    @property
    def known_accounts(self) -> frozenset[AccountRef]:
        """Every account that the truth knows."""
        self._forget_if_other_truth()
        if self._accounts is None:
            self._accounts = frozenset(self.world.truth.accounts)
        return self._accounts

    def item(self, item_id: str) -> Item | None:
        """The item of this id, alive or not."""
        self._forget_if_other_truth()
        return self.world.truth.item("instagram", item_id)

    def children(self, item: Item) -> tuple[Child, ...]:
        """The pictures of a carousel, two to ten; none of anything else."""
        if item.media_type != "feed_carousel":
            return ()
        many = 2 + digest("children", item.item_id)[0] % 9
        return tuple(
            Child(parent=item, child_id=f"179{_digits(14, item.item_id, n)}", number=n)
            for n in range(many)
        )

    def child(self, account: AccountRef, child_id: str) -> Child | None:
        """The picture of this id, if a carousel of the account has it."""
        known = self._children.get(account)
        if known is None:
            items = self.world.truth.every_item(account)
            found = [child for item in items for child in self.children(item)]
            known = self._children[account] = {child.child_id: child for child in found}
        return known.get(child_id)

    def page_account(self, page_id: str) -> AccountRef | None:
        """The account that a Facebook page belongs to."""
        if not self._pages:
            self._pages = {
                page_id_of(account): account
                for account in self.world.truth.accounts
                if account.platform == "instagram"
            }
        return self._pages.get(page_id)

    def counted(self, account: AccountRef, *, at: datetime) -> int:
        """Count one call; the account's calls of the day, this one included."""
        key = (account, at.toordinal())
        self._calls[key] += 1
        return self._calls[key]

    def _forget_if_other_truth(self) -> None:
        if self.world.truth is self._truth:
            return
        self._truth = self.world.truth
        for known in (self.texts, self._moments, self._listings, self._metrics):
            known.clear()
        self._children.clear()
        self._pages.clear()
        self._accounts = None


def _moments(items: tuple[Item, ...]) -> list[datetime]:
    """Every moment at which something appears or goes."""
    found = {item.published_at for item in items}
    found |= {item.published_at + STORY_LIFE for item in items if item.media_type == "story"}
    for item in items:
        for spell in item.deleted:
            found |= {moment for moment in (spell.begins, spell.ends) if moment is not None}
    return sorted(found)


def digest(*parts: object) -> bytes:
    """Sixteen bytes that follow from the parts alone."""
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).digest()


def _digits(length: int, *parts: object) -> str:
    return str(int.from_bytes(digest(*parts)) % 10**length).zfill(length)


def page_id_of(account: AccountRef) -> str:
    """The id of the Facebook page that an account is connected with."""
    return f"10{_digits(13, 'page', account.account_key)}"
