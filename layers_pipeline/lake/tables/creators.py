"""Tables of creators: whose content ads show, days of creators.

Belongs here: what is derived of creators, but for their reports.
Does not belong here: what they are paid, and reports, which tell of that (``payouts``).
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.table import Table
from transforms.contracts import creators

_of_creators = partial(Table, group="creators", published="copy")

AD_ATTRIBUTION: Final = _of_creators(
    name="ad_attribution",
    schema=creators.AdAttribution,
    deps=(
        "ad_daily_metrics",
        "ad_states",
        "ad_content",
        "ad_accounts",
        "layers",
        "ad_sets",
        "ads_content",
        "platform_posts",
        "project_allowlist",
    ),
)
CREATOR_DAILY: Final = _of_creators(
    name="creator_daily",
    schema=creators.CreatorDaily,
    deps=(
        "ad_attribution",
        "ad_daily_metrics",
        "ads_content",
        "platform_post_metrics",
        "platform_posts",
        "project_allowlist",
        "projects",
    ),
)
