"""Everything that selection reads beside eligibility, and what of it stood at a tick.

Belongs here: loading histories, and giving content, layers, ad sets and ads as of a tick.
Does not belong here: gates and slots (``transforms.selection``), writing (``selecting``).

People's decisions are read from the operational database itself, as ticks read them
(``decisions``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.score.decisions import known_rows
from layers_pipeline.steps.stores import Stores
from transforms.contracts.ads import AdAccounts, AdContent
from transforms.contracts.columns import COUNTS
from transforms.contracts.creatives import ContentOverrides, Creatives
from transforms.contracts.selection import AdSets, ContentApprovals, ContentRights, Layers
from transforms.facts.ad_states import AD, states_at
from transforms.facts.ads_shown import ads_shown
from transforms.facts.allowlist import in_force
from transforms.facts.content_ids import ads_content_id
from transforms.facts.layers import ad_sets_at, layers_at
from transforms.facts.rights import rights_at
from transforms.facts.snapshots import POST
from transforms.facts.sync_problems import failing_accounts
from transforms.facts.verdicts import newest_known
from transforms.scoring.pool_candidates import NUMBER, Candidates, find_candidates
from transforms.scoring.pools import posts_at

MEMBER: Final = ("project_id", *POST)
NO_ACCOUNTS: Final = AdAccounts.create_empty().schema
"""Ads count here by layers alone: an ad in no layer takes no place in an ad set of one."""


@dataclass(frozen=True, kw_only=True)
class SelectionHistory:
    """What was known of layers, rights, ads and posts, and when. Frames are whole histories."""

    layers: pl.LazyFrame
    ad_sets: pl.LazyFrame
    rights: pl.LazyFrame
    approvals: pl.LazyFrame
    overrides: pl.LazyFrame
    creatives: pl.LazyFrame
    links: pl.LazyFrame
    states: pl.LazyFrame
    allowlist: pl.LazyFrame
    absences: pl.LazyFrame
    sync_problems: pl.LazyFrame
    candidates: Candidates

    def layers_at(self, tick: datetime) -> pl.LazyFrame:
        """Layers in force at a tick."""
        return layers_at(self.layers, as_of=tick)

    def ad_sets_at(self, tick: datetime) -> pl.LazyFrame:
        """Ad sets of layers in force that need creatives at a tick."""
        return ad_sets_at(self.ad_sets, self.layers, as_of=tick)

    def rights_at(self, tick: datetime) -> pl.LazyFrame:
        """How every right stood at a tick."""
        return rights_at(self.rights, as_of=tick)

    def ads_at(self, judged: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
        """Ads that were there at a tick and not deleted, and what each showed.

        What a platform says that an ad shows counts for content that was judged at the tick:
        content that is listed later must not change what a link meant then.

        Args:
            judged: Rows of ``AdEligibility`` of the tick.
        """
        shown = ads_shown(
            self.states,
            links=self.links,
            accounts=pl.LazyFrame(schema=NO_ACCOUNTS),
            layers=self.layers,
            ad_sets=self.ad_sets,
            contents=judged.select("ads_content_id", created_at=pl.lit(tick)),
            as_of=tick,
        ).select(*AD, "ads_content_id")
        there = states_at(self.states, as_of=tick).filter(~pl.col("is_deleted"))
        told = there.select(*AD, "ad_set_id", "is_running")
        return told.join(shown, on=AD, how="left")

    def content_at(self, judged: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
        """Judged content with all else that selection asks of it.

        Args:
            judged: Rows of ``AdEligibility`` of the tick.
        """
        failing = failing_accounts(self.sync_problems, as_of=tick)
        said = (
            newest_known(history, "ads_content_id", value=value, as_of=tick)
            for history, value in ((self.overrides, "override"), (self.approvals, "approval"))
        )
        content = judged.join(self._posts_at(tick), on=POST, how="left").join(
            self._made, on="ads_content_id", how="left"
        )
        for one in said:
            content = content.join(one, on="ads_content_id", how="left")
        return (
            content.join(self._creators_at(tick), on=["project_id", "account_id"], how="left")
            .join(failing.with_columns(sync_fails=pl.lit(value=True)), on="account_id", how="left")
            .with_columns(
                pl.col("is_deleted", "sync_fails").fill_null(value=False),
                made_at=pl.coalesce("published_at", "created_at"),
            )
        )

    def _posts_at(self, tick: datetime) -> pl.LazyFrame:
        """Account, publication and deletion of posts, as known at a tick."""
        nothing = pl.DataFrame(schema=dict.fromkeys(COUNTS, pl.Int64))
        counts = nothing.clear(self.candidates.posts.height)
        posts = posts_at(self.candidates, counts, self.absences, as_of=tick).lazy()
        numbered = posts.with_row_index(NUMBER).join(self.candidates.ids.lazy(), on=NUMBER)
        account = pl.col("account").cast(pl.String)
        return numbered.select(*POST, "published_at", "is_deleted", account_id=account)

    def _creators_at(self, tick: datetime) -> pl.LazyFrame:
        """Whose account it was at a tick, on each project's allowlist."""
        listed = in_force(self.allowlist, as_of=tick).with_columns(
            account_id=pl.concat_str("platform", pl.lit(":"), "account_key")
        )
        return listed.group_by("project_id", "account_id").agg(pl.col("creator_id").min())

    @cached_property
    def _made(self) -> pl.LazyFrame:
        return self.creatives.select(
            ads_content_id=ads_content_id(pl.col("container_id")), created_at="created_at"
        )


def load_selection_history(
    stores: Stores, *, projects: Sequence[str], judged: pl.LazyFrame, until: datetime
) -> SelectionHistory:
    """Load what selection reads; the caller lets nobody derive meanwhile.

    Args:
        projects: Projects that have layers; of posts and allowlists only theirs are loaded.
        judged: Rows of ``AdEligibility`` of every tick that will be asked for.
        until: Nothing known later is read.
    """
    lake, operations = stores.lake, stores.operations
    allowlist = (
        lake.read(catalog.PROJECT_ALLOWLIST).filter(pl.col("project_id").is_in(projects)).collect()
    )
    wanted = judged.filter(pl.col("platform").is_not_null()).select(POST).unique().collect().lazy()
    posts = lake.read(catalog.PLATFORM_POSTS).join(wanted, on=POST, how="semi")
    seen = captures(stores).filter(pl.col("known_at") <= until)
    return SelectionHistory(
        layers=known_rows(Layers, operations.layers.all(), until),
        ad_sets=known_rows(AdSets, operations.layers.ad_sets(), until),
        rights=known_rows(ContentRights, operations.rights.all(), until),
        approvals=known_rows(ContentApprovals, operations.verdicts.approvals(), until),
        overrides=known_rows(ContentOverrides, operations.verdicts.overrides(), until),
        creatives=known_rows(Creatives, operations.creatives.all(), until),
        links=known_rows(AdContent, operations.ads.all(), until),
        states=lake.read(catalog.AD_STATES).collect().lazy(),
        allowlist=allowlist.lazy(),
        absences=lake.read(catalog.POST_ABSENCES)
        .join(wanted, on=POST, how="semi")
        .collect()
        .lazy(),
        sync_problems=lake.read(catalog.SYNC_PROBLEMS).collect().lazy(),
        candidates=find_candidates(posts, seen, allowlist),
    )
