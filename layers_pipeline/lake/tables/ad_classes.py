"""Tables of how ads are doing, which follow from all that is known of ads, layers and content.

Belongs here: classifications of ads.
Does not belong here: what is known of ads (``ads``), which ads a layer has (``layer_ads``).
"""

from typing import Final

from layers_pipeline.lake.tables import kinds
from transforms.contracts import ad_classifications

AD_CLASSIFICATIONS: Final = kinds.of_ticks(
    name="ad_classifications",
    schema=ad_classifications.AdClassifications,
    group="ads",
    deps=(
        "ad_states",
        "ad_daily_metrics",
        "ad_accounts",
        "ad_account_history",
        "ad_content",
        "ads_content",
        "layers",
        "ad_sets",
        "content_approvals",
    ),
)
