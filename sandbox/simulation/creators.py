"""Invented creators and captures of their posts that look real and are equal on every machine.

Belongs here: how many creators there are, what they publish, when and how it is captured.
Does not belong here: accounts that hold a token (``holders``), recorded captures (``replayed``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from layers_pipeline.errors import InputRefusedError
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.captions import NAMES, NICHES, PLAIN, TRICKY
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.dice import Dice
from sandbox.simulation.growth import Growth
from sandbox.simulation.ids import instagram_number, tiktok_id
from sandbox.simulation.items import Capture, Item
from sandbox.simulation.metrics import PUBLIC, ItemType

START: Final = datetime(2025, 5, 14, tzinfo=UTC)
CAPTURED_EVERY: Final = timedelta(hours=6)
HISTORY: Final = timedelta(days=30)
SMALL_ACCOUNTS: Final = 2
ACCOUNTS_MIN: Final = 4
QUIET_VIEWS: Final = (5.0, 45.0)


@dataclass(frozen=True, kw_only=True)
class _Account:
    ref: AccountRef
    niche: str
    rounds: tuple[datetime, ...]
    """When its page is captured."""
    followers: tuple[int, ...]
    """As shown in each round."""
    published: tuple[datetime, ...]
    """When its posts appear, oldest first."""
    typical_views: float
    is_small: bool


def generated_captures(
    seed: int = 0, *, accounts: int = 20, days: int = 15, start: datetime = START
) -> Dataset:
    """Make a world; equal arguments make equal worlds.

    Args:
        seed: Which world.
        accounts: How many, 4 or more, in turn on TikTok and Instagram; the last two are small.
        days: How long it is watched, 1 or more.
        start: When watching begins, aware; posts reach up to 30 days further back.

    Raises:
        InputRefusedError: Fewer accounts or days than that, or a start without a time zone.
    """
    if accounts < ACCOUNTS_MIN or days < 1:
        raise InputRefusedError(f"generated captures: {accounts} accounts, {days} days: too few")
    if start.tzinfo is None:
        raise InputRefusedError(f"generated captures: start {start} has no time zone: add one")
    first_at = start.astimezone(UTC).replace(microsecond=0)
    made = [
        _account(Dice(seed, "account", index), index, accounts, first_at, days)
        for index in range(accounts)
    ]
    posts = (
        post
        for index, account in enumerate(made)
        for post in _posts(account, Dice(seed, "posts", index), first_serial=index)
    )
    niches = {account.ref: account.niche for account in made}
    return Dataset(posts, name=f"generated-{seed}", niches=niches)


def _account(dice: Dice, index: int, accounts: int, start: datetime, days: int) -> _Account:
    niche = NICHES[index % len(NICHES)]
    key = f"{NAMES[index % len(NAMES)]}.{niche}.{index:02d}"
    rounds = tuple(_rounds(dice, start, days))
    small = accounts - index if index >= accounts - SMALL_ACCOUNTS else 0
    return _Account(
        ref=AccountRef("instagram" if index % 2 else "tiktok", key),
        niche=niche,
        rounds=rounds,
        followers=tuple(_followers(dice, len(rounds), small=bool(small))),
        published=_published(dice, rounds, small or dice.whole(12, 64)),
        typical_views=dice.heavy_tailed(9_000.0),
        is_small=bool(small),
    )


def _rounds(dice: Dice, start: datetime, days: int) -> Iterator[datetime]:
    at = start + timedelta(minutes=dice.whole(5, 350))
    while at < start + timedelta(days=days):
        yield at
        at += CAPTURED_EVERY + timedelta(minutes=dice.whole(-40, 40), seconds=dice.whole(0, 59))


def _followers(dice: Dice, rounds: int, *, small: bool) -> Iterator[int]:
    followers = dice.between(20, 200) if small else 500 + dice.heavy_tailed(12_000.0)
    for _ in range(rounds):
        yield int(followers)
        followers *= dice.between(0.997, 1.005)


def _published(dice: Dice, rounds: tuple[datetime, ...], count: int) -> tuple[datetime, ...]:
    first, last = rounds[0] - HISTORY, rounds[-1] - timedelta(hours=2)
    span_s = int((last - first).total_seconds())
    return tuple(sorted(first + timedelta(seconds=dice.whole(0, span_s)) for _ in range(count)))


def _posts(account: _Account, dice: Dice, *, first_serial: int) -> Iterator[Item]:
    for serial, published_at in enumerate(account.published):
        media_type = _media_type(account.ref, dice)
        is_tiktok = account.ref.platform == "tiktok"
        ig_id = None if is_tiktok else instagram_number(dice, published_at)
        item_id = tiktok_id(dice, published_at) if ig_id is None else str(ig_id)
        # An account's oldest post comes from the time before it had an audience.
        growth = _growth(account, dice, is_quiet=serial == 0)
        shown = _shown(media_type, dice)
        yield Item(
            **vars(growth),
            account=account.ref,
            item_id=item_id,
            ig_id=ig_id,
            media_type=media_type,
            published_at=published_at,
            caption=_caption(dice, first_serial + serial),
            captures=tuple(_captures(account, published_at, shown, growth, dice)),
        )


def _media_type(account: AccountRef, dice: Dice) -> ItemType:
    if account.platform == "tiktok":
        return "tiktok_photo" if dice.chance(0.1) else "tiktok_video"
    return dice.pick(("reel", "reel", "reel", "feed_image", "feed_carousel"))


def _growth(account: _Account, dice: Dice, *, is_quiet: bool) -> Growth:
    views = dice.between(*QUIET_VIEWS) if is_quiet else dice.heavy_tailed(account.typical_views)
    is_unknown = account.is_small and not is_quiet
    return Growth.drawn(dice, final_views=views * (0.05 if is_unknown else 1.0))


def _shown(media_type: ItemType, dice: Dice) -> list[str]:
    """The metrics that a post shows: all that are public, or now and then all but one."""
    hidden = dice.pick(PUBLIC[media_type]) if dice.chance(0.08) else None
    return [name for name in PUBLIC[media_type] if name != hidden]


def _caption(dice: Dice, serial: int) -> str | None:
    turn, is_plain = divmod(serial, 4)
    text = dice.pick(PLAIN) if is_plain else TRICKY[turn % len(TRICKY)]
    return text or None


def _captures(
    account: _Account, published_at: datetime, shown: list[str], growth: Growth, dice: Dice
) -> Iterator[Capture]:
    for at, followers in zip(account.rounds, account.followers, strict=True):
        # Posts of one page are read one after the other, seconds apart.
        captured_at = at + timedelta(seconds=dice.whole(0, 90))
        if captured_at <= published_at:
            continue
        counts = _counts(growth, captured_at - published_at, dice)
        metrics = {name: counts[name] for name in shown if not dice.chance(0.015)}
        yield Capture(captured_at=captured_at, metrics=metrics | {"followers": followers})


def _counts(growth: Growth, age: timedelta, dice: Dice) -> dict[str, int]:
    """Public numbers, which flicker: one reading of a post is not quite like the next."""
    views = growth.views_at(age.total_seconds() / 3600) * dice.between(0.996, 1.001)
    counts = {
        name: int(views * rate * dice.between(0.985, 1.003)) for name, rate in growth.rates.items()
    }
    return {"views": int(views), **counts}
