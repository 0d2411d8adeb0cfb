"""What the commands of ``import`` say of files: before they are read, and of what came of them.

Belongs here: sentences about files, formats and what an import leaves to be done.
Does not belong here: the commands themselves (``imports``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from layers_pipeline.cli.answers import Format, print_rows
from layers_pipeline.cli.terminal import print_table, say
from layers_pipeline.files.inspection import Inspected
from layers_pipeline.files.listings import ReadListing
from layers_pipeline.files.reader import ReadFile
from transforms.currencies import DECIMALS, USD
from transforms.exports.catalog import BY_NAME, EXPORTS
from transforms.facts.snapshots import POST

SHOWN_LOSSES = 8


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
            f"{file.name}: followers of {len(read):,} moments, {_when(days[0])} to "
            f"{_when(days[-1])} (UTC); {new:,} are new."
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


def say_inspected(one: Inspected) -> None:
    """Say what a table is and what an import would make of it."""
    file = one.file
    export = BY_NAME.get(file.format)
    say(f"{file.path.name}: {export.title if export else 'our own format'} ({file.format}).")
    say(f"  To import it: layers-pipeline import {one.subject} {file.path}")
    if file.mapping:
        print_table(("column of the file", "is read as"), list(file.mapping.items()))
    if export is not None and export.zone:
        say(f"  Times are those of {export.zone}.")
    if export is not None and (missing := sorted(_columns(one) - _given(file))):
        say(f"  Not in the file: {', '.join(missing)}.")
    if file.ignored_columns:
        say(f"  Not read: {', '.join(file.ignored_columns)}.")
    _say_rows(one)
    for note in file.notes:
        say(f"  Note: {note}.")
    for finding in file.findings:
        say(f"  Look at this: {finding}")


def _columns(one: Inspected) -> set[str]:
    kept = {"captures": {"published_at", "media_type", "views", "likes", "comments", "shares",
                         "saves", "followers", "permalink", "caption"},
            "ad-metrics": {"impressions", "clicks", "conversions", "conversion_value", "reach",
                           "frequency"}}  # fmt: skip
    return kept.get(one.subject, set())


def _given(file: ReadFile) -> set[str]:
    names = {name for ours in file.mapping.values() for name in ours.split(", ")}
    return names | {
        name for name in file.sound.columns if file.sound[name].null_count() < file.sound.height
    }


def _say_rows(one: Inspected) -> None:
    file, sound = one.file, one.file.sound
    aside = file.rows_set_aside.height
    say(f"  {file.rows:,} rows: {sound.height:,} to import, {aside:,} to set aside.")
    for row in file.quarantined.head(SHOWN_LOSSES).iter_rows(named=True):
        line = str(row["origin"]).rpartition(":")[2]
        say(f"    line {line}: {row['broken_rules']}: {row['row']}")
    if one.subject == "captures":
        posts, accounts = sound.select(*POST).n_unique(), sound["account_key"].n_unique()
        say(
            f"  {posts:,} posts of {accounts:,} accounts, captured "
            f"{_when(sound['captured_at'].min())} to {_when(sound['captured_at'].max())} (UTC)."
        )
        return
    by = sound.select("currency", "spend_cents").group_by("currency").sum().sort("currency")
    spent = {currency or USD: units for currency, units in by.rows()}
    days = f"{sound['spent_on'].min()} to {sound['spent_on'].max()}"
    say(f"  {sound['ad_id'].n_unique():,} ads, {days}: {money(spent)} spent.")


def _when(value: object) -> str:
    text = str(value)
    return text.removesuffix("+00:00")
