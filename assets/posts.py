"""What is known: dimensions, posts, snapshots, containers, ads content.

Belongs here: the unpartitioned core tables.
Does not belong here: what is derived at a scoring tick.
"""

import dagster as dg

from assets.described import described, outcome
from layers_pipeline import tables
from layers_pipeline.resources import StoresResource
from layers_pipeline.steps import dimensions, posts

GROUP = "posts"
STAGED = ("stg_sift__posts", "stg_import__captures")


@dg.asset(**described(tables.PROJECTS, group="dimensions"))
def projects(stores: StoresResource) -> dg.MaterializeResult:
    """Projects, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.PROJECTS, dimensions.copy_projects(opened))


@dg.asset(
    **described(
        tables.PLATFORM_ACCOUNTS,
        group="dimensions",
        deps=["scrape_jobs", "raw_sift__posts", "full_sync_outcomes"],
    )
)
def platform_accounts(stores: StoresResource) -> dg.MaterializeResult:
    """Accounts with the state of their syncs, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.PLATFORM_ACCOUNTS, dimensions.copy_accounts(opened))


@dg.asset(**described(tables.PROJECT_ALLOWLIST, group="dimensions"))
def project_allowlist(stores: StoresResource) -> dg.MaterializeResult:
    """Allowlists with their history, from the operational database."""
    opened = stores.open()
    return outcome(opened, tables.PROJECT_ALLOWLIST, dimensions.copy_allowlist(opened))


@dg.asset(**described(tables.PLATFORM_POSTS, group=GROUP, deps=STAGED))
def platform_posts(stores: StoresResource) -> dg.MaterializeResult:
    """Posts with their newest content."""
    opened = stores.open()
    return outcome(opened, tables.PLATFORM_POSTS, posts.derive_posts(opened))


@dg.asset(**described(tables.PLATFORM_POST_METRICS, group=GROUP, deps=STAGED))
def platform_post_metrics(stores: StoresResource) -> dg.MaterializeResult:
    """Snapshots: the history of every post's counts."""
    opened = stores.open()
    return outcome(opened, tables.PLATFORM_POST_METRICS, posts.derive_snapshots(opened))


@dg.asset(**described(tables.PLATFORM_ACCOUNT_METRICS, group=GROUP, deps=STAGED))
def platform_account_metrics(stores: StoresResource) -> dg.MaterializeResult:
    """The history of every account's followers."""
    opened = stores.open()
    return outcome(opened, tables.PLATFORM_ACCOUNT_METRICS, posts.derive_followers(opened))


@dg.asset(**described(tables.CONTENT_CONTAINERS, group=GROUP, deps=["platform_posts"]))
def content_containers(stores: StoresResource) -> dg.MaterializeResult:
    """One container per post, made once."""
    opened = stores.open()
    return outcome(opened, tables.CONTENT_CONTAINERS, posts.derive_containers(opened))


@dg.asset(
    **described(
        tables.ADS_CONTENT,
        group="scoring",
        deps=["content_containers", "project_allowlist", "organic_scores"],
    )
)
def ads_content(stores: StoresResource) -> dg.MaterializeResult:
    """The things that are scored, each with its newest score."""
    opened = stores.open()
    return outcome(opened, tables.ADS_CONTENT, posts.derive_ads_content(opened))
