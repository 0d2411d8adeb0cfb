"""The questions of the panel of one content, each over the rows of that content alone.

Belongs here: which rows of the published tables one content needs, putting questions together.
Does not belong here: the rules (macros and marts, whose text is taken as it is), what the answers
mean (``detail``).

Asked one by one, score and blockers plan the same macros a dozen times, and curves by day and by
age look for a post twice in all days.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from transforms.sql import sql_of
from transforms.sql.composed import composed

OF_POST: Final = "platform = $platform and platform_post_id = $platform_post_id"
OF_CONTENT: Final = "ads_content_id = $ads_content_id"
OF_ACCOUNT: Final = "platform = $platform and account_key = $account_key"
ADS_OF_CONTENT: Final = f"""
    (ad_platform, ad_id) in (
        select (ad_platform, ad_id) from main.ad_content where {OF_CONTENT}
        union
        select (ad_platform, ad_id) from main.ad_states
        where shows_platform = $platform and shows_post_id = $platform_post_id
    )
"""  # noqa: S608 - our own text
"""Ads that ever showed the content; what they showed last is for the macros to say."""
EXPLAINED_OF: Final[Mapping[str, str]] = {
    "ads_content": OF_CONTENT,
    "content_containers": "container_id = $container_id",
    "platform_posts": OF_POST,
    "platform_post_metrics": OF_POST,
    "post_absences": OF_POST,
    "project_allowlist": OF_ACCOUNT,
    "platform_accounts": OF_ACCOUNT,
    "ad_eligibility": OF_CONTENT,
    "organic_scores": OF_CONTENT,
    "content_status": OF_CONTENT,
    "ad_content": ADS_OF_CONTENT,
    "ad_states": ADS_OF_CONTENT,
}
NO_SMALL_POOLS: Final = (
    "select null::varchar as project_id, null::bigint as scorable_posts where false"
)
"""Pools are looked at only for content that waits for its pool to grow."""


@cache
def explained() -> str:
    """One row: ``score``, ``why`` and ``history``, each the rows of that name as a list.

    It holds for content whose project's newest tick is ``$scored_at`` and which does not wait for
    its pool to grow.
    """
    return composed(
        "select "
        "(select list(one order by one.place) from score_explain as one) as score, "
        "(select list(one order by one.place) from why_not_running as one) as why, "
        "(select list(one order by one.scored_at, one.scoring_version) from score_history as one) "
        "as history",
        narrowed=EXPLAINED_OF,
        texts={"score_history": sql_of("marts", "score_history")},
        answered={
            "newest_ticks": "select $project_id as project_id, $scored_at as scored_at",
            "small_pools": NO_SMALL_POOLS,
        },
    ).replace("$post", "$ads_content_id")


@cache
def of_post() -> str:
    """One row: ``counts``, ``mix``, ``by_day`` and ``by_age``, each the rows as a list."""
    marts = ("post_metric_trends_by_age", "post_engagement_mix")
    return composed(
        "select "
        "(select list(one) from platform_post_metrics_latest as one) as counts, "
        "(select list(one) from post_engagement_mix as one) as mix, "
        "(select list(one order by one.day_on) from by_day as one) as by_day, "
        "(select list(one order by one.age_day) from by_age as one) as by_age",
        narrowed={
            "platform_post_metrics_latest": OF_POST,
            "post_metric_trends": f"project_id = $project_id and {OF_POST}",
        },
        texts={
            **{name: sql_of("marts", name) for name in marts},
            "by_day": sql_of("views", "detail_by_day"),
            "by_age": sql_of("views", "detail_by_age"),
        },
    )
