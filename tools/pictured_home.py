"""A copy of the demo with all that pages can show: creatives, plans, what people decided.

Belongs here: what is added to the demo before its pictures are taken.
Does not belong here: the demo itself (``cli.demo``), taking pictures (``pictures``).

Everything is invented, and stands still at the moment of the demo's publication: what can be seen
does not depend on the day on which the pictures are taken.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.stores import Stores, open_stores
from layers_pipeline.views.opening import open_views
from sandbox import generated_captures

PROJECT: Final = "demo"
CREATOR: Final = "tiktok:thao.skincare.10"
"""Whose page is pictured: the demo's best."""
WHO: Final = "mai"
MADE: Final = (
    (
        "generated:iced-coffee",
        3,
        "A glass of iced coffee on a balcony, morning light",
        "Linh",
        None,
    ),
    ("generated:night-market", 12, "Two friends at a night market, hand-held camera", None, None),
    ("generated:rain-cape", 28, "A cyclist in a yellow rain cape, slow motion", "Linh", None),
    ("manual:spring-cut", 8, None, None, "studio"),
    ("manual:unboxing", 19, None, "Bao", "studio"),
)
"""Creatives: name, age in days, prompt, whom it shows, where its media come from."""
PLANNED: Final = (
    ("monday-teaser", 2, "Something is brewing", "generated:iced-coffee"),
    ("behind-the-scenes", 3, "How we film with one lamp", None),
    ("giveaway", 5, "Three bags, three winners", None),
    ("summer-drop", 9, "The summer bag, in four colours", "manual:spring-cut"),
)
"""Posts to come: name, days until then, caption, the creative that it shows."""


def pictured_home(demo: Path, home: Path) -> tuple[Settings, datetime]:
    """Copy a home that the demo left, add to it, publish; give its settings and its moment.

    Raises:
        NotFoundError: Nothing was published there.
        InputRefusedError: Its creators are not invented.
    """
    shutil.copytree(demo, home)
    settings = Settings(home=home)
    at = _published_at(settings)
    stores = open_stores(settings, clock=FixedClock(at))
    _require_invented(stores)
    begin = at - timedelta(days=3)
    stores.operations.creatives.add(_creatives(at), now=begin)
    bring_up_to_date(stores)
    _decide(stores, begin)
    _plan(stores, at)
    tick = at.replace(hour=at.hour // 4 * 4, minute=0, second=0, microsecond=0)
    for _ in score_ticks(stores, [tick - timedelta(hours=4 * back) for back in (2, 1, 0)]):
        pass
    publish(stores)
    stores.operations.close()
    return settings, at


def _published_at(settings: Settings) -> datetime:
    views = open_views(settings, clock=FixedClock(datetime.now(UTC)))
    try:
        return views.publication().as_of
    finally:
        views.close()


def _require_invented(stores: Stores) -> None:
    """Refuse a demo of recorded creators: their posts are not ours to show."""
    invented = {f"{ref.platform}:{ref.account_key}" for ref in generated_captures().niches}
    accounts = {account.account_id for account in stores.operations.accounts.all()}
    if not accounts or not accounts <= invented:
        raise InputRefusedError(
            f"pictures: {stores.settings.root}: the demo there has other than invented creators. "
            "Run it anew in another folder: "
            "LAYERS_SHARED=none LAYERS_HOME=FOLDER layers-pipeline demo."
        )


def _creatives(at: datetime) -> list[NewCreative]:
    return [
        NewCreative(
            project_id=PROJECT,
            container_id=name,
            kind="generated" if name.startswith("generated:") else "manual",
            created_at=at - timedelta(days=age),
            prompt=prompt,
            influencer=influencer,
            media_source=source,
        )
        for name, age, prompt, influencer, source in MADE
    ]


def _decide(stores: Stores, at: datetime) -> None:
    """Two overrides, an approval and a failed review, as people give them."""
    say = stores.operations.verdicts
    first, second, third = (f"{PROJECT}/{name}" for name, *_ in MADE[:3])
    say.override(first, "include", note="The launch needs it", changed_by=WHO, now=at)
    say.override(second, "exclude", note="Shows last year's bag", changed_by=WHO, now=at)
    say.approve(third, "approved", changed_by=WHO, now=at)
    say.review("manual:unboxing", safety_failed=True, reviewed_by=WHO, now=at)


def _plan(stores: Stores, at: datetime) -> None:
    accounts = [account.account_id for account in stores.operations.accounts.all()]
    posts = [
        NewScheduledPost(
            project_id=PROJECT,
            slug=slug,
            account_id=accounts[place],
            scheduled_for=at.replace(hour=11, minute=0) + timedelta(days=days),
            caption=caption,
            container_id=container,
        )
        for place, (slug, days, caption, container) in enumerate(PLANNED)
    ]
    stores.operations.scheduled_posts.state(posts, changed_by=WHO, now=at)
