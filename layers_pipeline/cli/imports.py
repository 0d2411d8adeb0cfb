"""``layers-pipeline import``: files that were gathered elsewhere.

Belongs here: commands, their options, saying what came of each file.
Does not belong here: reading files and storing rows (``steps``), drawing (``terminal``).
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from layers_pipeline.cli.answers import FormatOption as RowsOption
from layers_pipeline.cli.common import ProjectOption, example, job_runner, opened, user_name
from layers_pipeline.cli.import_options import (
    AccountOption,
    AdDayOption,
    AdPlatformOption,
    CapturedOption,
    CaptureFiles,
    CompleteOption,
    CurrencyOption,
    DecimalOption,
    FileFormatOption,
    HistoryOption,
    InspectedFormatOption,
    OrderOption,
    PlatformOption,
    RenamedOption,
    SinceOption,
    ZoneOption,
    day_typed,
    words,
)
from layers_pipeline.cli.import_told import complete_listing, tell_complete, tell_renamed
from layers_pipeline.cli.terminal import progress_bars
from transforms.vocabulary import AD_PLATFORMS

import_app = typer.Typer()


@import_app.command(
    "captures", epilog=example("import captures may.parquet june.parquet --project my-brand")
)
def import_captures(
    files: CaptureFiles,
    project: ProjectOption,
    *,
    timezone: ZoneOption = "",
    format_name: FileFormatOption = "",
    platform: PlatformOption = "",
    account: AccountOption = "",
    captured_at: CapturedOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
    complete_for: CompleteOption = "",
    since: SinceOption = "",
    renamed: RenamedOption = None,
) -> None:
    """Import files of captures; the same files again change nothing."""
    from layers_pipeline.cli.import_words import say_captures
    from layers_pipeline.steps.ingest.imports import require_importable

    options = words(
        format=format_name,
        platform=platform,
        account=account,
        captured_at=captured_at,
        decimal=decimal,
        order=date_order,
    )
    complete = complete_listing(complete_for, since)
    require_importable(files, project_id=project, time_zone=timezone or None, options=options)
    tell_renamed(renamed or [])
    given = {"project_id": project, "time_zone": timezone, "options": options}
    with job_runner() as runner, progress_bars():
        made = runner.run(
            "import_captures", ops={"stg_import__captures": given | {"files": _absolute(files)}}
        )
    report = made["stg_import__captures"]["report"]
    new = _inserted(made, "platform_posts"), _inserted(made, "platform_post_metrics")
    say_captures(report, project_id=project, new=new)
    if complete:
        tell_complete(*complete, report)


@import_app.command("listings", epilog=example("import listings listings.csv --timezone UTC"))
def import_listings(
    file: Annotated[
        Path,
        typer.Argument(help="A file of listings, or TikTok Studio's history of followers."),
    ],
    timezone: ZoneOption = "",
    account: Annotated[
        str, typer.Option(help="Whose a history of followers is, such as tiktok:oak.")
    ] = "",
    by: Annotated[str, typer.Option(help="Who says so. Default: this machine's user.")] = "",
) -> None:
    """Say when accounts' posts were listed elsewhere, how far back, and whether all of them.

    Posts that two complete listings lack are deleted; an import of captures alone deletes none.
    A history of followers says how many an account had when each of its days was over.
    """
    from layers_pipeline.cli.import_words import say_listings
    from layers_pipeline.files.captures import require_zone
    from layers_pipeline.files.listings import followers_told, read_listings
    from layers_pipeline.operations.told_listings import NewListing

    require_zone(timezone or None)
    with opened() as stores:
        now = stores.clock.now()
        zone = timezone or None
        if account:
            read = followers_told(file, account=account, time_zone=zone, now=now)
        else:
            read = read_listings(file, time_zone=zone, now=now)
        new = stores.operations.told_listings.tell(
            [NewListing(**vars(listing)) for listing in read],
            by=by or user_name("import listings"),
            now=now,
        )
    say_listings(file, read, new)


@import_app.command("ad-metrics", epilog=example("import ad-metrics may.csv --platform meta"))
def import_ad_metrics(
    files: Annotated[
        list[Path],
        typer.Argument(help="Tables or archives of them; of one day the later file stands."),
    ],
    platform: AdPlatformOption = None,
    day: AdDayOption = "",
    *,
    history: HistoryOption = False,
    format_name: FileFormatOption = "",
    currency: CurrencyOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
) -> None:
    """Import reports of what ads spent by day; the same reports again change nothing."""
    from layers_pipeline.cli.import_words import say_ad_reports
    from layers_pipeline.files.members import require_file
    from layers_pipeline.files.options import told_of

    for file in files:
        require_file(file)
    options = words(format=format_name, currency=currency, decimal=decimal, order=date_order)
    told_of(options, time_zone=None, now=datetime.now(tz=UTC))
    given = {
        "files": _absolute(files),
        "ad_platform": platform or "",
        "spent_on": day_typed(day),
        "is_history": history,
        "options": options,
    }
    with job_runner() as runner, progress_bars():
        made = runner.run("import_ad_metrics", ops={"import_reports_of_ads": given})
    report = made["stg_import__ad_metrics"]["report"]
    say_ad_reports(report, new=_inserted(made, "ad_daily_metrics"))


@import_app.command("formats", epilog=example("import formats", "import formats --format json"))
def list_formats(form: RowsOption = "table") -> None:
    """List the formats that are read as they are."""
    from layers_pipeline.cli.import_words import print_formats

    print_formats(form)


@import_app.command(
    "inspect",
    epilog=example(
        "import inspect export.zip --timezone UTC", "import inspect export.csv --format json"
    ),
)
def inspect(
    file: Annotated[Path, typer.Argument(help="A table or an archive, as exported.")],
    timezone: ZoneOption = "",
    day: Annotated[str, typer.Option(help="Day of a report of ads without a date.")] = "",
    *,
    format_name: InspectedFormatOption = "",
    platform: Annotated[
        str, typer.Option(help="Platform of rows, or of ads, that name none.")
    ] = "",
    account: AccountOption = "",
    captured_at: CapturedOption = "",
    currency: CurrencyOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
    form: RowsOption = "table",
) -> None:
    """Say what a file is and what its import would make of it; nothing is written."""
    from layers_pipeline.cli.import_inspected import print_inspected
    from layers_pipeline.files.ads import AdReading
    from layers_pipeline.files.inspection import inspect_file
    from layers_pipeline.files.options import told_of

    now = datetime.now(tz=UTC)
    options = words(
        platform="" if platform in AD_PLATFORMS[:1] else platform,
        account=account,
        captured_at=captured_at,
        currency=currency,
        decimal=decimal,
        order=date_order,
        format=format_name,
    )
    reading = AdReading(
        ad_platform=platform or None,
        spent_on=date.fromisoformat(day) if day_typed(day) else None,
        is_history=False,
        read_at=now,
        run_id="inspect",
        told=told_of(options, time_zone=timezone or None, now=now),
        format_name=format_name or None,
    )
    print_inspected(form, file, inspect_file(file, reading, time_zone=timezone or None))


def _inserted(made: dict[str, dict[str, Any]], table: str) -> int:
    """Rows that a run added to a table; a table that it did not touch is left out."""
    return made.get(table, {}).get("rows_inserted", 0)


def _absolute(files: list[Path]) -> list[str]:
    return [str(path.absolute()) for path in files]
