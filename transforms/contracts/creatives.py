"""Content that is no post, what is said of content, and what ads spent on it.

Belongs here: what the operational database and ad platforms state, each with when it was known.
Does not belong here: what is derived from it at a tick (``contracts.scoring``).

Every row carries ``known_at``, and a tick reads only what was known by then, so that scoring it
again a year later reads the same (R20, R29). History is added to, never changed.
"""

from typing import Final

import dataframely as dy

from transforms.contracts.columns import count, flag, instant, key, one_of, whole, word
from transforms.contracts.scoring import override
from transforms.vocabulary import AD_PLATFORMS, APPROVALS, CREATIVE_KINDS

AD_COUNTS: Final = ("impressions", "clicks", "conversions")


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


class AdContent(dy.Schema):
    """Grain: one row per ad and change of what it shows. The newest one known counts."""

    ad_platform = one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform", in_key=True)
    ad_id = key("The platform's id of the ad.")
    known_at = instant("When it was known.", in_key=True)
    ads_content_id = word("Content that it shows.")


class AdDay(dy.Schema):
    """What one report states of one ad and day."""

    ad_platform = one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform", in_key=True)
    ad_id = key("The platform's id of the ad.")
    spent_on = dy.Date(
        primary_key=True,
        metadata={"comment": "Day as the ad platform reports it; counted as a day of UTC."},
    )
    spend_cents = whole("Spend of the day, US cents.")
    impressions = count("Impressions of the day.")
    clicks = count("Clicks of the day.")
    conversions = count("Conversions of the day.")
    run_id = word("Run that received the row.")


class AdDailyMetrics(AdDay):
    """Grain: one row per ad, day and moment at which the day was reported again.

    Platforms restate a day for days. Each restatement is a row of its own; the newest one known
    counts.
    """

    known_at = instant("When the pipeline knew these values.", in_key=True)
    spent_in = word("Month of the day, YYYY-MM; partition.")


class StgImportAdMetrics(AdDailyMetrics):
    """Grain: one row per imported file, ad, day and moment of knowledge: reports of ads, typed.

    Also rows that repeat what was known stay here: should an older report come in later, they
    tell since when its values stood no more.
    """

    file_id = key("Fingerprint of the file and of how it is to be read; partition.")
    line_number = whole("Line of the file.")


class AdDailyMetricsCurrent(AdDay):
    """Grain: one row per ad and day, as last known.

    The newest row of ad_daily_metrics as a whole: what the newest report lacks is null.
    """

    known_at = instant("Since when these values are known.")
