"""What the commands of ``import`` say of formats, and of what came of files.

Belongs here: sentences about files, formats and what an import leaves to be done.
Does not belong here: the commands themselves (``imports``), files that are only looked at
(``import_inspected``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from layers_pipeline.cli.answers import Format, print_rows
from layers_pipeline.cli.terminal import say
from layers_pipeline.files.listings import ReadListing
from transforms.currencies import DECIMALS, USD
from transforms.exports.catalog import BY_NAME, EXPORTS


def say_file(file: Mapping[str, Any], *, what: str, here: str) -> None:
    """Say what came of one file.

    Args:
        file: Its part of the report.
        what: What its rows are.
        here: What it was imported into.
    """
    known = ""
    if file["already_there"]:
        known = ", imported before: nothing changed"
        if file["is_new_here"]:
            known = f", imported before; now in {here} too"
    read_as = f" ({BY_NAME[file['format']].title})" if file["format"] in BY_NAME else ""
    say(f"{Path(file['path']).name}{read_as}: {file['rows']:,} rows{known}.")
    if file["quarantined"]:
        say(f"  {file['quarantined']:,} set aside in quarantine ({rules(file['reasons'])}).")
    if odd := file["odd_values"]:
        say(f"  {sum(odd.values()):,} odd values set aside, their rows kept ({rules(odd)}).")
    if file["ignored_columns"]:
        say(f"  Columns that are no part of {what}: {', '.join(file['ignored_columns'])}.")
    for note in file["notes"]:
        say(f"  Note: {note}.")
    for finding in file["findings"]:
        say(f"  Look at this: {finding}")


def say_captures(report: Mapping[str, Any], *, project_id: str, new: tuple[int, int]) -> None:
    """Say what came of files of captures.

    Args:
        report: What the run tells of them.
        new: Posts and snapshots that the lake did not have before.
    """
    if report["project_was_made"]:
        say(f"Project {project_id!r} did not exist and was made (time zone UTC).")
    for file in report["files"]:
        say_file(file, what="a capture", here=f"project {project_id!r}")
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
    posts, snapshots = new
    say(
        f"New in the lake: {posts:,} posts, {snapshots:,} snapshots (equal repeats append nothing)."
    )
    say_what_is_left(report["outdated"], inserted=posts + snapshots + report["allowed"])


def say_ad_reports(report: Mapping[str, Any], *, new: int) -> None:
    """Say what came of reports of ads, of whose rows so many are new in the lake."""
    for file in report["files"]:
        say_file(file, what="a report of ads", here="reports of this platform")
    say(
        f"{report['ads']:,} ads, {report['first_day']} to {report['last_day']}: "
        f"{money(report['spent'])} spent, restatements included."
    )
    say(f"New in the lake: {new:,} rows of ads and days (equal repeats append nothing).")
    say_what_is_left(report["outdated"], inserted=new)


def say_listings(file: Path, read: Sequence[ReadListing], new: int) -> None:
    """Say what was told of accounts: of listings, or of followers alone.

    Args:
        file: The file.
        read: What it tells.
        new: How much of it was not told before.
    """
    complete = sum(listing.is_complete for listing in read)
    if not complete and all(listing.followers is not None for listing in read):
        days = sorted(listing.finished_at for listing in read)
        say(
            f"{file.name}: followers of {len(read):,} moments, {when_said(days[0])} to "
            f"{when_said(days[-1])} (UTC); {new:,} are new."
        )
    else:
        say(f"{file.name}: {len(read):,} listings, {complete:,} of them complete; {new:,} are new.")
    if new:
        say("What they prove is derived by the next run: layers-pipeline publish.")


def rules(counted: Mapping[str, int]) -> str:
    """Rules and how often they were broken, as words."""
    return ", ".join(f"{rule}: {count:,}" for rule, count in counted.items())


def say_what_is_left(outdated: Mapping[str, Any] | None, *, inserted: int) -> None:
    """Say which ticks are out of date, and whether a publication is needed.

    Args:
        outdated: The ticks, if there are any.
        inserted: Rows that are new in the lake.
    """
    if outdated:
        first, last = outdated["first"], outdated["last"]
        which = f"--at {first}" if first == last else f"--from {first} --to {last}"
        say(
            f"Scores of {outdated['ticks']:,} ticks ({first} to {last}, UTC) were made without "
            f"this. To score them anew: layers-pipeline score {which}"
        )
    elif inserted:
        say("The analysts' file does not show this yet. To publish it: layers-pipeline publish")


def money(spent: Mapping[str, int]) -> str:
    """Amounts of several currencies, never added up."""
    return ", ".join(_amount(currency, units) for currency, units in spent.items())


def _amount(currency: str, units: int) -> str:
    decimals = DECIMALS[currency]
    whole, part = divmod(units, 10**decimals)
    text = f"{whole:,}" + (f".{part:0{decimals}}" if decimals else "")
    return f"${text}" if currency == USD else f"{currency} {text}"


def print_formats(form: Format) -> None:
    """List every format that is read as it is."""
    rows = [
        ("own", "This project's own: docs/captures.md", "captures"),
        ("own", "This project's own: docs/ad_reports.md", "ad-metrics"),
        *((one.name, one.title, one.subject) for one in EXPORTS if one.is_imported),
    ]
    print_rows(form, ("format", "what it is", "import"), rows)


def when_said(value: object) -> str:
    """A moment (UTC) without the words of its zone."""
    return str(value).removesuffix("+00:00")
