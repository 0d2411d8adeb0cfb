"""A look at a deployment from outside: what is well, what is not, and what to do about it.

Belongs here: findings on settings, stores, clock, disk, tokens, accounts and the analysts' file.
Does not belong here: runs (Dagster's), mending anything: nothing is made, migrated or written.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from layers_pipeline.clock import Clock
from layers_pipeline.errors import LayersError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.migration import missing
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.database import newest_revision
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.store import Operations
from layers_pipeline.serving import generations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.outcomes import EVERY
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.score.settling import unsettled_ticks
from layers_pipeline.steps.stores import open_lake

State = Literal["well", "warning", "fault"]
FREE_SHARE_MIN: Final = 0.05
FREE_BYTES_MIN: Final = 2 * 1024**3
LOG_FILES_MAX: Final = 2_000
"""More versions than this and a table's log is what takes the time: upkeep has not run."""
ENDING_SOON: Final = timedelta(days=7)
LATE: Final = 3
"""So many cadences without a success, and a sync is late."""
SANDBOX: Final = "127.0.0.1:8890"
START: Final = "Begin with `make demo`, or with `layers-pipeline project add`."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: State
    said: str
    remedy: str = ""


Look = Callable[[Settings, Clock], Iterator[Finding]]


def diagnose(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Everything that is found, one after another; what cannot be looked at is a finding, too."""
    for subject, look in LOOKS.items():
        try:
            yield from look(settings, clock)
        except LayersError as error:
            yield Finding(subject=subject, state="fault", said=str(error))


def look_at_settings(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Which platforms are read, and how long their versions last."""
    urls = {
        "instagram": settings.instagram_url,
        "tiktok": settings.tiktok_url,
        "sift": settings.sift_url,
    }
    simulated = sorted(name for name, url in urls.items() if SANDBOX in url)
    said = f"{', '.join(simulated)}: the sandbox's address" if simulated else "every URL is set"
    remedy = "Real accounts need LAYERS_…_URL: docs/settings.md." if simulated else ""
    yield Finding(subject="settings", state="well", said=said, remedy=remedy)
    for platform in PLATFORMS.values():
        if notice := platform.version_notice(settings, clock.now().date()):
            yield Finding(subject="settings", state="warning", said=notice)


def look_at_disk(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    """How much room is left where the stores lie."""
    for place in sorted({settings.root, settings.serve_location}):
        there = next(path for path in (place, *place.parents) if path.exists())
        usage = shutil.disk_usage(there)
        is_tight = usage.free < FREE_BYTES_MIN or usage.free < FREE_SHARE_MIN * usage.total
        yield Finding(
            subject="disk",
            state="warning" if is_tight else "well",
            said=f"{place}: {usage.free / 1024**3:,.1f} of {usage.total / 1024**3:,.1f} GiB free",
            remedy="Make room, or let upkeep run: layers-pipeline maintain" if is_tight else "",
        )


def look_at_operations(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """The operational database: its schema, tokens that do not open or end, syncs that are late."""
    url = settings.operations_database_url
    if url.startswith("sqlite") and not Path(unquote(url.partition("///")[2])).exists():
        yield Finding(subject="operations", state="warning", said="not made yet", remedy=START)
        return
    operations = Operations(url)
    try:
        stored, newest = operations.database.revision(), newest_revision()
        if stored != newest:
            said = f"{operations.url}: revision {stored or 'none'}, this package has {newest}"
            remedy = "Every command brings it up to date; one newer than ours needs our newest."
            yield Finding(subject="operations", state="warning", said=said, remedy=remedy)
            return
        yield Finding(subject="operations", state="well", said=f"{operations.url}: {stored}")
        yield from _tokens(operations, settings, clock.now())
        yield from _ad_tokens(operations, clock.now())
        yield from _syncs(operations, clock.now())
    finally:
        operations.close()


def _tokens(operations: Operations, settings: Settings, now: datetime) -> Iterator[Finding]:
    accounts = [one for one in operations.accounts.all() if one.connection == "oauth"]
    if not accounts:
        return
    ids = [account.account_id for account in accounts]
    opened = operations.tokens.readable(ids, TokenCipher(settings.token_keys))
    closed = sorted(set(ids) - opened.keys())
    yield Finding(
        subject="tokens",
        state="fault" if closed else "well",
        said=f"{len(opened)} of {len(ids)} can be opened{_named(closed)}",
        remedy="Add the old key to LAYERS_TOKEN_KEYS, or: layers-pipeline account reauth ACCOUNT"
        if closed
        else "",
    )
    ending = operations.tokens.ending_before(now + ENDING_SOON)
    for account_id, end in ending:
        said = f"{account_id}: ends {end:%Y-%m-%d %H:%M}"
        remedy = f"layers-pipeline account reauth {account_id}"
        yield Finding(subject="tokens", state="warning", said=said, remedy=remedy)


def _ad_tokens(operations: Operations, now: datetime) -> Iterator[Finding]:
    for row in operations.ad_accounts.tokens_ending_before(now + ENDING_SOON):
        ends = f"ends {row.expires_at:%Y-%m-%d %H:%M}" if row.expires_at else "was refused"
        said = f"ad account {row.account_id}: {ends}"
        yield Finding(subject="tokens", state="warning", said=said, remedy=row.renewal)


def _syncs(operations: Operations, now: datetime) -> Iterator[Finding]:
    states = operations.syncs.states()
    ahead = max((one.last_started_at for one in states if one.last_started_at), default=now)
    if ahead > now + timedelta(minutes=1):
        yield Finding(
            subject="clock",
            state="fault",
            said=f"it is {now:%Y-%m-%d %H:%M}, but a sync began {ahead:%Y-%m-%d %H:%M}",
            remedy="Set this machine's clock: what lands now would count as older than it is.",
        )
    for depth, every in EVERY.items():
        ends = [one.last_success_at for one in states if one.depth == depth and one.last_success_at]
        if ends and max(ends) < now - LATE * every:
            yield Finding(
                subject="syncs",
                state="warning",
                said=f"{depth}: the last one that went well ended {max(ends):%Y-%m-%d %H:%M}",
                remedy="See whether the daemon runs, and: layers-pipeline account list",
            )
    lost = sorted({one.account_id for one in states if one.last_outcome == "reauth_required"})
    if lost:
        remedy = f"layers-pipeline account reauth {lost[0]}"
        said = f"{len(lost)} accounts need a new login{_named(lost)}"
        yield Finding(subject="accounts", state="warning", said=said, remedy=remedy)


def look_at_lake(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    """The lake: whether each table opens, has its columns, and is kept short."""
    lake = open_lake(settings)
    stored = 0
    for table in catalog.TABLES:
        handle = _opened(lake, table)
        if handle is None:
            continue
        stored += 1
        if missing(lake, table, handle):
            said = f"{table.name} lacks columns of this package"
            remedy = "Every command adds them, and so does: layers-pipeline lake migrate"
            yield Finding(subject="lake", state="warning", said=said, remedy=remedy)
        if (count := _log_files(lake, table)) > LOG_FILES_MAX:
            said = f"{table.name}: a log of {count:,} files"
            remedy = "Upkeep shortens it: layers-pipeline maintain"
            yield Finding(subject="lake", state="warning", said=said, remedy=remedy)
    said = f"{settings.lake_location}: {stored} of {len(catalog.TABLES)} tables written"
    yield Finding(subject="lake", state="well", said=said, remedy="" if stored else START)
    if waiting := unsettled_ticks(lake) if stored else []:
        said = f"{len(waiting)} ticks may follow from other scores by now"
        yield Finding(
            subject="lake", state="warning", said=said, remedy="layers-pipeline publish settles it"
        )


def _opened(lake: Lake, table: Table) -> DeltaTable | None:
    try:
        return lake.handle(table)
    except DeltaError as error:
        said = str(error).partition("\n")[0]
        raise StoreError(f"{table.name}: {lake.uri(table)}: {said}. Restore its log.") from error


def _log_files(lake: Lake, table: Table) -> int:
    folder = Path(lake.uri(table).removeprefix("file://")) / "_delta_log"
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def look_at_published(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """The analysts' file: whether there is one, and how old it is."""
    folder = settings.serve_location
    if not (folder / generations.LINK).exists():
        remedy = "layers-pipeline publish"
        yield Finding(subject="published", state="warning", said="nothing yet", remedy=remedy)
        return
    path = generations.current(folder)
    made = datetime.fromtimestamp(path.stat().st_mtime, tz=clock.now().tzinfo)
    yield Finding(subject="published", state="well", said=f"{path}: {made:%Y-%m-%d %H:%M} UTC")


def _named(names: list[str]) -> str:
    more = " and others" if len(names) > 3 else ""  # noqa: PLR2004 - as many as a line holds
    return f": {', '.join(names[:3])}{more}" if names else ""


LOOKS: Final[dict[str, Look]] = {
    "settings": look_at_settings,
    "disk": look_at_disk,
    "operations": look_at_operations,
    "lake": look_at_lake,
    "published": look_at_published,
}
