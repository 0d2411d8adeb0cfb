"""``layers-pipeline content find`` and ``show``: published content as the dashboard shows it.

Belongs here: commands, their options, laying out what was found.
Does not belong here: finding (``views``).
"""

import sys
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, opened
from layers_pipeline.cli.terminal import print_table, say
from layers_pipeline.serving.query import as_json
from layers_pipeline.views.content import batches, count, page, stream_csv
from layers_pipeline.views.detail import Detail, detail
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Reader, open_views
from layers_pipeline.views.saved import filter_of

ROWS: Final = 20


def find_content(
    project: ProjectOption,
    *,
    query: Annotated[
        str, typer.Option(help="Filter as in the dashboard's address: platform=tiktok&sort=-views")
    ] = "",
    view: Annotated[str, typer.Option(help="A saved view, instead of a filter.")] = "",
    rows: Annotated[
        int, typer.Option(min=1, help="Rows of the table; CSV and JSON have all.")
    ] = ROWS,
    form: FormatOption = "table",
) -> None:
    """Find published content: the rows, order and columns of the dashboard's list."""
    with opened() as stores:
        kept = (
            filter_of(stores.operations.saved_views.get(project, view))
            if view
            else ContentFilter.from_query(query, project_id=project)
        )
        stores.operations.projects.get(project)
        settings = stores.settings
    views = open_views(settings)
    with closing(views), views.reading() as reader:
        if form == "csv":
            _stream_csv(reader, kept)
        elif form == "json":
            _write_json(reader, kept)
        else:
            _print_page(reader, kept, rows)


def show_content(
    content: Annotated[
        str, typer.Argument(help="Container, such as tiktok:75 or generated:teaser.")
    ],
    *,
    project: ProjectOption,
    form: FormatOption = "table",
) -> None:
    """Show all that is known of one content; JSON has every section, trends included."""
    with opened() as stores:
        settings = stores.settings
    views = open_views(settings)
    with closing(views):
        found = detail(views, project, f"{project}/{content.removeprefix(f'{project}/')}")
    if form == "json":
        sys.stdout.write(as_json(tuple(asdict(found)), [tuple(asdict(found).values())]))
        return
    _print_detail(found, form)


def _stream_csv(reader: Reader, kept: ContentFilter) -> None:
    for piece in stream_csv(reader, kept):
        sys.stdout.write(piece.decode())


def _write_json(reader: Reader, kept: ContentFilter) -> None:
    rows = [row for frame in batches(reader, kept) for row in frame.rows()]
    sys.stdout.write(as_json(kept.columns, rows))


def _print_page(reader: Reader, kept: ContentFilter, rows: int) -> None:
    found = page(reader, kept, 0, rows)
    print_table(kept.columns, [[row[name] for name in kept.columns] for row in found])
    say(f"{len(found):,} of {count(reader, kept):,}, as of {reader.as_of:%Y-%m-%d %H:%M} UTC.")


def _print_detail(found: Detail, form: FormatOption) -> None:
    metrics = [(one.name, one.value, one.since, one.checked_at) for one in found.metrics]
    if form == "csv":
        print_rows(form, ("metric", "value", "since", "checked_at"), metrics)
        return
    known = [(name, value) for name, value in found.content.items() if value is not None]
    print_table(("content", "value"), known)
    print_table(("metric", "value", "since (UTC)", "looked at (UTC)"), metrics)
    for title, rows in (("said", found.decisions), ("ads", found.ads), ("why not", found.why)):
        if rows:
            print_table(tuple(rows[0]), [tuple(row.values()) for row in rows], title=title)
