"""What is known: dimensions, posts, snapshots, containers, ads content.

Belongs here: the unpartitioned core tables.
Does not belong here: what is derived at a scoring tick.
"""

from collections.abc import Iterator

import dagster as dg

from assets.described import described, outcome
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.posts import FACTS

GROUP = "posts"


@dg.asset(**described(catalog.PROJECTS, group="dimensions"))
def projects(stores: StoresResource) -> dg.MaterializeResult:
    """Projects, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.PROJECTS, copy_operations(opened)["projects"])


@dg.asset(
    **described(
        catalog.PLATFORM_ACCOUNTS,
        group="dimensions",
        deps=["scrape_jobs", "raw_sift__posts", "account_listings"],
    )
)
def platform_accounts(stores: StoresResource) -> dg.MaterializeResult:
    """Accounts with the state of their syncs, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.PLATFORM_ACCOUNTS, copy_operations(opened)["platform_accounts"])


@dg.asset(**described(catalog.SYNC_HEALTH, group="dimensions", deps=["platform_accounts"]))
def sync_health(stores: StoresResource) -> dg.MaterializeResult:
    """When each depth of each account last succeeded, and what is wrong, in words."""
    opened = stores.open()
    return outcome(opened, catalog.SYNC_HEALTH, copy_operations(opened)["sync_health"])


@dg.asset(**described(catalog.PROJECT_ALLOWLIST, group="dimensions"))
def project_allowlist(stores: StoresResource) -> dg.MaterializeResult:
    """Allowlists with their history, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.PROJECT_ALLOWLIST, copy_operations(opened)["project_allowlist"])


@dg.multi_asset(
    name="facts_of_posts",
    specs=[dg.AssetSpec(**described(table, group=GROUP, deps=table.deps)) for table in FACTS],
)
def facts_of_posts(stores: StoresResource) -> Iterator[dg.MaterializeResult]:
    """Posts, snapshots, followers and last known values, from the captures that are new."""
    opened = stores.open()
    written = bring_up_to_date(opened)
    for table in FACTS:
        yield outcome(opened, table, written[table.name])


@dg.asset(
    **described(catalog.POST_ABSENCES, group=GROUP, deps=["account_listings", "platform_posts"])
)
def post_absences(stores: StoresResource) -> dg.MaterializeResult:
    """Posts that complete listings lacked, and the tombstones that follow."""
    opened = stores.open()
    written = bring_up_to_date(opened)
    return outcome(opened, catalog.POST_ABSENCES, written[catalog.POST_ABSENCES.name])


@dg.asset(
    **described(catalog.CONTENT_CONTAINERS, group=GROUP, deps=["platform_posts", "creatives"])
)
def content_containers(stores: StoresResource) -> dg.MaterializeResult:
    """One container per post and per creative, made once."""
    opened = stores.open()
    return outcome(
        opened, catalog.CONTENT_CONTAINERS, bring_up_to_date(opened)["content_containers"]
    )


@dg.asset(
    **described(
        catalog.ADS_CONTENT,
        group="scoring",
        deps=["content_containers", "project_allowlist", "creatives", "organic_scores"],
    )
)
def ads_content(stores: StoresResource) -> dg.MaterializeResult:
    """The things that are scored, each with its newest score."""
    opened = stores.open()
    return outcome(opened, catalog.ADS_CONTENT, bring_up_to_date(opened)["ads_content"])
