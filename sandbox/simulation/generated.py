"""An invented world of accounts and posts that looks real and is equal on every machine.

Belongs here: how audiences grow, which metrics are shown, how ids are made.
Does not belong here: words (``captions``), the arithmetic of chance (``dice``), recorded data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from layers_pipeline.errors import InputRefusedError
from sandbox.simulation.captions import NAMES, NICHES, PLAIN, TRICKY
from sandbox.simulation.dataset import AccountRef, Capture, Dataset, MediaType, Post
from sandbox.simulation.dice import Dice

START: Final = datetime(2025, 5, 14, tzinfo=UTC)
CAPTURED_EVERY: Final = timedelta(hours=6)
HISTORY: Final = timedelta(days=30)
SMALL_ACCOUNTS: Final = 2
ACCOUNTS_MIN: Final = 4
QUIET_VIEWS: Final = (5.0, 45.0)
SHORTCODE_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INSTAGRAM_EPOCH_MS: Final = 1_314_220_021_721

SHOWN: Final[dict[MediaType, tuple[str, ...]]] = {
    "tiktok_video": ("views", "likes", "comments", "shares", "saves"),
    "tiktok_photo": ("views", "likes", "comments", "shares", "saves"),
    "reel": ("views", "likes", "comments", "shares"),
    "feed_image": ("likes", "comments"),
    "feed_carousel": ("likes", "comments"),
}
"""What each platform shows to the public."""


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


@dataclass(frozen=True, kw_only=True)
class _Audience:
    final_views: float
    half_at_h: float
    rates: dict[str, float]
    """Likes, comments, shares and saves per view."""
    hidden: str | None
    """A metric that this post never shows."""


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
    return Dataset(f"generated-{seed}", posts, niches=niches)


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


def _posts(account: _Account, dice: Dice, *, first_serial: int) -> Iterator[Post]:
    for serial, published_at in enumerate(account.published):
        media_type = _media_type(account.ref, dice)
        post_id, slug = _identity(account.ref, published_at, dice)
        # An account's oldest post comes from the time before it had an audience.
        audience = _audience(account, media_type, dice, quiet=serial == 0)
        yield Post(
            account=account.ref,
            post_id=post_id,
            published_at=published_at,
            media_type=media_type,
            permalink=_permalink(account.ref, media_type, slug),
            media_url=_media_url(account.ref, media_type, post_id),
            caption=_caption(dice, first_serial + serial),
            captures=tuple(_captures(account, published_at, media_type, audience, dice)),
        )


def _media_type(account: AccountRef, dice: Dice) -> MediaType:
    if account.platform == "tiktok":
        return "tiktok_photo" if dice.chance(0.1) else "tiktok_video"
    return dice.pick(("reel", "reel", "reel", "feed_image", "feed_carousel"))


def _identity(account: AccountRef, published_at: datetime, dice: Dice) -> tuple[str, str]:
    seconds = int(published_at.timestamp())
    if account.platform == "tiktok":
        item_id = (seconds << 32) | dice.whole(0, 2**32 - 1)
        return str(item_id), str(item_id)
    made_ms = seconds * 1000 - dice.whole(200, 1500) - INSTAGRAM_EPOCH_MS
    ig_id = (made_ms << 23) | dice.whole(0, 2**23 - 1)
    return str(ig_id), _shortcode(ig_id)


def _shortcode(ig_id: int) -> str:
    return _shortcode(ig_id >> 6) + SHORTCODE_DIGITS[ig_id & 63] if ig_id else ""


def _permalink(account: AccountRef, media_type: MediaType, slug: str) -> str:
    if account.platform == "tiktok":
        kind = media_type.removeprefix("tiktok_")
        return f"https://www.tiktok.com/@{account.account_key}/{kind}/{slug}"
    return f"https://www.instagram.com/{'reel' if media_type == 'reel' else 'p'}/{slug}/"


def _media_url(account: AccountRef, media_type: MediaType, post_id: str) -> str:
    ending = "mp4" if media_type in ("tiktok_video", "reel") else "jpg"
    return f"https://media.sift.example/{account.platform}/{post_id}.{ending}"


def _caption(dice: Dice, serial: int) -> str | None:
    turn, is_tricky = divmod(serial, 4)
    text = dice.pick(PLAIN) if is_tricky != 0 else TRICKY[turn % len(TRICKY)]
    return text or None


def _audience(account: _Account, media_type: MediaType, dice: Dice, *, quiet: bool) -> _Audience:
    views = dice.between(*QUIET_VIEWS) if quiet else dice.heavy_tailed(account.typical_views)
    return _Audience(
        final_views=views * (0.05 if account.is_small and not quiet else 1.0),
        half_at_h=dice.between(4, 60),
        rates={
            "likes": dice.between(0.015, 0.14),
            "comments": dice.between(0.0005, 0.01),
            "shares": dice.between(0.0005, 0.02),
            "saves": dice.between(0.001, 0.03),
        },
        hidden=dice.pick(SHOWN[media_type]) if dice.chance(0.08) else None,
    )


def _captures(
    account: _Account,
    published_at: datetime,
    media_type: MediaType,
    audience: _Audience,
    dice: Dice,
) -> Iterator[Capture]:
    for at, followers in zip(account.rounds, account.followers, strict=True):
        # Posts of one page are read one after the other, seconds apart.
        captured_at = at + timedelta(seconds=dice.whole(0, 90))
        if captured_at <= published_at:
            continue
        age_h = (captured_at - published_at).total_seconds() / 3600
        counts = _counts(audience, age_h, dice)
        shown = [name for name in SHOWN[media_type] if name != audience.hidden]
        metrics = {name: counts[name] for name in shown if not dice.chance(0.015)}
        yield Capture(captured_at=captured_at, metrics=metrics | {"followers": followers})


def _counts(audience: _Audience, age_h: float, dice: Dice) -> dict[str, int]:
    grown = age_h / (age_h + audience.half_at_h)
    views = audience.final_views * grown * dice.between(0.996, 1.001)
    counts = {
        name: int(views * rate * dice.between(0.985, 1.003))
        for name, rate in audience.rates.items()
    }
    return {"views": int(views), **counts}
