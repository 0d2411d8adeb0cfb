"""Payouts: what creators are paid, what they earned, what was paid.

Belongs here: copies of the operational database's rows of payouts.
Does not belong here: what creators did (``contracts.creators``).

Every amount is whole minor units of the row's currency.
"""

import dataframely as dy

from transforms.contracts.ads import difference, money
from transforms.contracts.columns import instant, key, note, one_of, whole, word
from transforms.vocabulary import PAYOUT_BASES, PAYOUT_KINDS, PAYOUT_PERIODS, PAYOUT_RULES

CURRENCY = "ISO 4217 code of the amounts."


def a_day(text: str, *, in_key: bool = False) -> dy.Date:
    """A day of the project's time zone."""
    return dy.Date(nullable=False, primary_key=in_key, metadata=note(text))


class PayoutConfigs(dy.Schema):
    """Grain: one row per change of what a project pays from a day on. The newest known counts."""

    config_id = dy.Int64(primary_key=True, metadata=note("Running number."))
    project_id = word("Who pays.")
    effective_from = a_day("First day on which it holds, until the next one's.")
    known_at = instant("When it was stored.")
    period = one_of(PAYOUT_PERIODS, "What is settled at once.", rule="unknown_period")
    currency = word(CURRENCY)
    base_mode = one_of(
        PAYOUT_BASES, "How base pay follows from posts.", rule="unknown_base", nullable=True
    )
    base_amount_cents = money("Base pay of a period; null: none.")
    required_posts = whole("Posts that base pay is for.", nullable=True)
    per_1000_views_cents = money("Per 1,000 organic views; null: no such bonus.")
    views_cap_per_post_cents = money("Most that one post's views ever bring; null: no cap.")
    views_cap_cents = money("Most that views bring in a period; null: no cap.")
    spend_share_bps = whole(
        "Share of ad spend, hundredths of a percent; null: no such bonus.", nullable=True
    )
    spend_cap_cents = money("Most that spend brings in a period; null: no cap.")
    conversion_cents = money("Per conversion; null: no such bonus.")
    conversions_cap_cents = money("Most that conversions bring in a period; null: no cap.")
    cap_cents = money("Most that a creator earns in a period; null: no cap.")
    note = word("Why; null: not told.", nullable=True)
    changed_by = word("Who stored it.")


class PayoutPeriods(dy.Schema):
    """Grain: one row per project and period of payouts. What is settled never changes."""

    project_id = key("Who pays.")
    starts_on = a_day("First day.", in_key=True)
    ends_before = a_day("First day after it.")
    config_id = dy.Int64(nullable=False, metadata=note("What is paid by (payout_configs)."))
    accrued_as_of = instant("Moment of knowledge of its lines.")
    settled_at = instant("When it was settled; null: it is open.", nullable=True)
    settled_by = word("Who settled it; null: nobody yet.", nullable=True)


class PayoutLedger(dy.Schema):
    """Grain: one row per project, creator, booked period, kind, rule, earning period and post.

    Lines of settled periods never change. What platforms restate of them later is a correction,
    booked in the period that is open.
    """

    project_id = key("Who pays.")
    creator_id = key("Who is paid.")
    period_starts_on = a_day("First day of the period that it is booked in.", in_key=True)
    kind = one_of(PAYOUT_KINDS, "Earned then, or a correction.", rule="unknown_kind", in_key=True)
    rule = one_of(PAYOUT_RULES, "What it is paid for.", rule="unknown_rule", in_key=True)
    earned_from = a_day("First day of the period that it was earned in.", in_key=True)
    container_id = dy.String(
        primary_key=True, metadata=note("The post; empty for base pay, which is for all posts.")
    )
    currency = word(CURRENCY)
    amount_cents = difference("Amount, minor units of currency; only corrections are negative.")
    config_id = dy.Int64(nullable=False, metadata=note("What is paid by (payout_configs)."))
    numbers = word("The numbers that made it, JSON.")
    accrued_at = instant("When it was last found to be so.")


class PayoutPayments(dy.Schema):
    """Grain: one row per project and payment to a creator."""

    project_id = key("Who paid.")
    reference = key("The payment's name in the books.")
    creator_id = word("Who was paid.")
    currency = word(CURRENCY)
    amount_cents = money("Amount.", nullable=False)
    paid_on = a_day("Day of the payment.")
    note = word("More on it, or null.", nullable=True)
    known_at = instant("When it was stored.")
    recorded_by = word("Who stored it.")


class PayoutBalances(dy.Schema):
    """Grain: one row per project, creator and currency: owed = accrued + corrections - paid."""

    project_id = key("Who pays.")
    creator_id = key("Who is paid.")
    currency = key(CURRENCY)
    accrued_cents = difference("Sum of accruals.")
    corrections_cents = difference("Sum of corrections.")
    settled_cents = difference("Of both, what lies in settled periods; so much may be paid.")
    paid_cents = difference("Sum of payments.")
    owed_cents = difference("What is owed.")
