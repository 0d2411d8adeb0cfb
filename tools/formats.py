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
MADE: Final = "<!-- Made from the records by `python -m tools.formats` from here on. -->\n"
"""What stands above this line of the page is written by people."""
TABLE: Final = """
| `--file-format` | what it is | import | platform | time of the capture |
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


def as_markdown(page: str) -> str:
    """The page, made anew below the line that says so."""
    written = page.partition(MADE)[0]
    table = TABLE + "".join(_line(export) for export in EXPORTS)
    return written + MADE + table + "\n" + "\n".join(_section(export) for export in EXPORTS)


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
    PAGE.write_text(as_markdown(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
