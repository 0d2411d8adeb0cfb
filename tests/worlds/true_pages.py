"""What the pages show beside posts and ads: creatives, and pay of creators.

Belongs here: adding both to a deployment that lives by the sandbox's truth.
Does not belong here: the truth itself (``true_lives``), assertions.
"""

from datetime import date

from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.payout_configs import PayoutTerms
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.pay.creators import pay_creators
from layers_pipeline.steps.stores import Stores
from tests.worlds.true_lives import LONG_AGO, NOW

CREATIVES = [
    NewCreative(
        project_id="brand", container_id="generated:mug", kind="generated", prompt="<b>=1+1</b> mug"
    ),
    NewCreative(project_id="brand", container_id="manual:cut", kind="manual", influencer="Mira"),
]
TERMS = PayoutTerms(
    effective_from=date(2025, 3, 1),
    period="month",
    currency="EUR",
    base_mode="prorata",
    base_amount_cents=10_001,
    required_posts=3,
    per_1000_views_cents=55,
    spend_share_bps=500,
)


def add_creatives_and_pay(stores: Stores) -> None:
    """Add the creatives, and accrue what the brand's creators earned."""
    stores.operations.payout_configs.set([("brand", TERMS)], changed_by="ann", now=LONG_AGO)
    stores.operations.creatives.add(CREATIVES, now=NOW)
    bring_up_to_date(stores)
    pay_creators(stores)
