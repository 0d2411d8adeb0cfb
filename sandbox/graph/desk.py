"""What the Graph API remembers between requests: lists, numbers, calls counted.

Belongs here: caches over the dataset, so that a page of a large account takes no longer than one of
a small account, and the few serial numbers.
Does not belong here: how anything is written as JSON.
"""

from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any, Final

from sandbox.graph.ads.reports import Reports
from sandbox.graph.names import username_of
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.digests import digest
from sandbox.simulation.growth import Number
from sandbox.simulation.items import STORY_LIFE, Item
from sandbox.simulation.metrics import EPOCH, INSTAGRAM_STEP
from sandbox.world import World

LISTED_MAX: Final = 10_000
"""The media edge shows no more than the most recent so many."""


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


class Serials:
    """What a desk counts; it goes on when the dataset is exchanged."""

    def __init__(self) -> None:
        self._serial = count(1)
        self._refusals = count()
        self._calls: Counter[tuple[AccountRef, int]] = Counter()

    def next(self) -> int:
        """A number that was never given before."""
        return next(self._serial)

    def next_trace_id(self) -> str:
        """A trace id that was never given before."""
        return f"A{urlsafe_b64encode(digest('trace', self.next())).decode()[:22]}"

    def next_status(self, statuses: tuple[int, ...]) -> int:
        """One of these, in turn from refusal to refusal."""
        return statuses[next(self._refusals) % len(statuses)]

    def counted(self, account: AccountRef, *, at: datetime) -> int:
        """Count one call; the account's calls of the day, this one included."""
        key = (account, at.toordinal())
        self._calls[key] += 1
        return self._calls[key]


class GraphDesk:
    """Caches over the dataset that a sandbox shows when the desk is made.

    Args:
        world: Whose dataset is shown.
        serials: Those of the desk before. Default: new ones.
    """

    def __init__(self, world: World, serials: Serials | None = None) -> None:
        self.world = world
        self.dataset = world.dataset
        self.serials = serials or Serials()
        self.reports = Reports()
        self.texts: dict[str, dict[str, Any]] = {}
        """What never changes of an item, by its id, as its JSON has it."""
        self._moments: dict[AccountRef, list[datetime]] = {}
        self._listings: dict[tuple[AccountRef, bool], tuple[int, Listing]] = {}
        self._metrics: dict[str, tuple[int, dict[str, Number]]] = {}
        self._children: dict[AccountRef, dict[str, Child]] = {}

    def listing(self, account: AccountRef, *, at: datetime, stories: bool = False) -> Listing:
        """What an account's list holds at a moment.

        It is put together once for all the time in which nothing appears or goes.
        """
        if account not in self._moments:
            self._moments[account] = _moments(self.dataset.every_item(account))
        unchanged_since = bisect_right(self._moments[account], at)
        known = self._listings.get((account, stories))
        if known is None or known[0] != unchanged_since:
            known = (unchanged_since, self._listed(account, at, stories))
            self._listings[account, stories] = known
        return known[1]

    def _listed(self, account: AccountRef, at: datetime, stories: bool) -> Listing:
        found = (self.dataset.stories if stories else self.dataset.posts)(account, at=at)
        items = tuple(found[:LISTED_MAX])
        places = {item.item_id: n for n, item in enumerate(items)}
        return Listing(items=items, places=places, total=len(found))

    def shared(self, account: AccountRef, *, at: datetime) -> Listing:
        """Posts of others that the account has accepted to share, as they are at a moment."""
        items = tuple(self.dataset.collaborations(account, at=at))
        places = {item.item_id: n for n, item in enumerate(items)}
        return Listing(items=items, places=places, total=len(items))

    def metrics(self, item: Item, *, at: datetime) -> Mapping[str, Number]:
        """What is shown of an item at a moment; computed once per step of the platform."""
        step = (at - EPOCH) // INSTAGRAM_STEP
        known = self._metrics.get(item.item_id)
        if known is None or known[0] != step:
            known = self._metrics[item.item_id] = (step, item.metrics(at))
        return known[1]

    @cached_property
    def known_accounts(self) -> frozenset[AccountRef]:
        """Every account that can hold a token."""
        return frozenset(self.dataset.holders)

    def item(self, item_id: str) -> Item | None:
        """The item of this id, alive or not."""
        return self.dataset.item("instagram", item_id)

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
        if account not in self._children:
            items = self.dataset.every_item(account)
            found = [child for item in items for child in self.children(item)]
            self._children[account] = {child.child_id: child for child in found}
        return self._children[account].get(child_id)

    def account_named(self, username: str) -> AccountRef | None:
        """The account that has a public name."""
        return self._names.get(username)

    @cached_property
    def _names(self) -> dict[str, AccountRef]:
        return {username_of(one.account_key): one for one in self._on_instagram()}

    def _on_instagram(self) -> Iterator[AccountRef]:
        return (one for one in self.dataset.holders if one.platform == "instagram")

    def page_account(self, page_id: str) -> AccountRef | None:
        """The account that a Facebook page belongs to."""
        return self._pages.get(page_id)

    @cached_property
    def _pages(self) -> dict[str, AccountRef]:
        return {page_id_of(account): account for account in self._on_instagram()}


def _moments(items: tuple[Item, ...]) -> list[datetime]:
    """Every moment at which something appears or goes."""
    found = {item.published_at for item in items}
    found |= {item.published_at + STORY_LIFE for item in items if item.media_type == "story"}
    for item in items:
        for gone in item.deleted:
            found |= {moment for moment in (gone.begins, gone.ends) if moment is not None}
    return sorted(found)


def _digits(length: int, *parts: object) -> str:
    return str(int.from_bytes(digest(*parts)) % 10**length).zfill(length)


def page_id_of(account: AccountRef) -> str:
    """The id of the Facebook page that an account is connected with."""
    return f"10{_digits(13, 'page', account.account_key)}"
