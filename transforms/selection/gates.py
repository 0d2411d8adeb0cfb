"""What blocks content from an ad set before slots are asked: one ordered list of words.

Belongs here: eligibility, approval, rights, deletion, running already, in their order (R44, R45).
Does not belong here: ranks and slots (``picks``), words for people (``blockers``).
"""

import polars as pl

from transforms.facts.rights import MISSING
from transforms.scoring.rules import RULES

THRESHOLDS = {name: rules.eligibility_threshold for name, rules in RULES.items()}
FROM_SCORES = ("excluded", "included")
"""Reasons that a person gave: the score was not asked."""


def blocks_eligibility() -> pl.Expr:
    """The one reason why content is not eligible (R40); null if it is."""
    return pl.when(~pl.col("is_eligible")).then("reason")


def also_excluded() -> pl.Expr:
    """``excluded`` where safety came first, and a person had excluded it besides."""
    is_hidden = (pl.col("reason") == "safety_failed") & (pl.col("override") == "exclude")
    return pl.when(is_hidden).then(pl.lit("excluded"))


def also_below() -> pl.Expr:
    """The score's side where a person excluded the content, which came first."""
    threshold = pl.col("rules_version").replace_strict(
        THRESHOLDS, default=None, return_dtype=pl.Float64
    )
    word = (
        pl.when(pl.col("organic_score").is_null())
        .then(pl.lit("never_scored"))
        .when(pl.col("organic_score") < threshold)
        .then(pl.lit("below_threshold"))
    )
    return pl.when(pl.col("reason") == "excluded").then(word)


def blocks_approval() -> pl.Expr:
    """What the approval says; null where it is given, not required, or never spoken of."""
    words = {"pending": "approval_pending", "rejected": "approval_rejected"}
    return pl.col("approval").replace_strict(words, default=None, return_dtype=pl.String)


def blocks_rights() -> pl.Expr:
    """What is wrong with the rights to a creator's post; creatives of our own need none.

    Reads platform (null: no post), has_right_row, right_blocker.
    """
    missing = pl.when("has_right_row").then("right_blocker").otherwise(pl.lit(MISSING))
    return pl.when(pl.col("platform").is_not_null()).then(missing)


def blocks_deletion() -> pl.Expr:
    """``deleted`` where the post is gone."""
    return pl.when("is_deleted").then(pl.lit("deleted"))


def blocks_running() -> pl.Expr:
    """``already_running`` where the ad set has an ad that shows it."""
    return pl.when("runs_there").then(pl.lit("already_running"))


def blockers_before_slots() -> pl.Expr:
    """All that blocks content from an ad set, in order, but for slots; empty if nothing does."""
    gates = (
        blocks_eligibility(),
        also_excluded(),
        also_below(),
        blocks_approval(),
        blocks_rights(),
        blocks_deletion(),
        blocks_running(),
    )
    return pl.concat_list(gates).list.drop_nulls()


def blockers_of_content() -> pl.Expr:
    """All that blocks content wherever it might run, in order."""
    gates = (
        blocks_eligibility(),
        also_excluded(),
        also_below(),
        blocks_approval(),
        blocks_deletion(),
    )
    return pl.concat_list(gates).list.drop_nulls()
