"""Ads: which content they show, how they stand, what they spent and brought, day by day.

Belongs here: what people and ad platforms state of ads, each with when it was known.
Does not belong here: what is derived from it at a tick (``contracts.scoring``).

Every row carries ``known_at``, and a tick reads only what was known by then (R20, R29). History is
added to, never changed. Money is whole minor units of a named currency, never a float.
"""

from typing import Final

import dataframely as dy

from transforms.contracts.columns import (
    count,
    flag,
    instant,
    key,
    note,
    number,
    one_of,
    whole,
    word,
)
from transforms.vocabulary import ACCOUNT_STATUSES, AD_PLATFORMS, KNOWN_BY, OUTCOMES, PLATFORMS

AD_COUNTS: Final = ("impressions", "clicks", "conversions")
CURRENCY: Final = "ISO 4217 code of the currency; null: US dollars, as of older reports."


def money(text: str, *, nullable: bool = True) -> dy.Int64:
    """An amount in whole minor units of the row's currency."""
    return dy.Int64(
        nullable=nullable, min=0, metadata=note(f"{text} Minor units of currency: US cents if USD.")
    )


def difference(text: str) -> dy.Int64:
    """A whole number that may be below zero."""
    return dy.Int64(nullable=True, metadata=note(text))


def ad_platform() -> dy.String:
    """Where an ad runs, as part of the key."""
    return one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform", in_key=True)


class AdContent(dy.Schema):
    """Grain: one row per ad and change of what it shows. The newest one known counts.

    What people state. What the platform says of an ad's post is in ad_states, and goes before it.
    """

    ad_platform = ad_platform()
    ad_id = key("The platform's id of the ad.")
    known_at = instant("When it was known.", in_key=True)
    ads_content_id = word("Content that it shows.")


class AdDay(dy.Schema):
    """What one report states of one ad and day."""

    ad_platform = ad_platform()
    ad_id = key("The platform's id of the ad.")
    spent_on = dy.Date(
        primary_key=True,
        metadata=note(
            "Day as the ad platform reports it, in the ad account's zone; scores count it as a "
            "day of UTC."
        ),
    )
    spend_cents = money("Spend of the day.", nullable=False)
    impressions = count("Impressions of the day.")
    clicks = count("Clicks of the day.")
    conversions = count("Conversions of the day: purchases, each once.")
    run_id = word("Run that received the row.")
    currency = word(CURRENCY, nullable=True)
    conversion_value_cents = money("Value of the day's conversions.")
    reach = count("People reached on the day. Never to be summed.")
    frequency = number("Impressions per person reached on the day.", min=0.0)
    may_change_until = dy.Date(
        nullable=True,
        metadata=note(
            "Last day, in the account's zone, on which the platform may restate this one; null: "
            "not known."
        ),
    )


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


class AdState(dy.Schema):
    """How the platform says that an ad stands."""

    ad_platform = ad_platform()
    ad_id = key("The platform's id of the ad.")
    ad_account_id = word("Ad account that it belongs to.")
    campaign_id = word("The platform's id of its campaign; null: not told.", nullable=True)
    ad_set_id = word("The platform's id of its ad set or ad group; null: not told.", nullable=True)
    ad_name = word("Its name, as people wrote it; null: not told.", nullable=True)
    status = word("The platform's word for how it stands in effect.")
    is_running = flag("Whether it may deliver now, as far as its status says.")
    is_deleted = flag("Whether it was deleted; its figures may still move.")
    created_at = instant("When it was made; null: not told.", nullable=True)
    shows_platform = one_of(
        PLATFORMS,
        "Platform of the post that it shows; null: it shows no post.",
        rule="unsupported_platform",
        nullable=True,
    )
    shows_post_id = word("The platform's id of that post; null: it shows no post.", nullable=True)
    shows_permalink = word("Address of that post; null: not told.", nullable=True)


class AdAccounts(dy.Schema):
    """Grain: one row per ad account: whose it is, and how its newest reading ended."""

    ad_platform = ad_platform()
    ad_account_id = key("The platform's id of the ad account, without act_.")
    project_id = word("Project that it was connected for.")
    name = word("What people call it; null: no name.", nullable=True)
    currency = word("ISO 4217 code of its money; null: not read yet.", nullable=True)
    time_zone = word("IANA zone of its days; null: not read yet.", nullable=True)
    status = one_of(ACCOUNT_STATUSES, "Whether it is read.", rule="unknown_status")
    created_at = instant("When it was connected.")
    read_until = dy.Date(
        nullable=True, metadata=note("Last day of its last complete reading; null: there was none.")
    )
    last_outcome = one_of(
        OUTCOMES, "How its newest reading ended.", rule="unknown_outcome", nullable=True
    )
    last_message = word("What was said about that.", nullable=True)
    last_success_at = instant("When a reading last ended well.", nullable=True)
    retry_at = instant("Not read before this; null: by cadence.", nullable=True)


class AdStates(AdState):
    """Grain: one row per ad and change of how it stands. The newest one known counts."""

    known_at = instant("When it was known.", in_key=True)
    run_id = word("Run that received it.")


class AdAccountHistory(dy.Schema):
    """Grain: one row per ad account and change of what it says of itself. The newest known counts.

    What a day is, and what its money is, follow from the account as it was known then. Whose the
    account is never changes: ad_accounts says so, since created_at.
    """

    ad_platform = ad_platform()
    ad_account_id = key("The platform's id of the ad account, without act_.")
    known_at = instant("When it was known: the commit of its landed row.", in_key=True)
    currency = word("ISO 4217 code of its money.")
    time_zone = word("IANA zone of its days.")
    run_id = word("Run that received it.")


class LayerAds(dy.Schema):
    """What a layer's ads are now. History is in ad_states."""

    layer_id = key("Layer.")
    ad_id = key("The platform's id of the ad.")
    project_id = word("Project of the layer.")
    ad_account_id = word("Ad account that it belongs to.")
    campaign_id = word("The platform's id of its campaign; null: not told.", nullable=True)
    ad_set_id = word("The platform's id of its ad set or ad group; null: not told.", nullable=True)
    ad_name = word("Its name, as people wrote it; null: not told.", nullable=True)
    status = word("The platform's word for how it stands in effect.")
    is_running = flag("Whether it may deliver now, as far as its status says.")
    is_deleted = flag("Whether it was deleted.")
    created_at = instant("When it was made; null: not told.", nullable=True)
    ads_content_id = word("Content that it shows; null: nothing that we know.", nullable=True)
    content_known_by = one_of(
        KNOWN_BY,
        "How that is known: the platform names the post, or people linked it.",
        rule="unknown_origin",
        nullable=True,
    )
    shows_post_id = word("The platform's id of the post that it shows.", nullable=True)
    state_known_at = instant("Since when its state is known.")


class LayerMetaAds(LayerAds):
    """Grain: one row per layer of Meta ads and ad in it, as it stands now."""


class LayerTiktokAds(LayerAds):
    """Grain: one row per layer of TikTok ads and ad in it, as it stands now."""


class AdAccountDays(dy.Schema):
    """Grain: one row per ad account and day: the platform's total beside the sum of its ads.

    Both come of the newest readings. A gap is spend of ads that the platform does not show us.
    """

    ad_platform = ad_platform()
    ad_account_id = key("Ad account.")
    spent_on = dy.Date(primary_key=True, metadata=note("Day in the ad account's zone."))
    currency = word("ISO 4217 code of the currency.", nullable=True)
    spend_cents = money("Spend of the day that the platform states of the account.")
    ads_spend_cents = money("Sum of the spend of its ads that we know.", nullable=False)
    spend_gap_cents = difference(
        "Spend of the account less that of its ads, minor units of currency; null: the platform "
        "stated no total."
    )
    impressions = count("Impressions that the platform states of the account.")
    ads_impressions = count("Sum of its ads' impressions.")
    conversions = count("Conversions that the platform states of the account.")
    ads_conversions = count("Sum of its ads' conversions.")
    ads = whole("Ads with a row of that day.")
    known_at = instant("When the newest of these values was known.")
    may_change_until = dy.Date(
        nullable=True, metadata=note("Last day on which the platform may restate it.")
    )
