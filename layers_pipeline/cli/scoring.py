"""``layers-pipeline score`` and ``scoring``: scoring ticks, and versions of the rules.

Belongs here: commands, their options, saying what came of them.
Does not belong here: scoring (``steps.scoring``), comparing versions (``steps.drift``).
"""

from datetime import datetime
from typing import Annotated, Final

import polars as pl
import typer

from layers_pipeline.cli.common import open_jobs, opened, user_name
from layers_pipeline.cli.terminal import print_table, progress_bars, say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake.catalog import ORGANIC_SCORES
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.versions import known_rules, rules_in_force
from layers_pipeline.steps.maintain.drift import drift_at, newest_tick
from layers_pipeline.steps.score.ticks import tick_key, tick_of
from layers_pipeline.steps.stores import Stores
from transforms.scoring.rules import RULES

scoring_app = typer.Typer(no_args_is_help=True, help="Versions of the scoring rules.")

VersionArgument = Annotated[str, typer.Argument(help="Version of the rules, such as 2.")]
AtOption = Annotated[
    str, typer.Option(help="Tick to compare at, such as 2025-05-14-12:00 (UTC). Default: newest.")
]
ByOption = Annotated[str, typer.Option(help="Who decides. Default: your user name.")]
SCORED: Final = ("tick", "posts", "creatives", "pools", "scored", "eligible")
SHOWN: Final = (
    "project_id",
    "scores",
    "changed",
    "mean_change_points",
    "max_change_points",
    "crossed_up",
    "crossed_down",
    "rank_correlation",
)


def score(
    at: Annotated[str, typer.Option(help="One tick, such as 2025-05-14-12:00 (UTC).")] = "",
    start: Annotated[str, typer.Option("--from", help="First moment of a range.")] = "",
    end: Annotated[str, typer.Option("--to", help="Last moment of a range.")] = "",
) -> None:
    """Score a tick, or every tick of a range in one run, and publish."""
    from sensors.jobs import AFTER_TICKS, TICK  # noqa: PLC0415 - Dagster is slow to import

    ticks = _ticks(at, start, end)
    with open_jobs() as runner, progress_bars():
        if len(ticks) == 1:
            made = runner.run("scoring", ticks=(ticks[0], ticks[0]))
        else:
            # Of a range Dagster notes every tick for every asset of the run.
            made = runner.run("scoring", ticks=(ticks[0], ticks[-1]), assets=TICK)
            made |= runner.run("scoring", assets=AFTER_TICKS)
    scored = made["organic_scores"]
    print_table(
        SCORED,
        [
            tuple(row[name] for name in SCORED)
            for row in (record.data for record in scored["ticks"].records[:10])
        ],
        title=f"Newest of {len(ticks)} ticks scored ({scored['rows_inserted']:,} score rows)",
    )
    say(f"Published: {made['analytics_file']['path']}")


def _ticks(at: str, start: str, end: str) -> list[str]:
    """The partition keys that the options mean."""
    from assets.partitions import scoring_ticks  # noqa: PLC0415 - Dagster is slow to import

    if bool(at) == bool(start or end) or bool(start) != bool(end):
        raise InputRefusedError("score: give either --at TICK, or both --from and --to.")
    keys = scoring_ticks.get_partition_keys()
    first, last = tick_of(at or start), tick_of(at or end)
    found = [key for key in keys if first <= tick_of(key) <= last]
    if not found:
        raise InputRefusedError(
            f"score: no tick lies in {tick_key(first)} to {tick_key(last)}. Ticks run from "
            f"{keys[0]} to {keys[-1]}, at the times of the tick cron."
        )
    return found


@scoring_app.command("versions")
def list_versions() -> None:
    """List the versions of the rules, and which of them are in force."""
    with opened(load_settings()) as stores:
        rules = rules_in_force(stores)
        chosen = {
            row.role: row for row in stores.operations.scoring_roles.all() if row.until is None
        }
        roles = {rules.active.version: "active"} | {one.version: "shadow" for one in rules.shadows}
        rows = [(name, roles.get(name, ""), RULES[name].summary) for name in sorted(RULES)]
    print_table(("version", "role", "what it says"), rows)
    if "active" in chosen:
        row = chosen["active"]
        say(
            f"{row.changed_by} made version {row.version} active at {row.since:%Y-%m-%d %H:%M} UTC."
        )
    else:
        say(f"Nobody chose a version: the newest, {rules.active.version}, is active.")


@scoring_app.command("drift")
def show_drift(version: VersionArgument, at: AtOption = "") -> None:
    """Show what scores would become under another version; changes nothing."""
    with opened(load_settings()) as stores:
        _say_drift(stores, version, _tick(stores, at))


@scoring_app.command("shadow")
def shadow(
    version: VersionArgument,
    *,
    stop: Annotated[bool, typer.Option("--stop", help="Score it no longer.")] = False,
    by: ByOption = "",
) -> None:
    """Score another version beside the active one from the next tick on; it decides nothing."""
    with opened(load_settings()) as stores:
        known_rules(version)
        now = stores.clock.now()
        if stop:
            stopped = stores.operations.scoring_roles.stop_shadow(version, now=now)
            return say(f"Version {version} {'is' if stopped else 'was'} no shadow any more.")
        if version == rules_in_force(stores).active.version:
            raise InputRefusedError(f"scoring: version {version} is active; it needs no shadow.")
        stores.operations.scoring_roles.shadow(
            version, changed_by=by or user_name("scoring"), now=now
        )
    return say(
        f"Version {version} is scored beside the active one from the next tick on. Compare them "
        "in score_drift, or with `layers-pipeline scoring drift`."
    )


@scoring_app.command("activate")
def activate(
    version: VersionArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: ByOption = "",
) -> None:
    """Show what a version would change, then let it decide: all is scored anew on the next tick."""
    with opened(load_settings()) as stores:
        known_rules(version)
        if version == rules_in_force(stores).active.version:
            return say(f"Version {version} is active already.")
        if stores.lake.partitions(ORGANIC_SCORES, "tick"):
            _say_drift(stores, version, newest_tick(stores))
        else:
            say("Nothing was scored yet, so nothing changes.")
        if not yes and not typer.confirm(f"Activate version {version}?"):
            return say("Nothing was changed.")
        stores.operations.scoring_roles.activate(
            version, changed_by=by or user_name("scoring"), now=stores.clock.now()
        )
    return say(
        f"Version {version} is active. The next tick scores everything by it; where schedules "
        "run, the newest tick is scored anew at once."
    )


def _say_drift(stores: Stores, version: str, tick: datetime) -> None:
    active, other = rules_in_force(stores).active, known_rules(version)
    rows = drift_at(stores, tick, other=other)
    print_table(
        SHOWN,
        rows.select(pl.col(SHOWN)).rows(),
        title=f"Version {active.version} to {other.version} at tick {tick_key(tick)}",
    )
    totals = rows.select(pl.col("scores", "changed", "crossed_up", "crossed_down").sum()).row(0)
    say(
        "{:,} scores: {:,} would change, {:,} reach the threshold, {:,} fall below it.".format(
            *totals
        )
    )


def _tick(stores: Stores, text: str) -> datetime:
    return tick_of(text) if text else newest_tick(stores)
