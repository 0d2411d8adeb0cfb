"""Landed response rows for tests of staging.

Belongs here: rows of the raw tables, and staging them up to the split.
Does not belong here: expectations.
"""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl

from transforms.staging.quarantine import split

RECEIVED_AT = datetime(2025, 5, 14, 12, tzinfo=UTC)
KNOWN_AT = datetime(2025, 5, 14, 12, 5, tzinfo=UTC)
UTC_INSTANT = pl.Datetime("us", "UTC")


def row(entity, body, *, subject="1", sync_id="s1", after_s=0):
    text = body if isinstance(body, str) else json.dumps(body)
    received_at = RECEIVED_AT + timedelta(seconds=after_s)
    return {
        "sync_id": sync_id,
        "entity": entity,
        "subject": subject,
        "received_at": received_at,
        "body": text,
    }


def landed(*rows):
    """The rows as they land, each with its position as its id."""
    schema = {"landing_id": pl.String, "sync_id": pl.String, "entity": pl.String}
    schema |= {"subject": pl.String, "received_at": UTC_INSTANT, "body": pl.String}
    numbered = [{"landing_id": str(number)} | one for number, one in enumerate(rows)]
    return pl.DataFrame(numbered, schema=schema).with_columns(
        account_key=pl.lit("me"),
        known_at=pl.lit(KNOWN_AT, UTC_INSTANT),
        run_id=pl.lit("r"),
        landed_on=pl.lit(date(2025, 5, 14)),
    )


def good_and_refused(contract, staged, *, origin=None):
    return split(
        contract,
        staged,
        table_name="stg",
        origin=pl.col("landing_id") if origin is None else origin,
        quarantined_at=KNOWN_AT,
        run_id="r",
    )
