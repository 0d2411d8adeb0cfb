"""A process that writes every table through the real steps, and logs what it is about to do.

Belongs here: generated batches, the loop, the log.
Does not belong here: checking what came of it (``test_two_writers``).
"""

import json
import os
import random
import time
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.ingest.raw_rows import known_now
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.scoring import copy_current_eligibility, score_ticks
from layers_pipeline.steps.stores import Stores, open_stores

PROJECT = "brand"
ACCOUNTS = tuple(f"account{number}" for number in range(8))
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
POSTS_PER_SECOND = 6
POSTS_PER_BATCH = 25
MINUTE = timedelta(minutes=1)
PLACES = "places.json"
"""Settings of a lake and a database elsewhere, for every process of a test."""
STOP = "stop"
"""A file at which every writer stops."""


def settings_of(home: Path) -> Settings:
    """Everything in one folder, unless a file there names other places."""
    named = home / PLACES
    places = {"operations_url": "", "lake_url": ""}
    places |= json.loads(named.read_text()) if named.exists() else {}
    return Settings(home=home, tick_grace_s=0, serve_dir=None, **places)


def prepare(stores: Stores) -> None:
    """Make the project and allow its accounts, before any writer starts."""
    operations = stores.operations
    operations.projects.add(PROJECT, name="Brand", time_zone="UTC", now=LONG_AGO)
    accounts = [
        NewAccount(platform="tiktok", account_key=key, connection="external") for key in ACCOUNTS
    ]
    operations.accounts.add(accounts, now=LONG_AGO)
    creators = [
        NewCreator(creator_id=one.account_id, display_name="A", account_ids=(one.account_id,))
        for one in accounts
    ]
    operations.allowlist.allow(PROJECT, creators, allowed_from=LONG_AGO)


@dataclass(kw_only=True)
class Writer:
    """Writes batches whose posts overlap with those of every other writer."""

    name: str
    home: Path
    started: float
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.stores = open_stores(settings_of(self.home))
        self.log = self.home / f"{self.name}.log"

    def note(self, what: str, batch: str, **facts: object) -> None:
        """Write a line to the log and to the disk before going on."""
        with self.log.open("a") as log:
            log.write(json.dumps({"what": what, "batch": batch, **facts}) + "\n")
            log.flush()
            os.fsync(log.fileno())

    def loop(self, number: int) -> None:
        """Land a batch or import a file, and carry both to the analysts."""
        if number % 2 == 0:
            self.import_file(f"{self.name}-{number}-file")
        else:
            self.land(f"{self.name}-{number}")
        bring_up_to_date(self.stores)
        this_minute = datetime.now(UTC).replace(second=0, microsecond=0)
        for _ in score_ticks(
            self.stores, [this_minute - self.dice.randint(1, 15) * MINUTE, this_minute]
        ):
            pass
        copy_current_eligibility(self.stores)
        bring_up_to_date(self.stores)
        (maintain if number % 5 == 0 else publish)(self.stores)

    def posts(self) -> list[str]:
        """Posts that appear about now, whoever writes, and some older ones."""
        newest = int((time.time() - self.started) * POSTS_PER_SECOND)
        fresh = range(max(0, newest - POSTS_PER_BATCH + 5), newest)
        return [f"p{number}" for number in {*fresh, self.dice.randint(0, newest)}]

    def capture(self, post: str, at: datetime) -> dict[str, object]:
        age = max((at.timestamp() - self.started), 0) + 3600
        views = int(age * (1 + hash_of(post) % 7)) // 20 * 20
        return {
            "platform": "tiktok",
            "post_id": post,
            "account_key": ACCOUNTS[hash_of(post) % len(ACCOUNTS)],
            "captured_at": at.isoformat(),
            "published_at": (LONG_AGO + hash_of(post) * MINUTE).isoformat(),
            "views": views,
            "likes": views // (3 + hash_of(post) % 5),
            "comments": views // 50,
            "followers": views // 10,
            "permalink": f"https://example.com/{post}",
            "caption": f"it's {self.name}'s \\ \U0001f600",
        }

    def land(self, job: str) -> None:
        """Land an answer of SIFT's, the last row of which breaks the contract."""
        now = datetime.now(UTC)
        bodies = [self.capture(post, now) for post in self.posts()]
        bodies.append(self.capture("broken", now) | {"views": -1})
        rows = [
            {
                "landing_id": f"{job}#{position:05d}",
                "scrape_job_id": job,
                "platform": "tiktok",
                "account_key": body["account_key"],
                "submitted_at": now,
                "received_at": now,
                "known_at": now,
                "run_id": job,
                "body": json.dumps(body),
                "scraped_on": now.date(),
            }
            for position, body in enumerate(bodies)
        ]
        frame = pl.DataFrame(rows, schema=dict(catalog.RAW_SIFT__POSTS.empty().schema))
        self.note("intent", job, kind="landing", rows=len(rows))
        with self.stores.lake.landing():
            self.stores.lake.insert_absent(
                catalog.RAW_SIFT__POSTS, frame, restamp=lambda rows: known_now(self.stores, rows)
            )
        self.note("done", job)

    def import_file(self, name: str) -> None:
        """Import a file of captures of a moment in the last quarter of an hour."""
        then = datetime.now(UTC) - (2 + 13 * self.dice.random()) * MINUTE
        rows = pl.DataFrame([self.capture(post, then) for post in self.posts()])
        path = self.home / f"{name}.csv"
        rows.rename({"post_id": "post_key"}).write_csv(path)
        self.note("intent", name, kind="file", rows=rows.height)
        import_captures(self.stores, [path], project_id=PROJECT, time_zone=None, run_id=name)
        self.note("done", name)


def hash_of(post: str) -> int:
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(post))


def write(name: str, home: Path, started: float) -> None:
    """Write until asked to stop, or until killed; warnings are errors, errors go to a file."""
    warnings.simplefilter("error")
    with (home / f"{name}.err").open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    writer = Writer(name=name, home=home, started=started)
    number = writer.dice.randint(1, 5)
    while not (home / STOP).exists():
        writer.loop(number)
        number += 1
