"""Deletions: taking the readings of OAuth accounts in order, and marking what they prove.

Belongs here: which readings are new, one round per reading of an account, writing absences and
tombstones.
Does not belong here: the rule itself (``transforms.facts.deletions``), reading accounts
(``ingest``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.derive.staging import as_one
from layers_pipeline.steps.derive.told_listings import (
    MARK,
    as_readings,
    posts_told,
    told_listings,
)
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.facts.deletions import (
    confirmed_by_people,
    deleted_posts,
    emptied_by_people,
    is_empty,
    is_witness,
    listing_began_at,
    next_absences,
    parts_of,
)
from transforms.facts.snapshots import ACCOUNT, POST

CHANGING: Final = ("confirmed_at", "confirmed_by", "held_by", "returned_at")
ROUND: Final = "round_of_account"
LISTED: Final = ("sync_id", *POST)


def derive_absences(stores: Stores, *, from_scratch: bool = False) -> dict[str, Written]:
    """Bring ``post_absences`` and the tombstones of ``platform_posts`` up to the readings (R7).

    Args:
        from_scratch: Begin with the first reading there is, in place of what was derived before.

    Returns:
        What was written, by table name; to ``platform_posts`` these are the tombstones.
    """
    lake, table, listings = stores.lake, catalog.POST_ABSENCES, catalog.ACCOUNT_LISTINGS
    with lake.write_lock():
        told = _told(stores)
        # What people tell of lies in the past: readings that came after it are taken again.
        from_scratch = from_scratch or told.is_news
        at = lake.version(listings)
        since = -1 if from_scratch else lake.watermark(table, listings.name)
        readings = _readings_since(stores, since) if at > since else listings.empty()
        known = table.empty() if from_scratch else lake.read(table).collect()
        changed = _in_order(stores, readings, known, told)
        changed = _with_decisions(stores, changed, known)
        marks = {listings.name: at} if at > since else {}
        marks |= told.marks if told.is_news else {}
        written = Written()
        if from_scratch:
            # One commit, so that a crash never leaves readings counted and their absences gone.
            written = lake.replace(table, changed, where={}, marks=marks)
        elif changed.height or marks:
            written = lake.merge(
                table, changed, update=differ(CHANGING), columns=CHANGING, marks=marks
            )
        return {table.name: written, catalog.PLATFORM_POSTS.name: _mark_posts(stores)}


@dataclass(frozen=True, kw_only=True)
class Told:
    """Listings that people told of, and the posts that each showed; whether any of it is new."""

    readings: pl.DataFrame
    listed: pl.DataFrame
    marks: dict[str, int]
    is_news: bool


def _told(stores: Stores) -> Told:
    """What people told, and whether it, or captures of files that it speaks of, came since."""
    lake, table, files = stores.lake, catalog.POST_ABSENCES, catalog.STG_IMPORT__CAPTURES
    told = told_listings(stores)
    marks = {MARK: told.height, files.name: lake.version(files)}
    is_news = told.height > 0 and any(lake.watermark(table, name) != marks[name] for name in marks)
    listed = posts_told(stores, told) if is_news else posts_told(stores, told.clear())
    readings = as_readings(told if is_news else told.clear(), listed)
    return Told(readings=readings, listed=listed, marks=marks, is_news=is_news)


def _readings_since(stores: Stores, version: int) -> pl.DataFrame:
    """Readings that landed after a version of their table.

    Where files have been joined since, older readings come back: a listing that was counted
    already would count twice, so they are left out.
    """
    lake, listings = stores.lake, catalog.ACCOUNT_LISTINGS
    added = lake.added_since(listings, version)
    if not _files_then(stores, version) <= set(lake.files(listings)):
        counted = lake.read(listings, version=version).select("sync_id")
        added = added.join(counted, on="sync_id", how="anti")
    dated = added.with_columns(landed_on=pl.col("known_at").dt.date())
    return dated.select(listings.columns).collect()


def _files_then(stores: Stores, version: int) -> set[str]:
    if version < 0:
        return set()
    try:
        return set(stores.lake.files(catalog.ACCOUNT_LISTINGS, version=version))
    except NotFoundError:
        return set()


def _in_order(stores: Stores, own: pl.DataFrame, known: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Take the readings, our own and those told of, in order, one of each account at a time.

    Returns:
        The absences that are new or changed.
    """
    absences, changed = known, known.clear()
    readings = pl.concat([own, told.readings], how="diagonal")
    for day in readings["landed_on"].unique().sort():
        of_day = readings.filter(pl.col("landed_on") == day)
        posts = _posts_of(stores, of_day)
        listed = pl.concat([_listed(stores, of_day), told.listed.select(LISTED)])
        for one_each in _rounds(of_day):
            absent = absences.filter(pl.col("returned_at").is_null())
            absent = absent.join(one_each, on=ACCOUNT, how="semi")
            informative = _informative(one_each, absent)
            if informative.is_empty():
                continue
            found = next_absences(
                absent.lazy(),
                readings=informative.lazy(),
                listed=listed.join(informative, on="sync_id", how="semi").lazy(),
                posts=posts.join(informative, on=ACCOUNT, how="semi").lazy(),
                share_limit=stores.settings.deletion_share_limit,
                reaches={name: platform.reach for name, platform in PLATFORMS.items()},
            ).collect()
            absences, changed = _over(absences, found), _over(changed, found)
    return changed


def _informative(readings: pl.DataFrame, absent: pl.DataFrame) -> pl.DataFrame:
    """Readings that can change anything: most are no witness and meet no absent post."""
    met = absent.select(*ACCOUNT, is_met=pl.lit(value=True)).unique()
    return (
        readings.join(met, on=ACCOUNT, how="left")
        .filter(is_witness() | pl.col("is_met"))
        .drop("is_met")
    )


def _rounds(readings: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The readings, one of each account at a time, oldest first."""
    ordered = readings.sort("known_at", "started_at", "sync_id")
    numbered = ordered.with_columns(pl.int_range(pl.len()).over(ACCOUNT).alias(ROUND))
    for number in numbered[ROUND].unique().sort():
        yield numbered.filter(pl.col(ROUND) == number).drop(ROUND)


def _over(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The absences with newer states in place of older ones."""
    key = list(catalog.POST_ABSENCES.key)
    return pl.concat([old.join(new, on=key, how="anti"), new.select(old.columns)])


def _posts_of(stores: Stores, readings: pl.DataFrame) -> pl.DataFrame:
    accounts = readings.select(ACCOUNT).unique().lazy()
    posts = stores.lake.read(catalog.PLATFORM_POSTS).join(accounts, on=ACCOUNT, how="semi")
    return posts.select(
        *POST, "account_key", "published_at", "first_seen_at", "media_type", "bucket"
    ).collect()


def _listed(stores: Stores, readings: pl.DataFrame) -> pl.DataFrame:
    """Posts that each reading showed, also those whose row was set aside."""
    lake = stores.lake
    days = readings.select(
        listing_began_at().dt.date().min(), last=pl.col("known_at").dt.date().max()
    ).row(0)
    of_days = pl.col("landed_on").is_between(*days)
    listings = lake.read(catalog.ACCOUNT_LISTINGS).filter(of_days)
    parts = parts_of(readings.lazy(), listings).collect()
    rows = [
        lake.read(platform.raw)
        .filter(of_days, pl.col("entity") == platform.listed)
        .join(parts.lazy(), left_on="sync_id", right_on="part_id", how="inner")
        .select(
            sync_id="sync_id_right",
            platform=pl.lit(platform.name),
            platform_post_id="subject",
        )
        for platform in PLATFORMS.values()
    ]
    return as_one(stores, pl.concat(rows)).unique().select(LISTED).collect()


def _with_decisions(stores: Stores, changed: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The changed absences, those included that people confirmed or that emptied accounts."""
    rows = [
        (*row.account_id.split(":", 1), row.listing_id, row.confirmed_at)
        for row in stores.operations.deletions.confirmations()
    ]
    if not rows:
        return changed
    confirmations = pl.DataFrame(
        rows,
        schema={
            "platform": pl.String,
            "account_key": pl.String,
            "listing_id": pl.String,
            "said_at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )
    absences = _over(known, changed)
    held = confirmed_by_people(absences.lazy(), confirmations.lazy()).collect()
    absences = _over(absences, held)
    listings = stores.lake.read(catalog.ACCOUNT_LISTINGS).join(
        confirmations.lazy(), left_on="sync_id", right_on="listing_id", how="semi"
    )
    empty = listings.filter(is_empty()).collect()
    checked = stores.lake.read(catalog.PLATFORM_POST_METRICS_LATEST)
    posts = (
        _posts_of(stores, empty)
        .lazy()
        .join(checked.select(*POST, "last_checked_at"), on=POST, how="inner")
    )
    emptied = emptied_by_people(
        absences.lazy(), confirmations.lazy(), readings=empty.lazy(), posts=posts
    ).collect()
    return _over(_over(changed, held), emptied)


def _mark_posts(stores: Stores) -> Written:
    """Give each post the tombstone that its absences say it has, or take it away."""
    lake, posts = stores.lake, catalog.PLATFORM_POSTS
    absences = lake.read(catalog.POST_ABSENCES)
    touched = lake.read(posts).join(absences.select(POST).unique(), on=POST, how="semi")
    deleted = deleted_posts(absences).rename({"deleted_at": "gone_at"})
    wrong = (
        touched.select(*POST, "deleted_at")
        .join(deleted, on=POST, how="left")
        .filter(pl.col("deleted_at").ne_missing(pl.col("gone_at")))
        .collect()
    )
    if wrong.is_empty():
        return Written()
    rows = touched.drop("deleted_at").join(
        wrong.lazy().select(*POST, deleted_at="gone_at"), on=POST, how="inner"
    )
    return lake.merge(
        posts,
        rows.select(posts.columns).collect(),
        update=differ(("deleted_at",)),
        columns=("deleted_at",),
    )
