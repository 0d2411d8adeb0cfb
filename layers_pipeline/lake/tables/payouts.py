"""Tables of payouts: configs, periods, the ledger, payments, and reports, which tell of them.

Belongs here: what creators are paid, and what is made of that.
Does not belong here: what creators did (``creators``).
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.table import Table
from transforms.contracts import creators, payouts

_of_payouts = partial(Table, group="payouts", published="copy")

PAYOUT_CONFIGS: Final = _of_payouts(name="payout_configs", schema=payouts.PayoutConfigs)
PAYOUT_LEDGER: Final = _of_payouts(
    name="payout_ledger",
    schema=payouts.PayoutLedger,
    deps=(
        "payout_configs",
        "ad_attribution",
        "ad_daily_metrics",
        "platform_post_metrics",
        "platform_posts",
        "project_allowlist",
        "projects",
    ),
)
PAYOUT_PERIODS: Final = _of_payouts(
    name="payout_periods", schema=payouts.PayoutPeriods, deps=("payout_configs", "payout_ledger")
)
PAYOUT_PAYMENTS: Final = _of_payouts(name="payout_payments", schema=payouts.PayoutPayments)
PAYOUT_BALANCES: Final = Table(
    name="payout_balances",
    group="payouts",
    schema=payouts.PayoutBalances,
    deps=("payout_ledger", "payout_periods", "payout_payments"),
    is_stored=False,
)
CREATOR_REPORTS: Final = Table(
    name="creator_reports",
    schema=creators.CreatorReports,
    group="creators",
    deps=("creator_daily", "payout_configs", "payout_ledger"),
    published="copy",
)
