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
from sandbox.simulation.accounts import AccountRef, AdPlatform, Platform
from sandbox.simulation.ads.world import AdWorld
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.items import Item, Oddity
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

    def about(self, dataset: Dataset) -> Item:
        """The post.

        Raises:
            IndexError: There is no such account or post.
        """
        account = holders_on(dataset, "instagram")[self.account]
        return items_of(dataset, account)[self.post]


class FaultEvent(Fault):
    """A fault of an account that holds a token, or the end of all its faults (``clear``)."""

    at: Offset
    platform: Platform
    account: Place
    post: Place | None = None
    """The post that the fault is about, in place of ``subject``."""
    story: Place | None = None
    """The same for a story."""

    def about(self, dataset: Dataset) -> tuple[AccountRef, str]:
        """The account, and the id of the post or story that the fault is about, if any.

        Raises:
            IndexError: There is no such account, post or story.
        """
        account = holders_on(dataset, self.platform)[self.account]
        if self.story is not None:
            return account, items_of(dataset, account, stories=True)[self.story].item_id
        if self.post is not None:
            return account, items_of(dataset, account)[self.post].item_id
        return account, self.subject

    def happen(self, world: World) -> None:
        """Switch the fault on."""
        account, subject = self.about(world.dataset)
        if self.kind == CLEAR:
            return world.faults.clear(account)
        return world.faults.put(account, _plain(self).model_copy(update={"subject": subject}))


class TokenEvent(Part):
    """The end of an account's tokens, at once or after a while."""

    at: Offset
    platform: Platform
    account: Place
    kind: Literal["expire", "expire_refresh", "revoke"]
    life: Offset = timedelta()
    """How long the tokens still live; not for ``revoke``."""

    def about(self, dataset: Dataset) -> AccountRef:
        """The account.

        Raises:
            IndexError: There is no such account.
        """
        return holders_on(dataset, self.platform)[self.account]

    def happen(self, world: World) -> None:
        """Shorten the life of every token that the account has, or end it."""
        account = self.about(world.dataset)
        if self.kind == "revoke":
            return world.tokens.revoke(account)
        return world.tokens.shorten(account, to=self.life, refresh=self.kind == "expire_refresh")


class CreatorEvent(Fault):
    """A fault of a creator that SIFT scrapes."""

    at: Offset
    creator: Place
    lasts: Offset | None = None
    """How long it is on, at most."""

    def about(self, dataset: Dataset) -> AccountRef:
        """The creator.

        Raises:
            IndexError: There is no such creator.
        """
        return dataset.creators[self.creator]

    def acts(self) -> Iterator[Act]:
        """Switching it on, and off where it ends."""
        yield self.at, lambda world: world.faults.put_alone(self.about(world.dataset), _plain(self))
        if self.lasts is not None:
            yield self.at + self.lasts, lambda world: world.faults.clear(self.about(world.dataset))


class AdFaultEvent(Fault):
    """A fault of an ad account, or the end of all its faults (``clear``)."""

    at: Offset
    platform: AdPlatform
    account: Place
    ad: Place | None = None
    """The ad that the fault is about, in place of ``subject``; oldest first."""

    def about(self, ads: AdWorld) -> tuple[AccountRef, str]:
        """The ad account, and the id of the ad that the fault is about, if any.

        Raises:
            IndexError: There is no such ad account or ad.
        """
        account = ad_account_on(ads, self.platform, self.account)
        if self.ad is None:
            return account, self.subject
        return account, ads.every_ad(account)[self.ad].ad_id

    def happen(self, world: World) -> None:
        """Switch the fault on."""
        account, subject = self.about(world.ads)
        if self.kind == CLEAR:
            return world.faults.clear(account)
        return world.faults.put(account, _plain(self).model_copy(update={"subject": subject}))


class AdTokenEvent(Part):
    """The end of an ad account's tokens, at once or after a while."""

    at: Offset
    platform: AdPlatform
    account: Place
    kind: Literal["expire", "revoke"]
    life: Offset = timedelta()
    """How long the tokens still live; not for ``revoke``."""

    def about(self, ads: AdWorld) -> AccountRef:
        """The ad account.

        Raises:
            IndexError: There is no such ad account.
        """
        return ad_account_on(ads, self.platform, self.account)

    def happen(self, world: World) -> None:
        """Shorten the life of every token that the ad account has, or end it."""
        account = self.about(world.ads)
        if self.kind == "revoke":
            return world.tokens.revoke(account)
        return world.tokens.shorten(account, to=self.life)


def _plain(event: Fault) -> Fault:
    return Fault(**event.model_dump(include=set(Fault.model_fields)))


def holders_on(dataset: Dataset, platform: Platform) -> list[AccountRef]:
    """The accounts of one platform that can hold a token, by key."""
    return [account for account in dataset.holders if account.platform == platform]


def ad_account_on(ads: AdWorld, platform: AdPlatform, place: int) -> AccountRef:
    """The ad account of this place among those of a platform.

    Raises:
        IndexError: There is none.
    """
    return [account.ref for account in ads.accounts if account.platform == platform][place]


def items_of(dataset: Dataset, account: AccountRef, *, stories: bool = False) -> list[Item]:
    """Every post that an account ever has, or every story, oldest first."""
    items = dataset.every_item(account)[::-1]
    return [item for item in items if (item.media_type == "story") == stories]
