"""The page of formats: what the records of exports say, as Markdown.

Belongs here: laying the records out as a page.
Does not belong here: the records (``transforms.exports``).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from transforms.exports.catalog import EXPORTS
from transforms.exports.record import Columns, Export

PAGE: Final = Path(__file__).parents[1] / "docs" / "formats.md"
INTRODUCTION: Final = """# Formats of files

Files as platforms, scrapers and tools export them are imported as they are. What a file is can be told from its columns, whatever their order, separator or language; `--format NAME` says it where it cannot. This page is made from the records in `transforms/exports/` by `python -m tools.formats`.

```bash
layers-pipeline import formats                 # the list
layers-pipeline import inspect Content.csv     # what a file is and what its import would make of it
layers-pipeline import captures Content.csv --project brand
layers-pipeline import ad-metrics ads.xlsx
```

**Tables** are CSV (commas, `;`, tabs or `|`; a line `sep=;` and titles above the header are passed over), JSON (one object a line, a list, or a document that holds the list), XLSX and Parquet; each also as `.gz` or in a ZIP, whose other files are left out. At most 4 GiB come out of one packed file, 1 GiB out of a workbook.

**What a file does not say** is asked, never assumed: `--captured-at` (an instant, or a day, which stands for its end in `--timezone`, UTC if none is named), `--account`, `--platform`, `--currency`, `--day`. What could be read in two ways is asked too: `--decimal point|comma` where nothing in the file tells thousands from decimals, `--date-order day-first|month-first` where no day is above 12, `--format` where two formats fit alike.

**What cannot be right is refused**: ids whose last digits a spreadsheet has rounded away, a moment of capture before the newest post of the file, counts of single days in place of totals so far, a period in place of a day, numbers or days written in two ways.

**What cannot be read of one row** (a publication, a kind of post, a count) is empty in that row, or taken from its id or address, and counted; the capture is kept. Hidden counts (`-1`) and zeros that nobody looked at are empty, never zero. Rows of totals are left out and compared with the sum of the others. If most publications lie the same distance from what their ids tell, the import says so: the zone is likely wrong.

**To add a format**, add one record to a module of `transforms/exports/`, a sample of its shape to `tests/files/samples.py`, and make this page anew.

| `--format` | what it is | import | platform | time of the capture |
|---|---|---|---|---|
"""
MOMENTS: Final = {
    "column": "in the file",
    "file_name": "in the file's name, else `--captured-at`",
    "month_day": "the day in the file",
    "given": "`--captured-at`",
}
CLOCKS: Final = {
    "iso": "ISO 8601",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "clock": "a clock as people write it",
    "zone_words": "a clock with its zone's abbreviation (EST, EDT, UTC)",
}


def as_markdown() -> str:
    """The page."""
    table = "".join(_line(export) for export in EXPORTS)
    return INTRODUCTION + table + "\n" + "\n".join(_section(export) for export in EXPORTS)


def _line(export: Export) -> str:
    what = f"`{export.subject}`" if export.is_imported else "nothing"
    moment = MOMENTS[export.moment] if export.subject == "captures" else ""
    return f"| `{export.name}` | {export.title} | {what} | {export.platform or ''} | {moment} |\n"


def _section(export: Export) -> str:
    return f"## {export.title} (`{export.name}`)\n\n" + "\n\n".join(_paragraphs(export)) + "\n"


def _paragraphs(export: Export) -> Iterator[str]:
    if not export.is_imported:
        yield f"{export.refused}."
        return
    if export.notes:
        yield export.notes
    rows = [f"| `{ours}` | {_sources(columns)} |" for ours, columns in export.columns.items()]
    yield "\n".join(["| ours | theirs |", "|---|---|", *rows])
    if export.kinds:
        yield "Kinds: " + "; ".join(_kinds(export)) + "."
    yield " ".join(_rules(export))


def _sources(columns: Columns) -> str:
    parts = []
    for column in columns:
        words = ", ".join(f"`{_escaped(word)}`" for word in column.words)
        parts.append(f"{words} (the part that is meant)" if column.pattern else words)
    return "; else ".join(parts)


def _kinds(export: Export) -> Iterator[str]:
    for kind in export.kinds:
        where = " and ".join(
            f"`{_escaped(word)}` is `{_escaped(value)}`" for word, value in kind.where.items()
        )
        yield f"`{kind.media_type}` where {where}" if where else f"`{kind.media_type}` otherwise"


def _rules(export: Export) -> Iterator[str]:
    if "published_at" in export.columns:
        zone = f", in {export.zone}" if export.zone else ""
        yield f"Publication is written as {CLOCKS[export.clock]}{zone}."
    if export.id_tells_publication:
        yield "Publication is taken from the id."
    if export.numbers == "written":
        yield "Numbers may have separators of any language."
    for name in export.hidden:
        yield f"`{name}` is empty where the file says that it is hidden."
    for name in export.unseen_zeros:
        yield f"`{name}` of 0 is empty."
    yield "Needed: " + ", ".join(f"`{name}`" for name in export.needed) + "."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(as_markdown(), encoding="utf-8")
