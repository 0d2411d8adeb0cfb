"""``layers-pipeline``: what people do with the pipeline from a terminal.

Belongs here: commands, their options, and saying what came of them.
Does not belong here: the work itself (``steps``), drawing (``terminal``).
"""

import os
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer

from layers_pipeline.cli.account import account_app
from layers_pipeline.cli.common import ProjectOption, open_jobs
from layers_pipeline.cli.content import content_app
from layers_pipeline.cli.imports import import_app
from layers_pipeline.cli.query import explain, query
from layers_pipeline.cli.scoring import score, scoring_app
from layers_pipeline.cli.terminal import complain, print_table, progress_bars, say
from layers_pipeline.errors import InputRefusedError, LayersError
from layers_pipeline.operations.rows import NewAccount, NewCreator
from layers_pipeline.operations.words import PLATFORMS
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.score.ticks import tick_of
from layers_pipeline.steps.stores import open_stores

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # Typer's traceback walks for ever through the cycles that Dagster's chained errors have.
    pretty_exceptions_enable=False,
)
project = typer.Typer(no_args_is_help=True, help="Projects: brands' workspaces.")
creator = typer.Typer(no_args_is_help=True, help="Creators on a project's allowlist.")
app.add_typer(import_app, name="import")
app.add_typer(project, name="project")
app.add_typer(creator, name="creator")
app.add_typer(account_app, name="account")
app.add_typer(scoring_app, name="scoring")
app.add_typer(content_app, name="content")
app.command()(explain)
app.command()(query)
app.command()(score)


class Depth(StrEnum):
    """How deep a sync by hand goes."""

    QUICK = "quick"
    POSTS = "posts"
    FULL = "full"


@app.command()
def sync(
    depth: Annotated[Depth, typer.Option(help="quick, posts or full.")] = Depth.QUICK,
    account: Annotated[
        list[str] | None,
        typer.Option(help="Only this account, platform:key, due or not; may be repeated."),
    ] = None,
) -> None:
    """Sync the accounts that are due at a depth, as the schedule would, and derive what landed."""
    named = {"accounts": account or []}
    parts = SYNC_PARTS[depth]
    with open_jobs() as runner, progress_bars():
        try:
            made = runner.run(f"{depth}_sync", ops={op: named for op, _ in parts if op in BY_NAME})
        finally:
            # Also when every account failed: what was read before that has landed.
            if depth is not Depth.POSTS:
                runner.run("derivation")
    for _, name in parts:
        _say_sync(name, made[name])


SYNC_PARTS = {
    Depth.QUICK: (("scrape_jobs", "scrape_jobs"), ("read_oauth_accounts", "account_listings")),
    Depth.POSTS: (
        ("raw_sift__posts", "raw_sift__posts"),
        ("read_oauth_accounts", "account_listings"),
    ),
    Depth.FULL: (("read_oauth_accounts", "account_listings"),),
}
"""Per depth: the steps that talk to platforms, and the table that tells how each went."""
BY_NAME = ("scrape_jobs", "read_oauth_accounts")
"""Steps that can be told which accounts."""
READ_THROUGH = {"scrape_jobs": "SIFT, asked", "raw_sift__posts": "SIFT, collected"}


def _say_sync(name: str, told: dict[str, Any]) -> None:
    outcomes = ", ".join(f"{count} {word}" for word, count in told["outcomes"].items())
    through = READ_THROUGH.get(name, "OAuth, read")
    say(f"{through}: {told['accounts']} accounts: {outcomes or 'none was due'}.")
    if told["still_running"]:
        say(f"{told['still_running']} scrapes are still under way; sync again later.")
    if told["failures"]:
        say(told["failures"])


@app.command()
def replay(
    start: Annotated[str, typer.Option("--from", help="First moment of landing, ISO 8601.")],
    end: Annotated[str, typer.Option("--to", help="Moment up to which landings are read.")],
) -> None:
    """Make staging and everything after it again from the raw landings, without any platform."""
    span = {"start": _moment(start).isoformat(), "end": _moment(end).isoformat()}
    with open_jobs() as runner, progress_bars():
        runner.run("replay", ops={"replay_landings": span})
        stale = sorted(key for key in runner.scored_ticks() if tick_of(key) >= _moment(start))
        if stale:
            runner.run("scoring", ticks=(stale[0], stale[-1]))
        else:
            runner.run("publication")
    say(f"Replayed what was landed from {start} to {end}; {len(stale)} ticks were scored again.")


def _moment(text: str) -> datetime:
    """An instant that a person types; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputRefusedError(
            f"{text!r} is no moment: write ISO 8601, such as 2025-05-14T08:00:00Z."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@app.command()
def publish() -> None:
    """Publish the analysts' file anew."""
    with open_jobs() as runner:
        told = runner.run("publication")["analytics_file"]
    say(f"Generation {told['generation']}: {told['path']}")


@app.command()
def maintain() -> None:
    """Compact the lake, publish, and delete files that nobody needs any more."""
    from layers_pipeline.steps.publish.publication import maintain as upkeep  # noqa: PLC0415

    with progress_bars():
        deleted = upkeep(open_stores(load_settings()))
    print_table(("table", "files deleted"), sorted(deleted.items()))


@project.command("add")
def add_project(
    project_id: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, - and _.")],
    name: Annotated[str, typer.Option(help="Name as people write it.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of the project's days.")] = "UTC",
) -> None:
    """Make a project."""
    stores = open_stores(load_settings())
    made = stores.operations.add_project(
        project_id, name=name or project_id, time_zone=timezone, now=datetime.now(UTC)
    )
    say(f"Project {project_id!r} {'made' if made else 'was there already: unchanged'}.")


@project.command("list")
def list_projects() -> None:
    """List the projects."""
    rows = open_stores(load_settings()).operations.projects()
    print_table(
        ("project", "name", "time zone", "active"),
        [(row.project_id, row.name, row.time_zone, row.is_active) for row in rows],
    )


@creator.command("allow")
def allow_creator(
    accounts: Annotated[list[str], typer.Argument(help="Accounts as platform:key.")],
    project: ProjectOption,
) -> None:
    """Put creators on a project's allowlist: their posts are synced and ranked from now on."""
    stores, now = open_stores(load_settings()), datetime.now(UTC)
    stores.operations.project(project)
    new = [_account(text) for text in accounts]
    stores.operations.add_accounts(new, now=now)
    paused = {row.account_id for row in stores.operations.accounts() if row.status == "paused"}
    for account in new:
        if account.account_id in paused:
            stores.operations.set_account_status(account.account_id, "active")
    entries = [
        NewCreator(
            creator_id=account.account_id,
            display_name=account.account_key,
            account_ids=(account.account_id,),
        )
        for account in new
    ]
    opened = stores.operations.allow_creators(project, entries, allowed_from=now)
    say(f"{opened} of {len(new)} newly on the allowlist of {project!r}.")


def _account(text: str) -> NewAccount:
    platform, _, key = text.partition(":")
    if platform not in PLATFORMS or not key:
        raise InputRefusedError(
            f"creator {text!r}: unsupported_platform. Write tiktok:KEY or instagram:KEY."
        )
    return NewAccount(platform=platform, account_key=key, connection="external")


@app.command()
def sandbox(
    *,
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8890,
    now: Annotated[str, typer.Option(help="Where its clock starts, ISO 8601 with offset.")] = "",
    rate: Annotated[float, typer.Option(help="Simulated seconds per second.")] = 1.0,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Permit an address that is not loopback.")
    ] = False,
    scenario: Annotated[
        str, typer.Option(help="A scenario file, or fortnight or one_day; replays no captures.")
    ] = "",
) -> None:
    """Serve the simulated platforms until interrupted."""
    from sandbox import (  # noqa: PLC0415 - loads a data set
        default_dataset,
        default_truth,
        load_scenario,
        run_sandbox,
    )

    begin = _instant(now)
    serve = partial(run_sandbox, host, port, now=begin, rate=rate, allow_remote=allow_remote)
    if scenario:
        return serve(scenario=load_scenario(scenario))
    dataset = default_dataset()
    return serve(dataset=dataset | default_truth(begin or dataset.span[1]))


def _instant(text: str) -> datetime | None:
    refusal = InputRefusedError(
        f"sandbox: --now {text!r}: write ISO 8601 with an offset, such as 2025-05-14T08:55:00Z."
    )
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise refusal from error
    if found is not None and found.tzinfo is None:
        raise refusal
    return found


@app.command()
def demo() -> None:
    """Sync, score and publish some simulated days of real or generated creators."""
    from layers_pipeline.cli.demo import Stage, run_demo  # noqa: PLC0415 - Dagster is slow to import
    from sandbox import default_dataset, running_sandbox  # noqa: PLC0415

    with running_sandbox(default_dataset(), scrape_duration_s=60) as served:
        os.environ["LAYERS_SIFT_URL"] = served.url
        os.environ["LAYERS_SIFT_KEY"] = served.key.get_secret_value()
        dataset = served.world.dataset
        stage = Stage(
            dataset=dataset.name,
            first=dataset.span[0],
            creators={
                (ref.platform, ref.account_key): sum(
                    len(post.captures) for post in dataset.every_item(ref)
                )
                for ref in dataset.creators
            },
            set_clock=served.world.clock.set,
        )
        with progress_bars():
            told = run_demo(load_settings(), stage)
    told()


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox.")] = 8890,
) -> None:
    """Open the Dagster UI and the sandbox on this machine, until interrupted."""
    from layers_pipeline.cli.dev import run_dev  # noqa: PLC0415

    run_dev(load_settings(), port=port, sandbox_port=sandbox_port)


def main() -> None:
    """Run the command line; errors raised on purpose are said in one line."""
    try:
        app()
    except LayersError as error:
        complain(f"error: {error}")
        raise SystemExit(2) from error
