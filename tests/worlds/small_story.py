"""A deployment's days in small: captures land, ticks are scored and published, all is kept up.

Belongs here: the story, step by step, and stores on an object store and PostgreSQL to play it on.
Does not belong here: what must come of it (each test).
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.scoring import copy_current_eligibility
from layers_pipeline.steps.stores import Stores, open_stores
from tests.object_store import S3Server
from tests.worlds.data_builders import NOW, allow, capture, hours, land, later, score

ACCOUNTS = ("ada", "ben", "cat")
POSTS = 12
TICKS = 3
EVERY = timedelta(hours=12)


def remote_settings(home: Path, server: S3Server, *, operations_url: str, **more) -> Settings:
    """A deployment whose lake has a bucket of its own."""
    places = server.settings(server.bucket())
    return Settings(
        home=home,
        operations_url=operations_url,
        serve_dir=None,
        tick_grace_s=0,
        **places,
        **more,
    )


def remote_stores(home: Path, server: S3Server, *, operations_url: str, **more) -> Stores:
    """Empty stores on an object store and PostgreSQL."""
    settings = remote_settings(home, server, operations_url=operations_url, **more)
    return open_stores(settings, clock=FixedClock(NOW))


def postgres_stores(home: Path, *, operations_url: str) -> Stores:
    """Empty stores on PostgreSQL, with the lake in a folder."""
    settings = Settings(
        home=home, operations_url=operations_url, lake_url="", serve_dir=None, tick_grace_s=0
    )
    return open_stores(settings, clock=FixedClock(NOW))


def seed(stores: Stores) -> Stores:
    """Who is on the allowlist."""
    allow(stores, *ACCOUNTS)
    return later(stores, hours(0))


def number_now(stores: Stores) -> int:
    """Which half day the stores' clock shows."""
    return round((stores.clock.now() - hours(0)) / EVERY)


def tick(stores: Stores, number: int, *, posts: int = POSTS) -> Stores:
    """Half a day: what was captured lands, is scored, and is shown to analysts."""
    stores = scored(stores, number, posts=posts)
    publish(stores)
    return stores


def scored(stores: Stores, number: int, *, posts: int = POSTS) -> Stores:
    """The same, but for showing it."""
    stores = later(stores, hours(0) + number * EVERY)
    land(stores, captures(number, posts=posts), job=f"job{number}")
    bring_up_to_date(stores)
    score(stores, [stores.clock.now()])
    copy_current_eligibility(stores)
    return stores


def captures(number: float, *, posts: int = POSTS) -> list[dict]:
    """What is seen of every post in one half day; each one grows at a pace of its own."""
    return [
        capture(
            f"p{post:05d}",
            number * 12 - 1 + post / posts,
            account_key=ACCOUNTS[post % len(ACCOUNTS)],
            media_type="reel",
            views=100 + post * 7 + round(number * (post + 1)),
            likes=10 + post + round(number),
            comments=post % 5,
            shares=post % 3,
            saves=round(number),
        )
        for post in range(posts)
    ]


def play(stores: Stores, *, ticks: int = TICKS, heard: Callable[[str], None] = str) -> Stores:
    """The whole story, upkeep and replay at its end.

    Args:
        ticks: Half days.
        heard: Told the name of each step that is done.
    """
    stores = seed(stores)
    heard("seed")
    for number in range(ticks):
        stores = tick(stores, number)
        heard(f"tick {number}")
    stores = later(stores, hours(0) + ticks * EVERY)
    maintain(stores)
    heard("maintain")
    replay(stores, start=hours(-24), end=stores.clock.now())
    heard("replay")
    return stores
