"""What can happen in a scenario, and at which time.

Belongs here: each kind of event as a scenario file has it, and how it happens in a world.
Does not belong here: the file as a whole (``scenario``), what a fault does to an answer.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sandbox.faults import Fault
from sandbox.simulation.dataset import AccountRef, Platform
from sandbox.simulation.truth import Item, Oddity, Truth
from sandbox.world import World

OFFSET: Final = re.compile(r"(?:(\d+)d)?(?:(\d{2}):(\d{2}))?")
CLEAR: Final = "clear"
"""The kind of an event that switches every fault of an account off."""

Act = tuple[timedelta, Callable[[World], None]]


def _offset(text: object) -> object:
    found = OFFSET.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        raise ValueError("write days, hours and minutes, such as 2d03:00, 2d or 03:00")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


Offset = Annotated[timedelta, BeforeValidator(_offset)]
"""Time since the scenario's start."""
Place = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """Something that a scenario file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OddPost(Part):
    """One Instagram post whose insights can never be read."""

    account: Place
    post: Place
    kind: Oddity

    def item(self, truth: Truth) -> Item:
        """The post.

        Raises:
            IndexError: There is no such account or post.
        """
        return posts_of(truth, accounts_of(truth, "instagram")[self.account])[self.post]

    def is_about_something(self, truth: Truth) -> bool:
        """Whether there is such a post."""
        return _is_there(lambda: self.item(truth))


class FaultEvent(Fault):
    """A fault of an account that holds a token, or the end of all its faults (``clear``)."""

    at: Offset
    platform: Platform
    account: Place
    post: Place | None = None
    """The post that the fault is about, in place of ``subject``."""
    story: Place | None = None
    """The same for a story."""

    def happen(self, world: World) -> None:
        """Switch the fault on."""
        account = accounts_of(world.truth, self.platform)[self.account]
        if self.kind == CLEAR:
            return world.faults.clear(account)
        named = self.about(world.truth)
        subject = named.item_id if named else self.subject
        return world.faults.put(account, _plain(self).model_copy(update={"subject": subject}))

    def about(self, truth: Truth) -> Item | None:
        """The post or story that the fault is about, if it is about one.

        Raises:
            IndexError: There is no such account, post or story.
        """
        account = accounts_of(truth, self.platform)[self.account]
        if self.story is not None:
            return stories_of(truth, account)[self.story]
        return None if self.post is None else posts_of(truth, account)[self.post]

    def is_about_something(self, truth: Truth) -> bool:
        """Whether there are such an account and item."""
        return _is_there(lambda: self.about(truth))


class TokenEvent(Part):
    """The end of an account's tokens, at once or after a while."""

    at: Offset
    platform: Platform
    account: Place
    kind: Literal["expire", "expire_refresh", "revoke"]
    life: Offset = timedelta()
    """How long the tokens still live; not for ``revoke``."""

    def is_about_something(self, truth: Truth) -> bool:
        """Whether there is such an account."""
        return self.account < len(accounts_of(truth, self.platform))

    def happen(self, world: World) -> None:
        """Shorten the life of every token that the account has, or end it."""
        account = accounts_of(world.truth, self.platform)[self.account]
        if self.kind == "revoke":
            return world.tokens.revoke(account)
        refresh = self.kind == "expire_refresh"
        return world.tokens.shorten(account, to=self.life, refresh=refresh)


class CreatorEvent(Fault):
    """A fault of a creator that SIFT scrapes."""

    at: Offset
    creator: Place
    lasts: Offset | None = None
    """How long it is on, at most."""

    def acts(self) -> Iterator[Act]:
        """Switching it on, and off where it ends."""
        yield self.at, self._begin
        if self.lasts is not None:
            yield self.at + self.lasts, self._end

    def _begin(self, world: World) -> None:
        world.faults.put_alone(world.dataset.accounts[self.creator], _plain(self))

    def _end(self, world: World) -> None:
        world.faults.clear(world.dataset.accounts[self.creator])


def _plain(event: Fault) -> Fault:
    return Fault(**event.model_dump(include=set(Fault.model_fields)))


def _is_there(look: Callable[[], object]) -> bool:
    try:
        look()
    except IndexError:
        return False
    return True


def accounts_of(truth: Truth, platform: Platform) -> list[AccountRef]:
    """The accounts of one platform that hold a token, by key."""
    return [account for account in truth.accounts if account.platform == platform]


def posts_of(truth: Truth, account: AccountRef) -> list[Item]:
    """Every post that an account ever has, oldest first; stories are not among them."""
    return [item for item in truth.every_item(account)[::-1] if item.media_type != "story"]


def stories_of(truth: Truth, account: AccountRef) -> list[Item]:
    """Every story that an account ever has, oldest first."""
    return [item for item in truth.every_item(account)[::-1] if item.media_type == "story"]
