"""Which state the creative behind an ad is in: draft to archived.

Belongs here: the states and the one that holds.
Does not belong here: classification of what runs (``classification``), states of an ad as its
platform names them (``facts``).
"""

import polars as pl


def is_archived() -> pl.Expr:
    """True where the platform keeps the ad no more, or only for the record."""
    words = pl.col("status").str.to_uppercase().fill_null("")
    return pl.col("is_deleted").fill_null(value=False) | words.str.contains("ARCHIVED")


def is_live() -> pl.Expr:
    """True where the ad may deliver now; of ads known by reports alone, where it delivered."""
    has_delivered = pl.col("impressions_7d").fill_null(0) > 0
    return ~is_archived() & pl.coalesce("is_running", has_delivered)


def state() -> pl.Expr:
    """The creative's state, read top to bottom.

    It goes draft, generated, approved, live, fatigued, disabled, archived: an ad that never ran is
    a draft until it shows content we know, then its content's approval counts.

    Columns read: status, is_deleted, is_running, impressions_7d, has_run, ads_content_id,
    approval, classification.

    Source: R51.
    """
    is_approved = pl.col("approval").is_in(["approved", "not_required"]).fill_null(value=False)
    return (
        pl.when(is_archived())
        .then(pl.lit("archived"))
        .when(is_live() & (pl.col("classification") == "fatigued"))
        .then(pl.lit("fatigued"))
        .when(is_live())
        .then(pl.lit("live"))
        .when("has_run")
        .then(pl.lit("disabled"))
        .when(pl.col("ads_content_id").is_null())
        .then(pl.lit("draft"))
        .when(is_approved)
        .then(pl.lit("approved"))
        .otherwise(pl.lit("generated"))
    )
