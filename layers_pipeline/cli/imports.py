"""``layers-pipeline import``: files that were gathered elsewhere.

Belongs here: commands, their options, saying what came of each file.
Does not belong here: reading files and storing rows (``steps``), drawing (``terminal``).
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from layers_pipeline.cli.common import ProjectOption, job_runner
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError
from transforms.vocabulary import AdPlatform

import_app = typer.Typer()


@import_app.command("captures")
def import_captures(
    files: Annotated[list[Path], typer.Argument(help="Parquet, CSV or NDJSON files, any order.")],
    project: ProjectOption,
    timezone: Annotated[
        str, typer.Option(help="IANA time zone of times that carry none, such as UTC.")
    ] = "",
) -> None:
    """Import files of captures; the same files again change nothing."""
    from layers_pipeline.steps.ingest.imports import require_importable

    require_importable(files, project_id=project, time_zone=timezone or None)
    given = {"files": _absolute(files), "project_id": project, "time_zone": timezone}
    with job_runner() as runner, progress_bars():
        made = runner.run("import_captures", ops={"stg_import__captures": given})
    report = made["stg_import__captures"]["report"]
    if report["project_was_made"]:
        say(f"Project {project!r} did not exist and was made (time zone UTC).")
    for file in report["files"]:
        _say_file(file, what="a capture")
    if own := report["own_accounts"]:
        say(
            f"{', '.join(own)}: read by this project's own token, so no creator's: not put on its "
            "allowlist."
        )
    say(
        f"{report['posts']:,} posts of {report['accounts']:,} accounts, captured "
        f"{report['first_capture']} to {report['last_capture']}."
    )
    say(
        f"New in the lake: {_inserted(made, 'platform_posts'):,} posts, "
        f"{_inserted(made, 'platform_post_metrics'):,} snapshots "
        "(equal repeats append nothing)."
    )


@import_app.command("ad-metrics")
def import_ad_metrics(
    files: Annotated[
        list[Path],
        typer.Argument(help="Parquet, CSV or NDJSON files; of one day the later file stands."),
    ],
    platform: Annotated[AdPlatform, typer.Option(help="Where the ads ran.")],
    day: Annotated[
        str, typer.Option(help="Day that the files tell of, YYYY-MM-DD, if they carry no date.")
    ] = "",
    *,
    history: Annotated[
        bool, typer.Option("--history", help="The rows were known when their days were over.")
    ] = False,
) -> None:
    """Import reports of what ads spent by day; the same reports again change nothing."""
    from layers_pipeline.files.members import require_file

    for file in files:
        require_file(file)
    given = {
        "files": _absolute(files),
        "ad_platform": platform,
        "spent_on": _day(day),
        "is_history": history,
    }
    with job_runner() as runner, progress_bars():
        made = runner.run("import_ad_metrics", ops={"import_reports_of_ads": given})
    report = made["stg_import__ad_metrics"]["report"]
    for file in report["files"]:
        _say_file(file, what="a report of ads")
    cents = report["spend_cents"]
    say(
        f"{report['ads']:,} ads, {report['first_day']} to {report['last_day']}: "
        f"${cents // 100:,}.{cents % 100:02} spent, restatements included."
    )
    say(
        f"New in the lake: {_inserted(made, 'ad_daily_metrics'):,} rows of ads and days "
        "(equal repeats append nothing)."
    )


def _inserted(made: dict[str, dict[str, Any]], table: str) -> int:
    """Rows that a run added to a table; a table that it did not touch is left out."""
    return made.get(table, {}).get("rows_inserted", 0)


def _absolute(files: list[Path]) -> list[str]:
    return [str(path.absolute()) for path in files]


def _day(text: str) -> str:
    """A day that a person types, or nothing."""
    try:
        is_day = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise InputRefusedError(
            f"--day {text!r}: no such day. Write it as YYYY-MM-DD, such as 2025-05-14."
        )
    return text


def _say_file(file: dict[str, Any], *, what: str) -> None:
    known = ", imported before: nothing changed" if file["already_there"] else ""
    say(f"{Path(file['path']).name}: {file['rows']:,} rows{known}.")
    if file["quarantined"]:
        say(f"  {file['quarantined']:,} set aside in quarantine ({_rules(file['reasons'])}).")
    if odd := file["odd_values"]:
        say(f"  {sum(odd.values()):,} odd values set aside, their rows kept ({_rules(odd)}).")
    if file["ignored_columns"]:
        say(f"  Columns that are no part of {what}: {', '.join(file['ignored_columns'])}.")


def _rules(counted: dict[str, int]) -> str:
    return ", ".join(f"{rule}: {count:,}" for rule, count in counted.items())
