"""Small data to test with: creatives, what is said of content, and what ads spent on it.

Belongs here: rows with every column that a test does not care about filled in.
Does not belong here: posts and stores (``tests.worlds.data_builders``), and what the right answer
is.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import dataframely as dy
import polars as pl

from tests.worlds.data_builders import AS_OF, hours
from transforms.contracts.ads import AdContent, AdDailyMetrics
from transforms.contracts.creatives import ContentOverrides, Creatives, SafetyReviews
from transforms.contracts.scoring import CreativeMembers
from transforms.scoring.eligibility import judge_creatives
from transforms.scoring.generated_score import score_creatives
from transforms.scoring.rules import ACTIVE, ScoringRules

LONG_AGO = hours(-9999)


def frame(schema: type[dy.Schema], rows: Iterable[dict]) -> pl.LazyFrame:
    """Rows of a contract; columns that a row lacks are null."""
    return pl.DataFrame(list(rows), schema=dict(schema.create_empty().schema)).lazy()


def creative_member(name: str = "c", *, age_days: float = 0, spend_usd: float = 0, **changes):
    """One creative of a pool, safe, not overridden."""
    row = {"project_id": "brand", "scoring_pool": "generated", "safety_failed": False} | changes
    row |= {"container_id": f"{row['scoring_pool']}:{name}"}
    row |= {"ads_content_id": f"{row['project_id']}/{row['container_id']}"}
    row |= {"created_at": AS_OF - timedelta(days=age_days), "spend_30d_usd": float(spend_usd)}
    return row | changes


def creative_members_of(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(CreativeMembers, rows)


def scored_creatives(
    rows: Iterable[dict], *, rules: ScoringRules = ACTIVE, as_of: datetime = AS_OF
) -> pl.DataFrame:
    """Rows of ``OrganicScores`` of creatives, by content."""
    scores = score_creatives(creative_members_of(rows), as_of=as_of, rules=rules).collect()
    return scores.sort("ads_content_id")


def creative_score(*, rules: ScoringRules = ACTIVE, **changes) -> dict:
    """The score row of one creative."""
    return scored_creatives([creative_member(**changes)], rules=rules).row(0, named=True)


def judged_creatives(rows: Iterable[dict]) -> pl.DataFrame:
    """Rows of ``AdEligibility`` of creatives, by content."""
    judged = judge_creatives(scored_creatives(rows).lazy(), as_of=AS_OF, rules=ACTIVE)
    return judged.collect().sort("ads_content_id")


def creative(name: str = "c", **changes) -> dict:
    """One creative, made and known a day ago."""
    row = {"project_id": "brand", "kind": "generated", "created_at": hours(-24)} | changes
    row |= {"container_id": f"{row['kind']}:{name}", "known_at": row["created_at"]}
    return row | changes


def creatives(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(Creatives, rows)


def review(container: str = "generated:c", at: float = -1, *, failed: bool = True) -> dict:
    """One safety review, known some hours after ``AS_OF``."""
    row = {"container_id": container, "known_at": hours(at), "safety_failed": failed}
    return row | {"reviewed_by": "ann"}


def reviews(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(SafetyReviews, rows)


def override(word: str | None, at: float = -1, *, content: str = "brand/generated:c") -> dict:
    """One change of an override, known some hours after ``AS_OF``."""
    row = {"ads_content_id": content, "known_at": hours(at), "override": word}
    return row | {"note": "because", "changed_by": "ann"}


def overrides(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(ContentOverrides, rows)


def ad(ad_id: str = "ad", content: str = "brand/generated:c", **changes) -> dict:
    """One ad that shows a content, known long ago."""
    row = {"ad_platform": "meta", "ad_id": ad_id, "ads_content_id": content}
    return row | {"known_at": LONG_AGO} | changes


def ads(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdContent, rows)


def spent(cents: int, on: date, *, ad_id: str = "ad", known_at: datetime = LONG_AGO) -> dict:
    """What one ad spent on one day, known long ago by default."""
    row = {"ad_platform": "meta", "ad_id": ad_id, "spent_on": on, "spend_cents": cents}
    return row | {"known_at": known_at, "run_id": "r", "spent_in": f"{on:%Y-%m}"}


def daily(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdDailyMetrics, rows)
