"""Posts that sources call by several ids: finding them, and taking out what was made of each id.

Belongs here: which captures may show such a post, writing ``post_aliases``, deleting rows of ids
behind which another stands.
Does not belong here: which ids are one (``transforms.facts.post_ids``), making rows (``posts``).

Captures are read under the id that stands for their post (``staging``). Rows that were made before
that was known, by this or by an older package, are found by their id and made again; so a crash
between two tables heals with the next run.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.derive.staging import captures_as_given, given_since, renamed
from layers_pipeline.steps.stores import Stores
from transforms.facts.post_ids import aliases_of, shortcode_shown
from transforms.facts.snapshots import ACCOUNT, POST

FACTS: Final = (
    catalog.PLATFORM_ACCOUNT_METRICS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS_LATEST,
)
"""In the order of writing: what is known comes last, as the others are compared with it."""
BY_ID: Final = (
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.POST_ABSENCES,
    catalog.CONTENT_CONTAINERS,
    catalog.PLATFORM_POSTS,
)
"""Tables with rows of a post's id; posts last, as they tell what is left to be done."""
SHOWN: Final = (*POST, "permalink")


def derive_aliases(stores: Stores) -> dict[str, Written]:
    """Find the ids that new captures show to be another id's post; once, those of all history.

    Returns:
        What was written, by table name.
    """
    lake, table = stores.lake, catalog.POST_ALIASES
    with lake.write_lock():
        versions = {source.name: lake.version(source) for source in catalog.STAGED_TABLES}
        read = {name: min(lake.watermark(one, name) for one in FACTS) for name in versions}
        if lake.version(table) < 0:
            read = dict.fromkeys(versions, -1)
        elif read == versions:
            return {table.name: Written()}
        codes = _codes(_arrived(stores, read))
        doubled = _doubled(stores, codes)
        if doubled.is_empty():
            made = lake.replace(table, table.empty(), where={}) if lake.version(table) < 0 else None
            return {table.name: made or Written()}
        given = captures_as_given(stores).join(doubled.lazy(), on=POST, how="semi")
        found = aliases_of(given).collect()
        known = lake.read(table).collect()
        kept = known.join(found, on="shortcode", how="anti")
        rows = pl.concat([kept, found.select(known.columns)]).sort(table.key)
        if rows.equals(known.sort(table.key)):
            return {table.name: Written()}
        return {table.name: lake.replace(table, rows, where={})}


def _arrived(stores: Stores, read: dict[str, int]) -> pl.LazyFrame:
    """Captures of Instagram that may show a post under another id: of ids that are new, and files'.

    Ids that a platform has shown before were looked at then.
    """
    arrived = given_since(stores, read).filter(pl.col("platform") == "instagram")
    known = stores.lake.read(catalog.PLATFORM_POSTS).select(*POST, is_known=pl.lit(value=True))
    if min(read.values()) < 0:
        return arrived.select(SHOWN)
    met = arrived.select(*SHOWN, "source").join(known, on=POST, how="left")
    return met.filter(pl.col("is_known").is_null() | (pl.col("source") == "import")).select(SHOWN)


def _codes(captures: pl.LazyFrame) -> pl.DataFrame:
    """The shortcodes by which captures show their posts, with the posts' ids."""
    shown = captures.unique().with_columns(shortcode=shortcode_shown())
    return shown.filter(pl.col("shortcode").is_not_null()).select(*POST, "shortcode").collect()


def _doubled(stores: Stores, codes: pl.DataFrame) -> pl.DataFrame:
    """Every id of the posts that go by several, the given codes' alone."""
    if codes.is_empty():
        return codes.select(POST)
    lake = stores.lake
    wanted = codes.select("shortcode").unique().lazy()
    posts = lake.read(catalog.PLATFORM_POSTS).filter(pl.col("platform") == "instagram")
    of_posts = posts.select(SHOWN).with_columns(shortcode=shortcode_shown())
    aliases = lake.read(catalog.POST_ALIASES)
    behind = aliases.select(*POST, "shortcode")
    ahead = aliases.select("platform", "shortcode", platform_post_id="same_as")
    every = pl.concat(
        [
            codes.lazy(),
            of_posts.select(*POST, "shortcode").join(wanted, on="shortcode", how="semi"),
            behind.join(wanted, on="shortcode", how="semi"),
            ahead.select(*POST, "shortcode").join(wanted, on="shortcode", how="semi"),
        ]
    ).unique()
    several = every.filter(pl.col("platform_post_id").n_unique().over("shortcode") > 1)
    return several.select(POST).unique().collect()


def stale_posts(stores: Stores) -> pl.DataFrame:
    """Posts that have rows under an id behind which another stands: key and same_as."""
    aliases = stores.lake.read(catalog.POST_ALIASES).collect()
    if aliases.is_empty():
        return aliases.select(*POST, "same_as")
    posts = stores.lake.read(catalog.PLATFORM_POSTS).select(POST)
    return aliases.lazy().join(posts, on=POST, how="semi").select(*POST, "same_as").collect()


def renamed_posts(stores: Stores) -> pl.DataFrame:
    """Posts whose rows name an account as it was called before: key, account_key."""
    names = renamed(stores)
    if names.is_empty():
        return pl.DataFrame(schema=dict.fromkeys((*POST, "account_key"), pl.String))
    posts = stores.lake.read(catalog.PLATFORM_POSTS).select(*POST, "account_key")
    return posts.join(names.lazy(), on=ACCOUNT, how="semi").collect()


def take_out_accounts(stores: Stores, posts: pl.DataFrame) -> None:
    """Delete what is known of followers under the names that accounts had before."""
    if not posts.is_empty():
        accounts = posts.select(ACCOUNT).unique()
        _without(stores, catalog.PLATFORM_ACCOUNT_METRICS, accounts, on=ACCOUNT)


def take_out(stores: Stores, stale: pl.DataFrame) -> None:
    """Delete every row of ids behind which another stands, posts last."""
    if stale.is_empty():
        return
    content = stale.select(container_id=pl.concat_str("platform", pl.lit(":"), "platform_post_id"))
    _without(stores, catalog.ADS_CONTENT, content, on=("container_id",))
    for table in BY_ID:
        _without(stores, table, stale, on=POST)


def _without(stores: Stores, table: Table, gone: pl.DataFrame, *, on: Sequence[str]) -> None:
    (part,) = table.partition_by
    rows = stores.lake.read(table)
    met = rows.join(gone.lazy(), on=list(on), how="semi").select(part).unique().collect()
    if met.is_empty():
        return
    values = met[part].to_list()
    kept = rows.filter(pl.col(part).is_in(values)).join(gone.lazy(), on=list(on), how="anti")
    stores.lake.replace(table, kept.collect(), where={part: [str(value) for value in values]})
