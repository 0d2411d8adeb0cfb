"""Content that is no post, and what is said of content.

Belongs here: what the operational database states, each with when it was known.
Does not belong here: ads (``contracts.ads``), what is derived at a tick (``contracts.scoring``).

Every row carries ``known_at``, and a tick reads only what was known by then, so that scoring it
again a year later reads the same (R20, R29). History is added to, never changed.
"""

import dataframely as dy

from transforms.contracts.columns import flag, instant, key, one_of, word
from transforms.contracts.scoring import override
from transforms.vocabulary import APPROVALS, CREATIVE_KINDS


class Creatives(dy.Schema):
    """Grain: one row per project and generated or manual creative."""

    project_id = key("Project.")
    container_id = key("Container that wraps it.")
    kind = one_of(CREATIVE_KINDS, "How it came about, and so its pool.", rule="unknown_kind")
    created_at = instant("When it was made; its age counts from here.")
    known_at = instant("When the pipeline knew of it.")
    prompt = word("Prompt that it was generated from.", nullable=True)
    influencer = word("Influencer that it shows.", nullable=True)
    media_source = word("Where its media comes from.", nullable=True)


class SafetyReviews(dy.Schema):
    """Grain: one row per container and safety review of it. The newest one known counts."""

    container_id = key("Container that was reviewed, a post's or another.")
    known_at = instant("When the outcome was known.", in_key=True)
    safety_failed = flag("Whether it failed.")
    reviewed_by = word("Who reviewed it.")
    note = word("Why; null: not told.", nullable=True)


class ContentOverrides(dy.Schema):
    """Grain: one row per ads content and change of its override. The newest one known counts."""

    ads_content_id = key("The thing that is overridden, in its project.")
    known_at = instant("When the change was known.", in_key=True)
    override = override("Null: the score decides again.")
    note = word("Why it was changed.")
    changed_by = word("Who changed it.")


class ProjectAdsContent(dy.Schema):
    """Grain: one row per ads content that anybody has overridden or approved: how that stands.

    Content of which nobody has said anything has no row.
    """

    ads_content_id = key("The thing that is spoken of, in its project.")
    project_id = word("Project.")
    container_id = word("Container that it stands for.")
    override = override("Null: the score decides.")
    note = word("Why the override was changed last; null: it never was.", nullable=True)
    changed_by = word("Who changed the override last; null: nobody did.", nullable=True)
    changed_at = instant("When the override was changed last; null: it never was.", nullable=True)
    approval = one_of(
        APPROVALS,
        "How the approval stands; null: nobody has said. No part of eligibility.",
        rule="unknown_approval",
        nullable=True,
    )
    approval_changed_by = word("Who changed the approval last; null: nobody did.", nullable=True)
    approval_changed_at = instant(
        "When the approval was changed last; null: it never was.", nullable=True
    )
