"""How ads are doing, per tick.

Belongs here: the columns of the classification of ads.
Does not belong here: its numbers (``transforms.ads.rules``), scores of content (``scoring``).
"""

import dataframely as dy

from transforms.contracts.columns import count, instant, key, number, one_of, whole, word
from transforms.vocabulary import AD_CLASSES, AD_PLATFORMS, APPROVALS, CREATIVE_STATES, POOLS

WINDOW = "the seven whole days before the tick, where the ad's account is"


class AdClassifications(dy.Schema):
    """Grain: one row per ad and tick: its creative's state, how it is doing, and why.

    It is as known at the tick, and only told: nothing is changed on any platform.
    """

    tick = key("Partition: the tick as text.")
    ad_platform = one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform", in_key=True)
    ad_id = key("The platform's id of the ad.")
    judged_at = instant("The tick.")
    rules_version = word("Version of the numbers that classified it.")
    project_id = word("Project; null: no account or content of a project names it.", nullable=True)
    ad_account_id = word("Ad account; null: known from imported reports alone.", nullable=True)
    ads_content_id = word("Content that it shows; null: nothing that we know.", nullable=True)
    scoring_pool = one_of(
        POOLS, "Pool of that content; null: none.", rule="unknown_pool", nullable=True
    )
    approval = one_of(
        APPROVALS,
        "Approval of that content; null: nobody has said.",
        rule="unknown_approval",
        nullable=True,
    )
    status = word("The platform's word for how it stands; null: not known.", nullable=True)
    state = one_of(CREATIVE_STATES, "Where its creative stands in its life.", rule="unknown_state")
    classification = one_of(
        AD_CLASSES,
        "How it is doing; null: it does not run, or nothing can be said (reason_key).",
        rule="unknown_class",
        nullable=True,
    )
    reason_key = word("Why, as a word.")
    reason = word("Why, in words.")
    age_days = number("Days since it was made, or first heard of; null: not known.")
    currency = word("Currency of its money, ISO 4217; null: no day in the window.", nullable=True)
    spend_7d_minor = whole(
        f"Spend of {WINDOW}; minor units of currency. Null: no day.", nullable=True
    )
    impressions_7d = count(f"Impressions of {WINDOW}.")
    clicks_7d = count(f"Clicks of {WINDOW}.")
    conversions_7d = count(f"Conversions of {WINDOW}.")
    pool_spend_7d_minor = whole(
        "The same spend of every ad of its project, pool and currency. Null: not compared.",
        nullable=True,
    )
    pool_conversions_7d = whole(
        "The same conversions of every ad of its project, pool and currency. Null: not compared.",
        nullable=True,
    )
    cpa_pool_ratio = number(
        "Its cost per conversion by that of all of them together; null: one has no conversion.",
        min=0.0,
    )
    frequency_7d_max = number(
        "Views per person in these days at most: impressions by the largest reach of a day, as "
        "the reach of days cannot be added up. Null: no reach reported.",
        min=0.0,
    )
    spend_minor_day_1 = whole("Spend of the first of these days.", nullable=True)
    conversions_day_1 = count("Conversions of the first of these days.")
    spend_minor_day_7 = whole("Spend of the last of these days.", nullable=True)
    conversions_day_7 = count("Conversions of the last of these days.")
    impressions_first_days = count("Impressions of the first three of these days.")
    clicks_first_days = count("Clicks of the first three of these days.")
    impressions_last_days = count("Impressions of the last three of these days.")
    clicks_last_days = count("Clicks of the last three of these days.")
