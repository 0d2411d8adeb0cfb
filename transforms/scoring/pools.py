"""Who is in the pools of posts at a tick.

Belongs here: the rule of membership, and what is known of a post at the tick that decides it.
Does not belong here: finding candidates (``pool_candidates``), scores, loading.

A post is a member of a project's pool if the project's allowlist holds for its account at the tick,
and it was known and published by then. A deleted post stays a member, as a deleted one. Its
accounts are those that the captures known at the tick name: of a collaboration several, and each
brings it into the pools of the projects that allow it.

Frames of posts are by number: row n is post n. That is what makes a backfill quick, as nothing has
to be joined by ids at each tick; so no function here may change their order.
"""

from datetime import datetime

import polars as pl

from transforms.contracts.columns import COUNTS
from transforms.facts.allowlist import in_force
from transforms.facts.deletions import deleted_posts
from transforms.facts.posts import identities_of
from transforms.facts.snapshots import POST
from transforms.scoring.pool_candidates import ACCOUNT_CODE, NAMED_SINCE, NUMBER, PAIR, Candidates


def posts_at(
    candidates: Candidates, counts: pl.DataFrame, absences: pl.LazyFrame, *, as_of: datetime
) -> pl.DataFrame:
    """Every candidates' post as known at a tick, by number.

    Args:
        counts: What was known of each post's counts at the tick, by number.
        absences: Rows of ``PostAbsences``.
    Returns:
        account, published_at, the counts, is_deleted, and is_there: whether the post was known
        and published.
    """
    gone = deleted_posts(absences, as_of=as_of).select(*POST, is_deleted=pl.lit(value=True))
    deleted = candidates.ids.lazy().join(gone, on=POST, how="inner").select(NUMBER, "is_deleted")
    named = _identities_at(candidates, as_of).join(
        deleted, on=NUMBER, how="left", maintain_order="left"
    )
    published = pl.col("published_at").is_null() | (pl.col("published_at") <= as_of)
    is_there = (pl.col("known_at") <= as_of) & published
    rows = pl.concat([named.collect(), counts.select(COUNTS)], how="horizontal")
    return rows.select(
        "account",
        "published_at",
        *COUNTS,
        pl.col("is_deleted").fill_null(value=False),
        is_there=is_there.fill_null(value=False),
    )


def members_of(
    rows: pl.DataFrame, posts: pl.DataFrame, *, is_listed: pl.Series, as_of: datetime
) -> pl.LazyFrame:
    """Members of the pools of posts at a tick, in the order of their ads content ids.

    Args:
        rows: Some rows of the candidates, whole projects.
        posts: ``posts_at`` of the tick.
        is_listed: ``listed_at`` of the tick.
        as_of: The tick.
    Returns:
        Rows of ``PoolMembers`` but for what reviews and people say
        (``transforms.facts.verdicts``), and the post's number.
    """
    named = pl.col(NAMED_SINCE)
    is_member = pl.col("is_listed") & pl.col("is_there") & (named.is_null() | (named <= as_of))
    members = (
        rows.hstack(posts[rows[NUMBER]])
        .lazy()
        .with_columns(is_listed=is_listed.gather(rows[PAIR]))
        .filter(is_member)
        .drop("is_listed", "is_there", "account", NAMED_SINCE, PAIR)
    )
    if rows[NAMED_SINCE].null_count() == rows.height:
        return members
    # A project that allows two accounts of a collaboration has the post once.
    return members.unique("ads_content_id", keep="first", maintain_order=True)


def listed_at(candidates: Candidates, allowlist: pl.LazyFrame, *, as_of: datetime) -> pl.Series:
    """Whether each pair of project and account stands on the allowlist at a tick, by number.

    Args:
        allowlist: Rows of ``ProjectAllowlist``.
    """
    now = in_force(allowlist, as_of=as_of)
    listed = now.select("project_id", ACCOUNT_CODE, is_listed=pl.lit(value=True)).unique()
    found = candidates.pairs.lazy().join(
        listed, on=["project_id", "account"], how="left", maintain_order="left"
    )
    return found.select(pl.col("is_listed").fill_null(value=False)).collect().to_series()


def _identities_at(candidates: Candidates, as_of: datetime) -> pl.LazyFrame:
    """Posts by number, as the captures known at a tick name them."""
    posts = candidates.posts.lazy()
    if candidates.inconsistent.is_empty():
        return posts
    known = candidates.inconsistent.lazy().filter(pl.col("known_at") <= as_of)
    named = identities_of(known, key=(NUMBER,)).select(
        NUMBER,
        account_then=pl.col("account_key").cast(pl.Categorical),
        published_then="published_at",
    )
    is_consistent = pl.col("is_identity_settled")
    return posts.join(named, on=NUMBER, how="left", maintain_order="left").with_columns(
        account=pl.when(is_consistent).then("account").otherwise("account_then"),
        published_at=pl.when(is_consistent).then("published_at").otherwise("published_then"),
    )
