"""``layers-pipeline``: what people do with the pipeline from a terminal.

Belongs here: which commands there are, and what becomes of an error.
Does not belong here: the commands (one module per group), drawing (``terminal``).

What a command needs is imported once it runs: ``--help`` and completion answer at once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Annotated, Final, NoReturn

import typer

from layers_pipeline.cli import dashboard, doctor, jobs, keeping, metrics, query, simulation
from layers_pipeline.cli.common import example
from layers_pipeline.cli.lazy import lazy_group
from layers_pipeline.cli.terminal import complain, say, warnings_said
from layers_pipeline.errors import LayersError

COMMANDS: Final[Mapping[Callable[..., None], Sequence[str]]] = {
    query.explain: ("explain tiktok:7501000000000000005 --at 2025-05-17-16:00",),
    query.why: ("why tiktok:7501000000000000005 --project my-brand",),
    query.query: ('query "select platform, count(*) as posts from platform_posts group by 1"',),
    jobs.score: (
        "score --at 2025-05-14-12:00",
        "score --from 2025-05-01T00:00:00Z --to 2025-05-14T12:00:00Z",
    ),
    jobs.sync: ("sync", "sync --depth full --account instagram:17840000000000000"),
    jobs.replay: ("replay --from 2025-05-01T00:00:00Z --to 2025-05-08T00:00:00Z",),
    jobs.publish: ("publish",),
    jobs.maintain: ("maintain",),
    keeping.backup: ("backup /media/disk/layers", "backup /media/disk/layers --with-runs"),
    keeping.restore: (
        "restore /media/disk/layers",
        "restore /media/disk/layers --at 20261201T033000Z",
    ),
    keeping.verify: ("verify", "verify --deep", "verify /media/disk/layers --deep"),
    doctor.doctor: ("doctor", "doctor --format json"),
    metrics.metrics: ("metrics", "metrics --format json"),
    dashboard.dashboard: ("dashboard --port 8050",),
    simulation.sandbox: ("sandbox --port 8890 --rate 60",),
    simulation.demo: ("demo",),
    simulation.dev: ("dev --port 3000",),
}
"""Commands that belong to no group, and how they are called."""
GROUPS: Final = {
    "import": ("imports", "Import history that was gathered elsewhere."),
    "project": ("project", "Projects: brands' workspaces."),
    "creator": ("project", "Creators on a project's allowlist."),
    "ads": ("ads", "Ad accounts: connecting and reading them."),
    "account": ("account", "Accounts, their tokens and the tokens' keys."),
    "scoring": ("scoring", "Versions of the scoring rules."),
    "content": ("content", "Generated and manual content, and what people say of content."),
    "layer": ("layer", "Layers: where a project's ads run, and their ad sets."),
    "payout": ("payout", "What creators earn, settled period by period, and what was paid."),
    "refusals": ("refusals", "What platforms refuse, until when, and why."),
    "lake": ("lake", "The lake's tables."),
    "views": ("views", "Filters of content under a name, and files of what they keep."),
    "backups": ("backups", "Backups that were made: which there are, deleting old ones."),
    "export": ("export", "Copies of everything published, for another machine."),
}
"""By name of the group: the module that holds it, and what the list of commands says of it."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    # Typer's traceback never comes to the end of the cycles that Dagster's chained errors have.
    pretty_exceptions_enable=False,
    suggest_commands=False,  # Click does
)
for name, (module, said) in GROUPS.items():
    group = lazy_group(f"layers_pipeline.cli.{module}", f"{name}_app", help=said)
    app.add_typer(group, name=name)
for command, calls in COMMANDS.items():
    app.command(epilog=example(*calls))(command)


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"layers-pipeline {metadata.version('layers-pipeline')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Organic social analytics: sync accounts, score their posts, ask the analysts' file."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors raised on purpose are said in one line."""
    # Log records of libraries are for services: here an error is said once, in our words.
    logging.getLogger().addHandler(logging.NullHandler())
    with warnings_said():
        try:
            app(arguments)
        except LayersError as error:
            _end_with(error)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # what stops a library in Rust is no Exception
            from layers_pipeline.cli.foreign import as_ours

            ours = as_ours(error)
            if ours is None:
                raise
            _end_with(ours)


def _end_with(error: LayersError) -> NoReturn:
    complain(f"error: {error}")
    raise SystemExit(error.exit_code) from error
