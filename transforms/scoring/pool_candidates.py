"""Which posts may be in some project's pool, by number and in order.

Belongs here: the candidates, their posts, and what captures disagree on.
Does not belong here: who is a member when (``pools``), scores.

A candidate is a post that some interval of a project's allowlist brings in, under any account that
captures name. Posts go by whole numbers, which are quicker to join and to sort than their ids.
They follow the order of the candidates, so that what belongs together lies together in memory.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from transforms.facts.content_ids import ads_content_id, container_of_post
from transforms.facts.posts import IDENTITY, account
from transforms.facts.snapshots import MOMENT, POST

NUMBER: Final = "post_number"
PAIR: Final = "pair_number"
ROW: Final = "post_row"
NAMED_SINCE: Final = "named_since"
"""When a capture that names the candidate's account became known; null: with the post itself."""
UTC_INSTANT: Final = pl.Datetime("us", "UTC")
PER_CHUNK: Final = 1_000_000
ACCOUNT_CODE: Final = account().cast(pl.Categorical)
"""Platform and account key as one column that takes little room."""


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Candidates and their posts.

    ``rows`` has one row per candidate in the order of their ads content ids; each names its post
    by number, and one of ``pairs``, the pairs of project and account on any allowlist. ``ids``
    gives the posts' ids with their numbers, and ``posts``, by number, what all captures say of
    each: account, publication, since when it is known, and whether they agree. ``inconsistent``
    has the captures of those on which they do not.
    """

    rows: pl.DataFrame
    ids: pl.DataFrame
    posts: pl.DataFrame
    inconsistent: pl.DataFrame
    pairs: pl.DataFrame

    def chunks(self) -> list[pl.DataFrame]:
        """The candidates, some whole projects at a time."""
        sizes = self.rows["project_id"].rle().struct.field("len").to_list()
        edges, start, end = [0], 0, 0
        for size in sizes:
            if end > start and end + size - start > PER_CHUNK:
                edges.append(end)
                start = end
            end += size
        if end > start:
            edges.append(end)
        return [self.rows.slice(first, last - first) for first, last in pairwise(edges)]


def find_candidates(
    posts: pl.LazyFrame, captures: pl.LazyFrame, allowlist: pl.DataFrame
) -> Candidates:
    """Find the candidates, and number their posts.

    Args:
        posts: Rows of ``PlatformPosts``.
        captures: All captures of them.
        allowlist: Rows of ``ProjectAllowlist``.
    """
    known = _known(posts)
    inconsistent = _inconsistent(captures, known)
    pairs = _pairs(allowlist)
    owners = pl.concat([_owners(known), _other_owners(inconsistent)])
    # Posts are in the order of their ids already, so this is the order of ads content ids.
    order = pl.col("place").cast(pl.UInt64) * 2**32 + pl.col(ROW)
    found = owners.join(pairs.lazy(), on="account", how="inner").collect().sort(order)
    rows = found[ROW].unique(maintain_order=True)
    numbers = pl.repeat(None, known.height, dtype=pl.UInt32, eager=True)
    numbers.scatter(rows, pl.int_range(rows.len(), dtype=pl.UInt32, eager=True))
    numbered = known.with_columns(numbers.alias(NUMBER))
    return Candidates(
        rows=_named(found, numbered),
        ids=numbered.select(*POST, NUMBER).filter(pl.col(NUMBER).is_not_null()),
        posts=known[rows].drop(ROW, *POST).with_row_index(NUMBER),
        inconsistent=inconsistent.join(numbered.select(ROW, NUMBER).drop_nulls(), on=ROW).drop(ROW),
        pairs=pairs.select("project_id", "account"),
    )


def _known(posts: pl.LazyFrame) -> pl.DataFrame:
    shown = posts.select(
        *POST, ACCOUNT_CODE, "published_at", "is_identity_settled", known_at="first_seen_at"
    )
    return shown.collect().sort("platform_post_id").with_row_index(ROW)


def _inconsistent(captures: pl.LazyFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Captures of the posts on which captures do not agree."""
    open_ones = known.lazy().filter(~pl.col("is_identity_settled")).select(*POST, ROW).collect()
    rows = captures if open_ones.height else captures.limit(0)
    shown = rows.select(*POST, *MOMENT, "known_at", *IDENTITY).join(open_ones.lazy(), on=POST)
    return shown.with_columns(account_key=account()).drop(POST).collect(engine="streaming")


def _owners(known: pl.DataFrame) -> pl.LazyFrame:
    settled = known.lazy().filter("is_identity_settled")
    return settled.select(ROW, "account", pl.lit(None, UTC_INSTANT).alias(NAMED_SINCE))


def _other_owners(inconsistent: pl.DataFrame) -> pl.LazyFrame:
    """Every account that captures of one post name, as those of a collaboration do, and since."""
    named = inconsistent.lazy().select(
        ROW, account=pl.col("account_key").cast(pl.Categorical), known_at="known_at"
    )
    return named.group_by(ROW, "account").agg(pl.col("known_at").min().alias(NAMED_SINCE))


def _pairs(allowlist: pl.DataFrame) -> pl.DataFrame:
    """Pairs of project and account, and the place of their candidates in the order of ids."""
    prefix = pl.concat_str("project_id", pl.lit("/"), "platform", pl.lit(":"))
    listed = allowlist.select("project_id", "platform", ACCOUNT_CODE).unique()
    placed = listed.sort("project_id", "platform", pl.col("account").cast(pl.String))
    return placed.with_columns(place=prefix.rank("dense")).with_row_index(PAIR)


def _named(found: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The candidates with numbers instead of rows, the ids of their posts, and their own."""
    posts = known.select(NUMBER, "platform_post_id")[found[ROW]]
    # Texts are copied, one after the other: those that lie apart are slow to go through.
    compact = pl.concat_str("platform_post_id", pl.lit(""))
    return (
        found.select("project_id", "platform", NAMED_SINCE, PAIR)
        .hstack(posts)
        .lazy()
        .with_columns(
            compact.alias("platform_post_id"), ads_content_id=ads_content_id(container_of_post())
        )
        .collect()
    )
