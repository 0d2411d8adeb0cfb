"""Which content each ad shows, in which project, as of a moment; the one answer for everybody.

Belongs here: whose an ad is, the platform's word before people's links, ads that show nothing.
Does not belong here: reading what platforms say (``staging``), what ads brought (``spend``).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.facts.ad_states import AD, states_at
from transforms.facts.content_ids import ads_content_id
from transforms.facts.verdicts import newest_known

ACCOUNT: Final = ("ad_platform", "ad_account_id")
SHOWN: Final = (
    *AD,
    "project_id",
    "layer_id",
    "ad_account_id",
    "ad_set_id",
    "ads_content_id",
    "content_known_by",
)
"""Columns of what ads show."""


def ads_shown(
    states: pl.LazyFrame,
    *,
    links: pl.LazyFrame,
    accounts: pl.LazyFrame,
    layers: pl.LazyFrame,
    ad_sets: pl.LazyFrame,
    contents: pl.LazyFrame,
    as_of: datetime,
) -> pl.LazyFrame:
    """What each ad that is known shows, as of a moment (R50).

    An ad is the project's whose layer lists its ad set; else the project's that its ad account
    was connected for. Of an ad that no platform told of, a link names the project. What the
    platform says that it shows counts if it is a post with ads content in that project; else the
    newest link, if it is to content of that project; else nothing is known, and the row says so.

    Args:
        states: Rows of ``AdStates``.
        links: Rows of ``AdContent``.
        accounts: Rows of ``AdAccounts``; one is its project's since it was connected, for good.
        layers: Rows of ``Layers``.
        ad_sets: Rows of ``AdSets``.
        contents: Rows of ``AdsContent``. Reads ads_content_id, created_at.
        as_of: The moment.
    Returns:
        One row per ad with a state or a link: ``SHOWN``. ads_content_id and content_known_by
        (creative or link) are null where it shows nothing known. An ad of which only figures are
        known has no row: whoever adds them up counts it as showing nothing.
    """
    owned = _owned(states, accounts=accounts, layers=layers, ad_sets=ad_sets, as_of=as_of)
    linked = newest_known(links, *AD, value="ads_content_id", as_of=as_of).rename(
        {"ads_content_id": "linked_id"}
    )
    known = contents.filter(pl.col("created_at") <= as_of).select(
        "ads_content_id", is_known=pl.lit(value=True)
    )
    both = owned.join(linked, on=AD, how="full", coalesce=True)
    of_link = pl.col("linked_id").str.extract(r"^([^/]*)/", 1)
    named = both.with_columns(project_id=pl.coalesce("project_id", of_link)).with_columns(
        ads_content_id=ads_content_id(pl.concat_str("shows_platform", pl.lit(":"), "shows_post_id"))
    )
    answered = named.join(known, on="ads_content_id", how="left")
    by_creative = pl.col("is_known").fill_null(value=False)
    by_link = pl.col("linked_id").is_not_null() & (of_link == pl.col("project_id"))
    return answered.with_columns(
        ads_content_id=pl.when(by_creative).then("ads_content_id").when(by_link).then("linked_id"),
        content_known_by=pl.when(by_creative)
        .then(pl.lit("creative"))
        .when(by_link)
        .then(pl.lit("link")),
    ).select(SHOWN)


def _owned(
    states: pl.LazyFrame,
    *,
    accounts: pl.LazyFrame,
    layers: pl.LazyFrame,
    ad_sets: pl.LazyFrame,
    as_of: datetime,
) -> pl.LazyFrame:
    """Ads as they stood, each with its layer, if it is in one, and its project."""
    standing = states_at(states, as_of=as_of)
    by_set, by_account = layers_at(layers, ad_sets, as_of=as_of)
    connected = accounts.filter(pl.col("created_at") <= as_of)
    of_accounts = connected.select(*ACCOUNT, of_account="project_id")
    found = (
        standing.join(by_set, on=(*ACCOUNT, "ad_set_id"), how="left")
        .join(by_account, on=ACCOUNT, how="left")
        .join(of_accounts, on=ACCOUNT, how="left")
    )
    is_of_account = pl.col("layer_of_set").is_null() & (
        pl.col("of_only_layer").eq_missing(pl.col("of_account")) | pl.col("of_account").is_null()
    )
    return found.select(
        *AD,
        "ad_account_id",
        "ad_set_id",
        "shows_platform",
        "shows_post_id",
        project_id=pl.coalesce("of_set", "of_account", "of_only_layer"),
        layer_id=pl.coalesce("layer_of_set", pl.when(is_of_account).then("only_layer")),
    )


def layers_at(
    layers: pl.LazyFrame, ad_sets: pl.LazyFrame, *, as_of: datetime
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Layers as of a moment: by ad set, and by ad account where it has a single one.

    Returns:
        ad_platform, ad_account_id, ad_set_id, layer_of_set, of_set (project); and ad_platform,
        ad_account_id, only_layer, of_only_layer (project).
    """
    standing = (
        layers.filter(pl.col("known_at") <= as_of).sort("known_at").unique("layer_id", keep="last")
    )
    sets = ad_sets.filter(pl.col("known_at") <= as_of).select("layer_id", "ad_set_id").unique()
    by_set = (
        standing.join(sets, on="layer_id", how="inner")
        .sort("layer_id")
        .unique((*ACCOUNT, "ad_set_id"), keep="first")
        .select(*ACCOUNT, "ad_set_id", layer_of_set="layer_id", of_set="project_id")
    )
    in_use = standing.filter(~pl.col("is_ended"))
    by_account = (
        in_use.group_by(ACCOUNT)
        .agg(
            only_layer=pl.col("layer_id").first(),
            of_only_layer=pl.col("project_id").first(),
            number=pl.len(),
        )
        .filter(pl.col("number") == 1)
        .drop("number")
    )
    return by_set, by_account
