"""``layers-pipeline import``: files that were gathered elsewhere.

Belongs here: commands, their options, saying what came of each file.
Does not belong here: reading files and storing rows (``steps``), drawing (``terminal``).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from layers_pipeline.cli.answers import FormatOption as RowsOption
from layers_pipeline.cli.common import ProjectOption, example, job_runner, opened, user_name
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError
from transforms.vocabulary import AD_PLATFORMS, PLATFORMS, AdPlatform

ONE_LISTING: Final = timedelta(days=1)
"""Captures of one listing lie no further apart."""

import_app = typer.Typer()


FormatOption = Annotated[
    str, typer.Option("--format", help="The format, if it cannot be told: see import formats.")
]
DecimalOption = Annotated[
    str, typer.Option(help="Sign before decimals where it cannot be told: point or comma.")
]
OrderOption = Annotated[
    str, typer.Option(help="Of 03/04/2025 where it cannot be told: day-first or month-first.")
]
CurrencyOption = Annotated[
    str, typer.Option(help="ISO 4217 code of money in files that name none, such as EUR.")
]
PlatformOption = Annotated[str, typer.Option(help="Platform of rows that name none.")]
AccountOption = Annotated[str, typer.Option(help="Account of rows that name none.")]
CapturedOption = Annotated[
    str,
    typer.Option(
        help="When rows were captured that do not say so: an instant, or a day (its end)."
    ),
]
ZoneOption = Annotated[
    str, typer.Option(help="IANA time zone of times that carry none, such as UTC.")
]


@import_app.command(
    "captures", epilog=example("import captures may.parquet june.parquet --project my-brand")
)
def import_captures(
    files: Annotated[
        list[Path], typer.Argument(help="Tables or archives of them, as exported, any order.")
    ],
    project: ProjectOption,
    *,
    timezone: ZoneOption = "",
    format_name: FormatOption = "",
    platform: PlatformOption = "",
    account: AccountOption = "",
    captured_at: CapturedOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
    complete_for: Annotated[
        str,
        typer.Option(help="Account (platform:key) all of whose posts the files hold."),
    ] = "",
    since: Annotated[
        str, typer.Option(help="Day since which they hold all of its posts, YYYY-MM-DD (UTC).")
    ] = "",
    renamed: Annotated[
        list[str] | None,
        typer.Option(help="An account that was renamed: platform:old=new. May be repeated."),
    ] = None,
) -> None:
    """Import files of captures; the same files again change nothing."""
    from layers_pipeline.cli.import_words import say_file, say_what_is_left
    from layers_pipeline.steps.ingest.imports import require_importable

    options = _words(
        format=format_name,
        platform=platform,
        account=account,
        captured_at=captured_at,
        decimal=decimal,
        order=date_order,
    )
    complete = _complete(complete_for, since)
    require_importable(files, project_id=project, time_zone=timezone or None, options=options)
    if renamed:
        _tell_renamed(renamed)
    given = {
        "files": _absolute(files),
        "project_id": project,
        "time_zone": timezone,
        "options": options,
    }
    with job_runner() as runner, progress_bars():
        made = runner.run("import_captures", ops={"stg_import__captures": given})
    report = made["stg_import__captures"]["report"]
    if report["project_was_made"]:
        say(f"Project {project!r} did not exist and was made (time zone UTC).")
    for file in report["files"]:
        say_file(file, what="a capture", here=f"project {project!r}")
    if own := report["own_accounts"]:
        say(
            f"{', '.join(own)}: read by this project's own token, so no creator's: not put on its "
            "allowlist."
        )
    say(
        f"{report['posts']:,} posts of {report['accounts']:,} accounts, captured "
        f"{report['first_capture']} to {report['last_capture']}."
    )
    if report["allowed"] and not report["project_was_made"]:
        say(f"New in the project's allowlist, or allowed from earlier on: {report['allowed']:,}.")
    posts, snapshots = _inserted(made, "platform_posts"), _inserted(made, "platform_post_metrics")
    say(
        f"New in the lake: {posts:,} posts, {snapshots:,} snapshots (equal repeats append nothing)."
    )
    say_what_is_left(report["outdated"], inserted=posts + snapshots + report["allowed"])
    if complete:
        _tell_complete(*complete, report)


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
    platform: Annotated[
        AdPlatform | None, typer.Option(help="Where the ads ran, if the files do not say it.")
    ] = None,
    day: Annotated[
        str, typer.Option(help="Day that the files tell of, YYYY-MM-DD, if they carry no date.")
    ] = "",
    *,
    history: Annotated[
        bool, typer.Option("--history", help="The rows were known when their days were over.")
    ] = False,
    format_name: FormatOption = "",
    currency: CurrencyOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
) -> None:
    """Import reports of what ads spent by day; the same reports again change nothing."""
    from layers_pipeline.cli.import_words import money, say_file, say_what_is_left
    from layers_pipeline.files.members import require_file
    from layers_pipeline.files.options import told_of

    for file in files:
        require_file(file)
    options = _words(format=format_name, currency=currency, decimal=decimal, order=date_order)
    told_of(options, time_zone=None, now=datetime.now(tz=UTC))
    given = {
        "files": _absolute(files),
        "ad_platform": platform or "",
        "spent_on": _day(day),
        "is_history": history,
        "options": options,
    }
    with job_runner() as runner, progress_bars():
        made = runner.run("import_ad_metrics", ops={"import_reports_of_ads": given})
    report = made["stg_import__ad_metrics"]["report"]
    for file in report["files"]:
        say_file(file, what="a report of ads", here="reports of this platform")
    say(
        f"{report['ads']:,} ads, {report['first_day']} to {report['last_day']}: "
        f"{money(report['spent'])} spent, restatements included."
    )
    inserted = _inserted(made, "ad_daily_metrics")
    say(f"New in the lake: {inserted:,} rows of ads and days (equal repeats append nothing).")
    say_what_is_left(report["outdated"], inserted=inserted)


@import_app.command("formats", epilog=example("import formats", "import formats --format json"))
def list_formats(form: RowsOption = "table") -> None:
    """List the formats that are read as they are."""
    from layers_pipeline.cli.import_words import print_formats

    print_formats(form)


@import_app.command("inspect", epilog=example("import inspect export.zip --timezone UTC"))
def inspect(
    file: Annotated[Path, typer.Argument(help="A table or an archive, as exported.")],
    timezone: ZoneOption = "",
    day: Annotated[str, typer.Option(help="Day of a report of ads without a date.")] = "",
    *,
    format_name: FormatOption = "",
    platform: Annotated[
        str, typer.Option(help="Platform of rows, or of ads, that name none.")
    ] = "",
    account: AccountOption = "",
    captured_at: CapturedOption = "",
    currency: CurrencyOption = "",
    decimal: DecimalOption = "",
    date_order: OrderOption = "",
) -> None:
    """Say what a file is and what its import would make of it; nothing is written."""
    from layers_pipeline.cli.import_words import say_inspected
    from layers_pipeline.files.ads import AdReading
    from layers_pipeline.files.inspection import inspect_file
    from layers_pipeline.files.options import told_of

    now = datetime.now(tz=UTC)
    options = _words(
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
        spent_on=date.fromisoformat(day) if _day(day) else None,
        is_history=False,
        read_at=now,
        run_id="inspect",
        told=told_of(options, time_zone=timezone or None, now=now),
        format_name=format_name or None,
    )
    for one in inspect_file(file, reading, time_zone=timezone or None):
        say_inspected(one)


def _words(**options: str) -> dict[str, str]:
    """The options that say something."""
    return {name: word for name, word in options.items() if word}


def _tell_renamed(renames: list[str]) -> None:
    """Store which accounts have another name now: captures under either are one account's."""
    from transforms.staging.keys import account_key_of

    read: list[tuple[str, str, str]] = []
    for text in renames:
        platform, _, names = text.partition(":")
        old, new = (account_key_of(name) for name in (*names.split("=", 1), "")[:2])
        if platform not in PLATFORMS or old is None or new is None:
            raise InputRefusedError(f"--renamed {text!r}: write tiktok:OLD=NEW.")
        read.append((platform, old, new))
    by = user_name("import captures")
    with opened() as stores:
        for platform, old, new in read:
            now = stores.clock.now()
            stores.operations.account_renames.tell((platform, old), new, by=by, now=now)


def _complete(account: str, since: str) -> tuple[str, datetime | None] | None:
    """Whose posts the files hold all of, and since when."""
    if not account:
        if since:
            raise InputRefusedError("--since says how far --complete-for reaches: give both.")
        return None
    from transforms.staging.keys import account_key_of

    platform, _, name = account.partition(":")
    key = account_key_of(name)
    if platform not in PLATFORMS or key is None:
        raise InputRefusedError(f"--complete-for {account!r}: write tiktok:KEY or instagram:KEY.")
    day = _day(since, option="--since")
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return f"{platform}:{key}", begins


def _tell_complete(account_id: str, since: datetime | None, report: dict[str, Any]) -> None:
    """Store that the files are a complete listing of an account."""
    from layers_pipeline.operations.told_listings import NewListing

    first, last = (datetime.fromisoformat(report[f"{end}_capture"]) for end in ("first", "last"))
    if last - first > ONE_LISTING:
        raise InputRefusedError(
            f"--complete-for {account_id}: the captures were imported, but they lie "
            f"{(last - first).days} days apart and are no one listing. Tell of each listing: "
            "layers-pipeline import listings FILE."
        )
    listing = NewListing(
        account_id=account_id,
        started_at=first,
        finished_at=last,
        is_complete=True,
        reaches_back_to=since,
    )
    with opened() as stores:
        new = stores.operations.told_listings.tell(
            [listing], by=user_name("import captures"), now=stores.clock.now()
        )
    known = "told before" if not new else "derived by the next run: layers-pipeline publish"
    say(f"A complete listing of {account_id}: {known}.")


def _inserted(made: dict[str, dict[str, Any]], table: str) -> int:
    """Rows that a run added to a table; a table that it did not touch is left out."""
    return made.get(table, {}).get("rows_inserted", 0)


def _absolute(files: list[Path]) -> list[str]:
    return [str(path.absolute()) for path in files]


def _day(text: str, *, option: str = "--day") -> str:
    """A day that a person types, or nothing."""
    try:
        is_day = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise InputRefusedError(
            f"{option} {text!r}: no such day. Write it as YYYY-MM-DD, such as 2025-05-14."
        )
    return text
