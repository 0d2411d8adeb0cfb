"""Invented accounts that hold a token, with everything that they ever publish.

Belongs here: how many there are, of what size, what they publish, delete and cannot show.
Does not belong here: creators that SIFT shows (``creators``), how numbers grow (``growth``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from layers_pipeline.errors import InputRefusedError
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.captions import PLAIN
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.dice import Dice
from sandbox.simulation.growth import Growth
from sandbox.simulation.ids import instagram_number, tiktok_id
from sandbox.simulation.items import Deletion, Item, Oddity
from sandbox.simulation.metrics import ItemType


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many accounts of what size to invent.

    ``posts`` are spread over ``history`` before ``start`` and ``days`` after it.
    """

    instagram: int = 2
    tiktok: int = 2
    posts: int = 20
    stories: int = 2
    deletions: int = 1
    """Posts per account that are deleted at some time after the start; every third comes back."""
    oddities: int = 0
    """Instagram posts per account whose insights can never be read."""
    days: int = 14
    history: timedelta = timedelta(days=30)


def generated_truth(seed: int, *, start: datetime, plan: Plan | None = None) -> Dataset:
    """Invent accounts; equal arguments make equal accounts.

    Args:
        seed: Which world.
        start: When watching begins, aware.
        plan: How many accounts of what size.

    Raises:
        InputRefusedError: The start has no time zone.
    """
    if start.tzinfo is None:
        raise InputRefusedError(f"generated truth: start {start} has no time zone: add one")
    wanted = plan or Plan()
    refs = [
        AccountRef("instagram", f"1784{seed % 100:02d}{n:011d}") for n in range(wanted.instagram)
    ]
    refs += [AccountRef("tiktok", f"open-{seed}-{n:04d}") for n in range(wanted.tiktok)]
    items = [
        item
        for n, ref in enumerate(refs)
        for item in _items(ref, Dice(seed, ref, n), start, wanted)
    ]
    return Dataset(items, followers={ref: 1_000 + 37 * n for n, ref in enumerate(refs)})


def _items(account: AccountRef, dice: Dice, start: datetime, plan: Plan) -> list[Item]:
    first = start - plan.history
    span_s = int((timedelta(days=plan.days) + plan.history).total_seconds())
    published = sorted(first + timedelta(seconds=dice.whole(0, span_s)) for _ in range(plan.posts))
    posts = [_item(account, at, dice, _post_type(account, dice)) for at in published]
    posts = _with_deletions(posts, dice, start, plan)
    posts = _with_oddities(posts, plan)
    if account.platform == "tiktok":
        return posts
    days_s = int(timedelta(days=plan.days).total_seconds())
    stories = [
        _item(account, start + timedelta(seconds=dice.whole(0, days_s)), dice, "story")
        for _ in range(plan.stories)
    ]
    return posts + stories


def _post_type(account: AccountRef, dice: Dice) -> ItemType:
    if account.platform == "tiktok":
        return "tiktok_photo" if dice.chance(0.1) else "tiktok_video"
    kinds: Sequence[ItemType] = ("reel", "reel", "feed_image", "feed_carousel", "feed_video")
    return dice.pick(kinds)


def _item(account: AccountRef, at: datetime, dice: Dice, media_type: ItemType) -> Item:
    is_tiktok = account.platform == "tiktok"
    ig_id = None if is_tiktok else instagram_number(dice, at)
    item_id = (
        tiktok_id(dice, at, uploaded_s=8) if is_tiktok else f"178{dice.whole(0, 10**14 - 1):014d}"
    )
    caption = dice.pick(PLAIN)
    return Item(
        **vars(Growth.drawn(dice, final_views=dice.heavy_tailed(4_000.0))),
        account=account,
        item_id=item_id,
        ig_id=ig_id,
        media_type=media_type,
        published_at=at.replace(microsecond=0),
        caption=caption,
    )


def _with_deletions(items: list[Item], dice: Dice, start: datetime, plan: Plan) -> list[Item]:
    kept = list(items)
    old = [n for n, item in enumerate(items) if item.published_at < start]
    for number in range(min(plan.deletions, len(old))):
        chosen = old[number * len(old) // max(plan.deletions, 1)]
        begins = start + timedelta(hours=dice.between(6, max(plan.days * 24 - 12, 7)))
        ends = begins + timedelta(hours=8) if number % 3 == 2 else None  # noqa: PLR2004
        kept[chosen] = replace(items[chosen], deleted=(Deletion(begins=begins, ends=ends),))
    return kept


def _with_oddities(items: list[Item], plan: Plan) -> list[Item]:
    kinds: Sequence[Oddity] = ("before_conversion", "few_viewers")
    return [
        replace(item, oddity=kinds[n % len(kinds)])
        if n < plan.oddities and item.account.platform == "instagram"
        else item
        for n, item in enumerate(items)
    ]
