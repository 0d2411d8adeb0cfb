"""Creators: whose content ads show, what creators' posts and the ads on them did.

Belongs here: attribution of ads, days and periods of creators.
Does not belong here: what creators are paid (``contracts.payouts``), ads (``contracts.ads``).

Money is whole minor units of the row's currency and is never added across currencies: each
currency is a row of its own. Figures of posts stand in one row per creator and day or period.
"""

import dataframely as dy

from transforms.contracts.ads import ad_platform, difference, money
from transforms.contracts.columns import count, flag, key, note, number, one_of, word
from transforms.vocabulary import PLATFORMS, REPORT_PERIODS

PROJECT = "Project; '(no project)': nothing tells whose the ad is."
CREATOR = "Creator; '(unattributed)': spend that reaches none."
OF_POSTS = "Null in rows of a further currency."


def day_of_project(text: str) -> dy.Date:
    """A day of the project's time zone, as part of the key."""
    return dy.Date(primary_key=True, metadata=note(text))


def currency() -> dy.String:
    """The currency of a row's money, as part of the key."""
    return key("ISO 4217 code of the row's money; XXX: none was spent.")


class AdAttribution(dy.Schema):
    """Grain: one row per ad that anything is known of: whose content it shows, as known last.

    Ads that show nothing we know are here too, with no content and no creator.
    """

    ad_platform = ad_platform()
    ad_id = key("The platform's id of the ad.")
    project_id = word(PROJECT)
    ads_content_id = word("Content that it shows; null: nothing that we know.", nullable=True)
    container_id = word("Container of that content.", nullable=True)
    platform = one_of(
        PLATFORMS, "Platform of the post.", rule="unsupported_platform", nullable=True
    )
    platform_post_id = word("The post; null: none of a creator.", nullable=True)
    account_key = word("Account that published the post.", nullable=True)
    creator_id = word(CREATOR)


class CreatorFigures(dy.Schema):
    """What posts and ads of a creator did."""

    is_first_currency = flag("Whether figures of posts stand in this row.")
    posts_synced = count(f"Posts published then that were synced. {OF_POSTS}")
    posts_deleted = count(f"Of them, deleted since. {OF_POSTS}")
    posts_from_threshold = count(f"Of them, with a newest score of 4.0 or more. {OF_POSTS}")
    views = count(f"Last known views of all posts so far. {OF_POSTS}")
    likes = count(f"Last known likes of all posts so far. {OF_POSTS}")
    comments = count(f"Last known comments of all posts so far. {OF_POSTS}")
    shares = count(f"Last known shares of all posts so far. {OF_POSTS}")
    saves = count(f"Last known saves of all posts so far. {OF_POSTS}")
    views_change = difference(f"Change of views from capture to capture. {OF_POSTS}")
    likes_change = difference(f"Change of likes from capture to capture. {OF_POSTS}")
    comments_change = difference(f"Change of comments from capture to capture. {OF_POSTS}")
    shares_change = difference(f"Change of shares from capture to capture. {OF_POSTS}")
    saves_change = difference(f"Change of saves from capture to capture. {OF_POSTS}")
    spend_cents = money("Spend of ads on the creator's content.")
    impressions = count("Impressions of those ads.")
    clicks = count("Clicks of those ads.")
    conversions = count("Conversions of those ads.")
    conversion_value_cents = money("Value of those conversions.")


class OfCreatorDay(dy.Schema):
    """Grain: that of ``CreatorDaily``: its key."""

    project_id = key(PROJECT)
    creator_id = key(CREATOR)
    day_on = day_of_project("Day.")
    currency = currency()
    ads = count("Ads with figures of the day.")


class OfCreatorPeriod(dy.Schema):
    """Grain: that of ``CreatorReports``: its key."""

    project_id = key(PROJECT)
    creator_id = key(CREATOR)
    period = one_of(REPORT_PERIODS, "Kind of period.", rule="unknown_period", in_key=True)
    starts_on = day_of_project("First day.")
    currency = currency()
    ends_on = dy.Date(nullable=False, metadata=note("Last day."))


class CreatorDaily(OfCreatorDay, CreatorFigures):
    """Grain: one row per project, creator, day and currency on which anything happened.

    Posts are counted in the project's time zone; a day of ads is the platform's, which reports
    whole days of the ad account's zone only.
    """


class CreatorReports(OfCreatorPeriod, CreatorFigures):
    """Grain: one row per project, creator, period, first day and currency.

    Periods are days, ISO weeks and months in which anything happened. A report of a period that
    runs on, or that platforms restate, changes.
    """

    ad_days = count("Ads with figures, each counted once a day.")
    roas = number("Conversion value per spend.", min=0)
    cpa_cents = number("Spend per conversion, minor units of currency.", min=0)
    base_cents = money("Base pay earned in the period; null: no payout in this currency.")
    bonus_cents = money("Bonuses earned in the period; null: no payout in this currency.")
    corrections_cents = difference(
        "Corrections of settled periods that were booked in this one, minor units of currency."
    )
