"""Ads as ad platforms' APIs told of them: rows as received, readings, rows as typed.

Belongs here: what one reading of an ad account brought.
Does not belong here: what is known of ads because of it (``contracts.ads``), imported files.
"""

import dataframely as dy

from transforms.contracts.ads import AdDay, AdState, money
from transforms.contracts.columns import count, day, flag, instant, key, note, one_of, whole, word
from transforms.vocabulary import AD_PLATFORMS, OUTCOMES


class RawAds(dy.Schema):
    """Grain: one row per row of a response, exactly as received but for secrets."""

    landing_id = key("Reading of the ad account and position in it.")
    reading_id = word("Reading of an ad account that the row belongs to.")
    ad_account_id = word("Ad account that was read.")
    entity = word("What the row speaks of: account, ad, ad_day or account_day.")
    subject = word("Ad that the row answers for; empty for the account's own.")
    currency = word("Currency of the account when it was read, ISO 4217.")
    time_zone = word("IANA zone of the account's days when it was read.")
    received_at = instant("When the row arrived here.")
    known_at = instant(
        "When the row was committed here; everything made of it is known since then."
    )
    run_id = word("Run that received the row.")
    body = word("The row as received, JSON text, without tokens.")
    landed_on = day("Day on which the row was committed; partition.")


class RawMetaAds(RawAds):
    """Grain: one row per row of a Meta Marketing API response, as received without tokens."""


class RawTiktokAds(RawAds):
    """Grain: one row per row of a TikTok ads response, as received without tokens."""


class AdsReadings(dy.Schema):
    """Grain: one row per reading of an ad account: which days it asked for, how far it came.

    Written after the rows of the reading, so a reading that is here has all of its rows. A day
    without a row of an ad, in a complete reading, is a day that the platform reports nothing of.
    """

    reading_id = key("The reading.")
    ad_platform = one_of(AD_PLATFORMS, "Where its ads run.", rule="unknown_ad_platform")
    ad_account_id = word("Ad account that was read.")
    started_at = instant("When the reading began.")
    finished_at = instant("When the reading ended.")
    known_at = instant("When the reading was committed here.")
    since = dy.Date(
        nullable=True,
        metadata=note("First day asked for, in the account's zone; null: it came not so far."),
    )
    until = dy.Date(
        nullable=True,
        metadata=note("Last day asked for, in the account's zone; null: it came not so far."),
    )
    outcome = one_of(OUTCOMES, "How the reading ended.", rule="unknown_outcome")
    message = word("What went wrong, in words; null: nothing.", nullable=True)
    is_complete = flag("Whether all ads and all days were read to the end, and all went well.")
    ads = whole("Ads that were listed or read by id.")
    days = whole("Rows of ads and days that were read.")
    calls = whole("HTTP requests that the reading took.")
    run_id = word("Run that read the account.")
    landed_on = day("Day on which the reading was committed; partition.")


class StgAdsStates(AdState):
    """Grain: one row per ad and reading of its account: how it stood, typed. Key: landing_id."""

    ad_platform = one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform")
    ad_id = dy.String(nullable=False, min_length=1, metadata=note("The platform's id of the ad."))
    landing_id = key("The landed row that this is.")
    known_at = instant("When the pipeline knew it: the commit of its landed row.")
    run_id = word("Run that received the row.")
    landed_on = day("Day on which the row was committed; partition.")


class StgAdsDays(AdDay):
    """Grain: one row per ad, day and reading of its account, typed. Key: landing_id."""

    ad_platform = one_of(AD_PLATFORMS, "Where it runs.", rule="unknown_ad_platform")
    ad_id = dy.String(nullable=False, min_length=1, metadata=note("The platform's id of the ad."))
    spent_on = dy.Date(nullable=False, metadata=note("Day in the ad account's zone."))
    landing_id = key("The landed row that this is.")
    ad_account_id = word("Ad account that was read.")
    reading_id = word("Reading that the row belongs to.")
    known_at = instant("When the pipeline knew it: the commit of its landed row.")
    spent_in = word("Month of the day, YYYY-MM.")
    landed_on = day("Day on which the row was committed; partition.")


class StgAdsAccountDays(dy.Schema):
    """Grain: one row per ad account, day and reading: the platform's own total. Key: landing_id."""

    landing_id = key("The landed row that this is.")
    ad_platform = one_of(AD_PLATFORMS, "Where its ads run.", rule="unknown_ad_platform")
    ad_account_id = word("Ad account that was read.")
    reading_id = word("Reading that the row belongs to.")
    spent_on = dy.Date(nullable=False, metadata=note("Day in the ad account's zone."))
    currency = word("ISO 4217 code of the currency.", nullable=True)
    spend_cents = money("Spend of the day.", nullable=False)
    impressions = count("Impressions of the day.")
    clicks = count("Clicks of the day.")
    conversions = count("Conversions of the day: purchases, each once.")
    conversion_value_cents = money("Value of the day's conversions.")
    may_change_until = dy.Date(
        nullable=True, metadata=note("Last day on which the platform may restate it.")
    )
    known_at = instant("When the pipeline knew it: the commit of its landed row.")
    run_id = word("Run that received the row.")
    landed_on = day("Day on which the row was committed; partition.")
