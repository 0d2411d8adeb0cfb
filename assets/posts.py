"""What is known: dimensions, posts, snapshots, containers, ads content.

Belongs here: the unpartitioned core tables.
Does not belong here: what is derived at a scoring tick.
"""

from collections.abc import Iterator

import dagster as dg

from assets.described import described, outcome
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive import content, posts
from layers_pipeline.steps.ingest import dimensions

GROUP = "posts"


@dg.asset(**described(catalog.PROJECTS, group="dimensions"))
def projects(stores: StoresResource) -> dg.MaterializeResult:
    """Projects, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.PROJECTS, dimensions.copy_projects(opened))


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
    return outcome(opened, catalog.PLATFORM_ACCOUNTS, dimensions.copy_accounts(opened))


@dg.asset(**described(catalog.SYNC_HEALTH, group="dimensions", deps=["platform_accounts"]))
def sync_health(stores: StoresResource) -> dg.MaterializeResult:
    """When each depth of each account last succeeded, and what is wrong, in words."""
    opened = stores.open()
    return outcome(opened, catalog.SYNC_HEALTH, dimensions.describe_sync_health(opened))


@dg.asset(**described(catalog.PROJECT_ALLOWLIST, group="dimensions"))
def project_allowlist(stores: StoresResource) -> dg.MaterializeResult:
    """Allowlists with their history, from the operational database."""
    opened = stores.open()
    return outcome(opened, catalog.PROJECT_ALLOWLIST, dimensions.copy_allowlist(opened))


@dg.multi_asset(
    name="facts_of_posts",
    specs=[dg.AssetSpec(**described(table, group=GROUP, deps=table.deps)) for table in posts.FACTS],
)
def facts_of_posts(stores: StoresResource) -> Iterator[dg.MaterializeResult]:
    """Posts, snapshots, followers and last known values, from the captures that are new."""
    opened = stores.open()
    written = posts.derive_facts(opened)
    for table in posts.FACTS:
        yield outcome(opened, table, written[table.name])


@dg.asset(
    **described(catalog.POST_ABSENCES, group=GROUP, deps=["account_listings", "platform_posts"])
)
def post_absences(stores: StoresResource) -> dg.MaterializeResult:
    """Posts that complete listings lacked, and the tombstones that follow."""
    opened = stores.open()
    written = posts.derive_known(opened)
    result = outcome(opened, catalog.POST_ABSENCES, written[catalog.POST_ABSENCES.name])
    marked = {"tombstones_changed": written["tombstones"].updated}
    return result._replace(metadata={**(result.metadata or {}), **marked})


@dg.asset(
    **described(catalog.CONTENT_CONTAINERS, group=GROUP, deps=["platform_posts", "creatives"])
)
def content_containers(stores: StoresResource) -> dg.MaterializeResult:
    """One container per post and per creative, made once."""
    opened = stores.open()
    return outcome(opened, catalog.CONTENT_CONTAINERS, content.derive_containers(opened))


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
    return outcome(opened, catalog.ADS_CONTENT, content.derive_ads_content(opened))
