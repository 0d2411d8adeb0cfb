"""``layers-pipeline scoring``: versions of the rules.

Belongs here: commands, their options, saying what came of them.
Does not belong here: scoring ticks (``jobs``), comparing versions (``steps.maintain``).
"""

from datetime import datetime
from typing import Annotated, Final

import polars as pl
import typer

from layers_pipeline.cli.answers import Format, FormatOption, print_rows
from layers_pipeline.cli.common import example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake.catalog import ORGANIC_SCORES
from layers_pipeline.steps.derive.versions import known_rules, rules_in_force
from layers_pipeline.steps.maintain.drift import drift_at, newest_tick
from layers_pipeline.steps.score.ticks import tick_of
from layers_pipeline.steps.stores import Stores
from transforms.scoring.rules import RULES
from transforms.scoring.ticks import tick_key

scoring_app = typer.Typer()

VersionArgument = Annotated[str, typer.Argument(help="Version of the rules, such as 2.")]
AtOption = Annotated[
    str, typer.Option(help="Tick to compare at, such as 2025-05-14-12:00 (UTC). Default: newest.")
]
ByOption = Annotated[str, typer.Option(help="Who decides. Default: your user name.")]
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


@scoring_app.command("versions", epilog=example("scoring versions"))
def list_versions(form: FormatOption = "table") -> None:
    """List the versions of the rules, and which of them are in force."""
    with opened() as stores:
        rules = rules_in_force(stores)
        chosen = {
            row.role: row for row in stores.operations.scoring_roles.all() if row.until is None
        }
        roles = {rules.active.version: "active"} | {one.version: "shadow" for one in rules.shadows}
        rows = [(name, roles.get(name, ""), RULES[name].summary) for name in sorted(RULES)]
    print_rows(form, ("version", "role", "what it says"), rows)
    if form != "table":
        return
    if "active" in chosen:
        row = chosen["active"]
        say(
            f"{row.changed_by} made version {row.version} active at {row.since:%Y-%m-%d %H:%M} UTC."
        )
    else:
        say(f"Nobody chose a version: the newest, {rules.active.version}, is active.")


@scoring_app.command("drift", epilog=example("scoring drift 1 --at 2025-05-14-12:00"))
def show_drift(version: VersionArgument, at: AtOption = "", form: FormatOption = "table") -> None:
    """Show what scores would become under another version; changes nothing."""
    with opened() as stores:
        _say_drift(stores, version, _tick(stores, at), form=form)


@scoring_app.command("shadow", epilog=example("scoring shadow 1", "scoring shadow 1 --stop"))
def shadow(
    version: VersionArgument,
    *,
    stop: Annotated[bool, typer.Option("--stop", help="Score it no longer.")] = False,
    by: ByOption = "",
) -> None:
    """Score another version beside the active one from the next tick on; it decides nothing."""
    with opened() as stores:
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


@scoring_app.command("activate", epilog=example("scoring activate 1"))
def activate(
    version: VersionArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: ByOption = "",
) -> None:
    """Show what a version would change, then let it decide: all is scored anew on the next tick."""
    with opened() as stores:
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


def _say_drift(stores: Stores, version: str, tick: datetime, *, form: Format = "table") -> None:
    active, other = rules_in_force(stores).active, known_rules(version)
    rows = drift_at(stores, tick, other=other)
    print_rows(
        form,
        SHOWN,
        rows.select(pl.col(SHOWN)).rows(),
        title=f"Version {active.version} to {other.version} at tick {tick_key(tick)}",
    )
    if form != "table":
        return
    totals = rows.select(pl.col("scores", "changed", "crossed_up", "crossed_down").sum()).row(0)
    say(
        "{:,} scores: {:,} would change, {:,} reach the threshold, {:,} fall below it.".format(
            *totals
        )
    )


def _tick(stores: Stores, text: str) -> datetime:
    return tick_of(text) if text else newest_tick(stores)
