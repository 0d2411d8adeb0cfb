"""``layers-pipeline sync``, ``score``, ``replay``, ``publish``, ``maintain``: work started by hand.

Belongs here: commands that run a job or a long step, their options, saying what came of it.
Does not belong here: the work itself (``steps``), running jobs (``runs``), drawing (``terminal``).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from layers_pipeline import moments
from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import dagster_home, job_runner, opened
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.steps.score.ticks import tick_of
from transforms.scoring.ticks import tick_key
from transforms.vocabulary import Depth

if TYPE_CHECKING:
    from layers_pipeline.steps.stores import Stores

SYNC_PARTS: Final = {
    "quick": (("scrape_jobs", "scrape_jobs"), ("read_oauth_accounts", "account_listings")),
    "posts": (
        ("raw_sift__posts", "raw_sift__posts"),
        ("read_oauth_accounts", "account_listings"),
    ),
    "full": (("read_oauth_accounts", "account_listings"),),
}
"""Per depth: the steps that talk to platforms, and the table that tells how each went."""
BY_NAME: Final = ("scrape_jobs", "read_oauth_accounts")
"""Steps that can be limited to named accounts."""
READ_THROUGH: Final = {"scrape_jobs": "SIFT, asked", "raw_sift__posts": "SIFT, collected"}
MOMENT: Final = timedelta(minutes=1)
SCORED: Final = ("tick", "posts", "creatives", "pools", "scored", "eligible")


def sync(
    depth: Annotated[Depth, typer.Option(help="How deep to read.")] = "quick",
    account: Annotated[
        list[str] | None,
        typer.Option(help="Only this account, platform:key, due or not; may be repeated."),
    ] = None,
) -> None:
    """Sync the accounts that are due at a depth, as the schedule would, and derive what landed."""
    if account:
        with opened() as stores:
            stores.operations.syncs.require_claimable(account, now=stores.clock.now())
    named = {"accounts": account or []}
    parts = SYNC_PARTS[depth]
    with job_runner() as runner, progress_bars():
        try:
            made = runner.run(f"{depth}_sync", ops={op: named for op, _ in parts if op in BY_NAME})
        finally:
            # Also when every account failed: what was read before that has landed.
            if depth != "posts":
                runner.run("derivation")
    for _, name in parts:
        _say_sync(name, made[name])


def _say_sync(name: str, summary: dict[str, Any]) -> None:
    outcomes = ", ".join(f"{count} {word}" for word, count in summary["outcomes"].items())
    through = READ_THROUGH.get(name, "OAuth, read")
    say(f"{through}: {summary['accounts']} accounts: {outcomes or 'none was due'}.")
    if summary["still_running"]:
        say(f"{summary['still_running']} scrapes are still under way; sync again later.")
    if summary["failures"]:
        say(summary["failures"])


def score(
    at: Annotated[str, typer.Option(help="One tick, such as 2025-05-14-12:00 (UTC).")] = "",
    start: Annotated[str, typer.Option("--from", help="First moment of a range.")] = "",
    end: Annotated[str, typer.Option("--to", help="Last moment of a range.")] = "",
    form: FormatOption = "table",
) -> None:
    """Score a tick, or every tick of a range in one run, and publish."""
    ticks = _ticks(at, start, end)
    from assets.score import LATER
    from sensors.jobs import AFTER_TICKS, TICK

    with job_runner() as runner, progress_bars():
        if len(ticks) == 1:
            made = runner.run("scoring", ticks=(ticks[0], ticks[0]))
        else:
            # Of a range Dagster notes every tick for every asset of the run.
            made = runner.run("scoring", ticks=(ticks[0], ticks[-1]), assets=TICK)
            made = runner.run("scoring", assets=AFTER_TICKS) | made
    scored = made["organic_scores"]
    print_rows(
        form,
        SCORED,
        [
            tuple(row[name] for name in SCORED)
            for row in (record.data for record in scored["ticks"].records[:10])
        ],
        title=f"Newest of {len(ticks)} ticks scored ({scored['rows_inserted']:,} score rows)",
    )
    if form != "table":
        return
    if later := made["ad_eligibility"].get(LATER):
        say(f"Ticks judged again, whose posts keep a score that is new: {later}")
    say(f"Published: {made['analytics_file']['path']}")


def _ticks(at: str, start: str, end: str) -> list[str]:
    """The partition keys that the options mean."""
    if bool(at) == bool(start or end) or bool(start) != bool(end):
        raise InputRefusedError("score: give either --at TICK, or both --from and --to.")
    first, last = tick_of(at or start), tick_of(at or end)
    import dagster as dg  # two seconds, which a mistyped tick need not wait for

    from assets.partitions import scoring_ticks
    from layers_pipeline.settings import load_settings

    ticks = scoring_ticks(load_settings())
    found = ticks.get_partition_keys_in_time_window(dg.TimeWindow(first, last + MOMENT))
    oldest, newest = str(ticks.get_first_partition_key()), str(ticks.get_last_partition_key())
    found = [key for key in found if max(oldest, tick_key(first)) <= key <= newest]
    if not found:
        raise InputRefusedError(
            f"score: no tick lies in {tick_key(first)} to {tick_key(last)}. Ticks run from "
            f"{oldest} to {newest}, at the times of the tick cron."
        )
    return found


def replay(
    start: Annotated[str, typer.Option("--from", help="First moment of landing, ISO 8601.")],
    end: Annotated[str, typer.Option("--to", help="Moment up to which rows that landed are read.")],
) -> None:
    """Make staging and everything after it again from the raw tables, without any platform."""
    from layers_pipeline.steps.maintain.replay import require_span

    first, last = (
        moments.parse(text, what=f"replay: {option}", naive="utc")
        for option, text in (("--from", start), ("--to", end))
    )
    require_span(first, last)
    span = {"start": first.isoformat(), "end": last.isoformat()}
    with job_runner() as runner, progress_bars():
        runner.run("replay", ops={"replay_raw_rows": span})
        stale = sorted(key for key in runner.scored_ticks() if tick_of(key) >= first)
        if stale:
            runner.run("scoring", ticks=(stale[0], stale[-1]))
        else:
            runner.run("publication")
    say(f"Replayed what was landed from {start} to {end}; {len(stale)} ticks were scored again.")


def publish() -> None:
    """Publish the analysts' file again."""
    with job_runner() as runner:
        published = runner.run("publication")["analytics_file"]
    say(f"Generation {published['generation']}: {published['path']}")


def maintain(form: FormatOption = "table") -> None:
    """Compact the lake, publish, and delete files, landings and runs past the settings' days."""
    from layers_pipeline.steps.publish.upkeep import maintain as upkeep

    with opened() as stores, progress_bars():
        deleted = upkeep(stores)
        runs = _forget_runs(stores)
    print_rows(form, ("table", "files deleted"), sorted(deleted.items()))
    if form == "table" and runs:
        say(f"{runs:,} old runs of Dagster's history deleted.")


def _forget_runs(stores: "Stores") -> int:
    """Delete old runs where Dagster has run at all."""
    if not (dagster_home(stores.settings) / "dagster.yaml").exists():
        return 0
    from layers_pipeline.cli.runs import open_instance, prepare_dagster_home
    from layers_pipeline.dagster_support.run_history import forget_old_runs

    prepare_dagster_home(stores.settings)
    with open_instance(stores.settings) as instance:
        return forget_old_runs(instance, stores.settings, now=stores.clock.now())
