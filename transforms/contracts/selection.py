"""Where ads run and by which rights, as people state it; what is picked for it at a tick.

Belongs here: layers, ad sets, rights, approvals, selections, the status of content.
Does not belong here: eligibility (``contracts.scoring``), ads that run (``contracts.creatives``).

Histories carry ``known_at`` and are added to, never changed; the newest row known counts.
"""

import dataframely as dy
import polars as pl

from transforms.contracts.columns import flag, instant, key, number, one_of, whole, word, words
from transforms.contracts.scoring import post_platform
from transforms.vocabulary import (
    AD_PLATFORMS,
    APPROVALS,
    BLOCKERS,
    CONTENT_STATUSES,
    LAYER_MODES,
    POOLS,
    RIGHT_KINDS,
    RIGHT_SOURCES,
    RIGHT_SUBJECTS,
)


class Layers(dy.Schema):
    """Grain: one row per layer and change of it. The newest one known counts."""

    layer_id = key("Layer.")
    known_at = instant("When the change was known.", in_key=True)
    project_id = word("Project that owns it.")
    ad_platform = one_of(AD_PLATFORMS, "Where its ads run.", rule="unknown_ad_platform")
    mode = one_of(LAYER_MODES, "Through whose Business Center.", rule="unknown_mode")
    ad_account_id = word("The platform's id of the ad account, without act_.")
    is_ended = flag("Whether nothing is picked for it any more.")
    changed_by = word("Who changed it.")


class AdSets(dy.Schema):
    """Grain: one row per ad set and change of it. The newest one known counts."""

    layer_id = key("Layer.")
    ad_set_id = key("The platform's id of the ad set.")
    known_at = instant("When the change was known.", in_key=True)
    name = word("Name that people read.")
    capacity = whole("Ads that may run in it at once, 1-50.")
    slots_generated = whole("Of them, of the generated pool.")
    slots_ugc = whole("Of them, of the ugc pool.")
    slots_manual = whole("Of them, of the manual pool.")
    needs_creatives = flag("Whether content is picked for it.")
    changed_by = word("Who changed it.")


class ContentRights(dy.Schema):
    """Grain: one row per right and change of it. The newest one known counts.

    A right lets posts of creators run as ads of one project. Spark codes themselves are secrets
    and stand nowhere in the lake.
    """

    project_id = key("Project that may run ads by it.")
    kind = one_of(RIGHT_KINDS, "Which right.", rule="unknown_right", in_key=True)
    subject = one_of(RIGHT_SUBJECTS, "What it is for.", rule="unknown_subject", in_key=True)
    subject_id = key("Container of the post, id of the creator or of the account.")
    known_at = instant("When the change was known.", in_key=True)
    starts_at = instant("First moment at which it holds.")
    ends_at = instant("First moment at which it holds no more; null: open.", nullable=True)
    is_revoked = flag("Whether it was taken back: then it holds no more, since known_at.")
    source = one_of(RIGHT_SOURCES, "Who told of it.", rule="unknown_source")
    note = word("Why; null: not told.", nullable=True)
    changed_by = word("Who changed it.")


class ContentApprovals(dy.Schema):
    """Grain: one row per ads content and change of its approval. The newest one known counts."""

    ads_content_id = key("The thing that is approved, in its project.")
    known_at = instant("When the change was known.", in_key=True)
    approval = one_of(APPROVALS, "How it stands.", rule="unknown_approval")
    note = word("Why; null: not told.", nullable=True)
    changed_by = word("Who changed it.")


class Considered(dy.Schema):
    """What is said of one content of a project that has a layer."""

    ads_content_id = key("The thing that might run as an ad.")
    scored_at = instant("The tick.", in_key=True)
    project_id = word("Project.")
    scoring_pool = one_of(POOLS, "Pool.", rule="unknown_pool")
    platform = post_platform()
    platform_post_id = word("Post; null for generated and manual content.", nullable=True)
    blocked_by = one_of(
        BLOCKERS,
        "What keeps it from running: the first thing that does; null: nothing.",
        rule="unknown_blocker",
        nullable=True,
    )
    also_blocked_by = words("Everything else that would, in order.")
    tick = word("Partition: the tick as text.")


class AdSelections(Considered):
    """Grain: one row per ad set that needs creatives, content that it could show, and tick.

    Content is picked, with its rank and slot, or exactly one thing blocks it first.
    """

    layer_id = key("Layer.")
    ad_set_id = key("The platform's id of the ad set.")
    ad_platform = one_of(AD_PLATFORMS, "Where its ads run.", rule="unknown_ad_platform")
    organic_score = number("The score that stood, points 0-10; null if never scored.", min=0)
    is_picked = flag("Whether it is to become an ad of the ad set.")
    rank = whole(
        "Place in its pool among all that nothing but slots could block; null: blocked before.",
        nullable=True,
    )
    slot = whole("Slot of its pool, after those that run already; null: not picked.", nullable=True)

    @dy.rule()
    def picked_or_blocked(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """Either it is picked, with a slot, or one thing blocks it."""
        is_blocked = pl.col("blocked_by").is_not_null()
        return (pl.col("is_picked") ^ is_blocked) & (
            pl.col("is_picked") == pl.col("slot").is_not_null()
        )


class ContentStatus(Considered):
    """Grain: one row per content of a project that has a layer, and tick.

    Where several ad sets could show it, the one counts at which it got furthest.
    """

    status = one_of(CONTENT_STATUSES, "How it stands.", rule="unknown_status")
    layer_id = word("Layer at which it got furthest; null: none could show it.", nullable=True)
    ad_set_id = word("Ad set at which it got furthest; null: none could show it.", nullable=True)
    rank = whole("Place in its pool there; null: blocked before.", nullable=True)
    ads = whole("Ads that show it and are not deleted.")
    ads_running = whole("Of them, those that may deliver.")

    @dy.rule()
    def running_or_blocked(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """What runs has no blocker, everything else has a first one."""
        return (pl.col("status") == "running") == pl.col("blocked_by").is_null()
