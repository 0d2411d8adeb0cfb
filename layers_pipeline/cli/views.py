"""``layers-pipeline views``: filters of content under a name, and files of what they keep.

Belongs here: commands, their options, saying what came of them.
Does not belong here: filters and files (``views``), storage (``operations``).
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.operations.saved_views import NewView
from layers_pipeline.views.exports import write_export
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import open_views
from layers_pipeline.views.saved import filter_of
from transforms.vocabulary import ExportFormat

views_app = typer.Typer()

NameArgument = Annotated[str, typer.Argument(metavar="VIEW", help="Short name of the view.")]
ByOption = Annotated[str, typer.Option(help="Who says so. Default: the user of this machine.")]


@views_app.command(
    "save",
    epilog=example(
        'views save best-reels --project my-brand --query "media_type=reel&sort=-views"'
    ),
)
def save_view(
    view: NameArgument,
    *,
    project: ProjectOption,
    query: Annotated[
        str, typer.Option(help="Filter as in the dashboard's address: platform=tiktok&sort=-views")
    ],
    export: Annotated[
        Literal[ExportFormat, "none"], typer.Option(help="What is written of it on the schedule.")
    ] = "none",
    by: ByOption = "",
) -> None:
    """Save a filter of content under a name, or change it; the same again changes nothing."""
    kept = ContentFilter.from_query(query, project_id=project)
    new = NewView(
        project_id=project,
        name=view,
        query=kept.to_query(),
        export_as=None if export == "none" else export,
    )
    with opened() as stores:
        changed = stores.operations.saved_views.save(
            new, changed_by=by or user_name("views save"), now=stores.clock.now()
        )
    say(f"View {view} of project {project!r}: {'saved' if changed else 'as it was'}.")


@views_app.command("list", epilog=example("views list --project my-brand"))
def list_views(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    form: FormatOption = "table",
) -> None:
    """List the saved views."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        found = stores.operations.saved_views.all()
    rows = [
        (row.project_id, row.name, row.query, row.export_as, row.known_at, row.changed_by)
        for row in found
        if project in ("", row.project_id)
    ]
    print_rows(form, ("project", "view", "query", "export", "since (UTC)", "by"), rows)


@views_app.command("show", epilog=example("views show best-reels --project my-brand"))
def show_view(view: NameArgument, *, project: ProjectOption, form: FormatOption = "table") -> None:
    """Show a saved view and every change of it, oldest first."""
    with opened() as stores:
        stores.operations.saved_views.get(project, view)
        history = stores.operations.saved_views.history()
    rows = [
        (row.known_at, row.query, row.export_as, row.is_forgotten, row.changed_by)
        for row in history
        if (row.project_id, row.name) == (project, view)
    ]
    print_rows(form, ("when (UTC)", "query", "export", "forgotten", "by"), rows)


@views_app.command("forget", epilog=example("views forget best-reels --project my-brand"))
def forget_view(view: NameArgument, *, project: ProjectOption, by: ByOption = "") -> None:
    """Take a view out of the list, and out of the scheduled exports; its files stay."""
    with opened() as stores:
        stores.operations.saved_views.forget(
            project, view, changed_by=by or user_name("views forget"), now=stores.clock.now()
        )
    say(f"View {view} of project {project!r}: forgotten.")


@views_app.command(
    "export", epilog=example("views export best-reels --project my-brand --format parquet")
)
def export_view(
    view: NameArgument,
    *,
    project: ProjectOption,
    form: Annotated[ExportFormat, typer.Option("--format", help="What is written.")] = "csv",
    folder: Annotated[
        Path | None, typer.Option(help="Where. Default: the folder of scheduled exports.")
    ] = None,
) -> None:
    """Write all rows of a saved view to a file now, with a manifest beside it."""
    with opened() as stores:
        home = folder or stores.settings.exports_location
        kept = filter_of(stores.operations.saved_views.get(project, view))
        views = open_views(stores.settings, clock=stores.clock)
        with views.reading() as reader:
            export = write_export(reader, kept, home, name=view, form=form, now=stores.clock.now())
        views.close()
    say(f"{home / project / view / export.file}: {export.rows:,} rows, as of {export.as_of}.")
