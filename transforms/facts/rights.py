"""Rights to run creators' posts as ads: which hold at a moment, and what they clear.

Belongs here: the state of a right, which kinds clear content of which layers (R43).
Does not belong here: granting (``operations.rights``), other gates (``transforms.selection``).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.vocabulary import AD_PLATFORMS, LAYER_MODES

RIGHT: Final = ("project_id", "kind", "subject", "subject_id")
MISSING: Final = "right_missing"
STATES: Final = {"held": 0, "right_not_begun": 1, "right_expired": 2, "right_revoked": 3}
"""How a right may stand, the best first: of several rights to a content the best counts."""
CLEARS: Final = tuple(
    {"kind": kind, "ad_platform": ad_platform, "mode": mode}
    for ad_platform in AD_PLATFORMS
    for mode in LAYER_MODES
    for kind in (
        *(("branded_content",) if ad_platform == "meta" else ()),
        *(("spark_code", "account_authorisation") if ad_platform == "tiktok" else ()),
        "agency_assignment" if mode == "agency" else "byo_grant",
    )
)
"""Which kinds of right clear content for a layer: any one of them is enough.

Source: domain.md, R43; organic-scoring, "licensing".
"""


def rights_at(rights: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """How every right stood at a moment, by what was known then.

    Args:
        rights: Rows of ``ContentRights``.
    Returns:
        One row per right: its key, and state as ``STATES`` names it.
    """
    known = rights.filter(pl.col("known_at") <= as_of).sort("known_at")
    newest = known.group_by(RIGHT).agg(pl.col("starts_at", "ends_at", "is_revoked").last())
    state = (
        pl.when("is_revoked")
        .then(pl.lit("right_revoked"))
        .when(pl.col("ends_at") <= as_of)
        .then(pl.lit("right_expired"))
        .when(pl.col("starts_at") > as_of)
        .then(pl.lit("right_not_begun"))
        .otherwise(pl.lit("held"))
    )
    return newest.select(*RIGHT, state=state)


def right_blockers(posts: pl.LazyFrame, standing: pl.LazyFrame) -> pl.LazyFrame:
    """What keeps posts from layers of each ad platform and mode, where any right is known.

    Args:
        posts: Reads project_id, ads_content_id, container_id, creator_id, account_id.
        standing: ``rights_at`` of the moment.
    Returns:
        One row per content, ad_platform and mode of which a right is known: right_blocker, null
        if one of them holds. Content without a row has none (``MISSING``).
    """
    subjects = {"post": "container_id", "creator": "creator_id", "account": "account_id"}
    found = [
        posts.select("project_id", "ads_content_id", subject_id=pl.col(column)).join(
            standing.filter(pl.col("subject") == subject), on=["project_id", "subject_id"]
        )
        for subject, column in subjects.items()
    ]
    place = pl.col("state").replace_strict(STATES, return_dtype=pl.Int8)
    cleared = pl.concat(found).join(pl.LazyFrame(CLEARS), on="kind").with_columns(place=place)
    best = cleared.group_by("ads_content_id", "ad_platform", "mode").agg(
        pl.col("state").sort_by("place").first()
    )
    blocker = pl.when(pl.col("state") != "held").then("state")
    return best.select("ads_content_id", "ad_platform", "mode", right_blocker=blocker)
