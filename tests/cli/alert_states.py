"""States of a deployment that an alert is for, made from one in which all is well.

Belongs here: what is changed in its stores, or how much later it is looked at.
Does not belong here: the rules, asking whether they fire (``alert_rules``).
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from layers_pipeline.lake import catalog
from layers_pipeline.operations.api_calls import CallsMade
from layers_pipeline.operations.job_runs import EndedRun
from layers_pipeline.operations.refusals import Refusal
from layers_pipeline.operations.store import Operations

Change = Callable[[Path], None]
GIB = 1024**3
DAY = timedelta(days=1)


@dataclass(frozen=True)
class State:
    """One alert, and the state that it is for."""

    alert: str
    change: Change
    later: timedelta = timedelta()
    """How much later it is looked at."""


def as_it_is(home: Path) -> None:
    """Change nothing."""
    del home


def sql(statement: str) -> Change:
    """Change the operational database."""

    def change(home: Path) -> None:
        with closing(sqlite3.connect(home / "operations.db")) as database, database:
            database.execute(statement)

    return change


def told(tell: Callable[[Operations, datetime], object]) -> Change:
    """Have the operational database told something."""

    def change(home: Path) -> None:
        operations = Operations(f"sqlite:///{home / 'operations.db'}")
        tell(operations, datetime.now(UTC))
        operations.close()

    return change


def ran(job: str, *, seconds: float = 1, memory_gib: float = 1, ago: timedelta = timedelta()):
    """A run of a job has ended."""
    run = EndedRun(job=job, succeeded=True, seconds=seconds, memory_bytes=int(memory_gib * GIB))
    return told(lambda operations, now: operations.job_runs.add(run, now=now - ago))


def refused(operations: Operations, now: datetime) -> None:
    operations.refusals.add(
        [
            Refusal(
                source="instagram_graph",
                api_version="v27.0",
                login="facebook_login",
                account_id="",
                media_type="reel",
                item_id="",
                name="views",
                cause="refused",
                first_at=now,
                last_at=now,
                until=now + DAY,
            )
        ]
    )


def used(operations: Operations, now: datetime) -> None:
    made = CallsMade(api="instagram", calls=1, app_used_ratio=0.86)
    operations.api_calls.add(made, now=now)


def paused(operations: Operations, now: datetime) -> None:
    scope = "instagram_graph:app"
    operations.refusals.pause(scope, until=now + DAY, reason="throttled", now=now)


def break_a_log(home: Path) -> None:
    for path in (home / "lake" / catalog.PROJECTS.name / "_delta_log").iterdir():
        path.write_text("no log", encoding="utf-8")


def fill_a_log(home: Path) -> None:
    folder = home / "lake" / catalog.PROJECTS.name / "_delta_log"
    for number in range(2_001):
        (folder / f"left-{number}").touch()


LONG_AGO = "'2025-01-01 00:00:00.000000'"
SOON = "strftime('%Y-%m-%d %H:%M:%f', 'now', '+2 days') || '000'"
STATES = (
    State("LayersUnreadable", break_a_log),
    State(
        "LayersSourceStale",
        sql(f"update account_sync_states set last_success_at = {LONG_AGO} where depth = 'quick'"),
    ),
    State(
        "LayersAccountsFailing",
        sql(
            "update account_sync_states set last_outcome = 'unavailable' where last_outcome = 'ok'"
        ),
    ),
    State(
        "LayersLoginLost",
        sql("update platform_accounts set status = 'reauth_required' where connection = 'oauth'"),
    ),
    State(
        "LayersTokenEnding",
        sql(f"update account_tokens set expires_at = {SOON} where encrypted_refresh is null"),
    ),
    State(
        "LayersTokenExpired",
        sql(f"update account_tokens set expires_at = {LONG_AGO} where encrypted_refresh is null"),
    ),
    State("LayersCoreMetricRefused", told(refused)),
    State("LayersBudgetNearlyUsed", told(used)),
    State("LayersApiPaused", told(paused)),
    State("LayersScoresStale", as_it_is, later=DAY),
    State("LayersPublishedOld", as_it_is, later=DAY),
    State("LayersTickSlow", ran("scoring", seconds=1_801)),
    State("LayersMemoryHigh", ran("posts_sync", memory_gib=6.1)),
    State("LayersUpkeepMissing", ran("maintenance", ago=3 * DAY)),
    State("LayersLogLong", fill_a_log),
)
HOURS = (
    ("LayersGone", []),
    ("LayersJobFailing", [('layers_job_runs_total{job="scoring",outcome="failed"}', "0+0.02x180")]),
    (
        "LayersCallsNearAllowed",
        [
            ('layers_api_calls_total{api="tiktok"}', "0+510x180"),
            ('layers_api_allowed_calls_per_second{api="tiktok"}', "10+0x180"),
        ],
    ),
    ("LayersRowsSetAside", [('layers_table_rows{table="quarantine"}', "5+0x90 6+0x90")]),
    (
        "LayersDiskFull",
        [
            ('layers_disk_free_bytes{place="lake"}', "4e9+0x180"),
            ('layers_disk_size_bytes{place="lake"}', "1e11+0x180"),
        ],
    ),
)
"""Alerts on what happens over hours, or on the machine itself, with series in which they fire."""
