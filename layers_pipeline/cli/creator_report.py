"""``layers-pipeline payout report``: what creators did, brought and earned in some days.

Belongs here: the command, its options, laying the report out.
Does not belong here: the report itself (``steps.pay.reports``).
"""

from typing import Annotated, Final

import typer

from layers_pipeline.cli.amounts import day_of
from layers_pipeline.cli.answers import FormatOption, print_for_programs
from layers_pipeline.cli.common import opened
from layers_pipeline.cli.terminal import print_table
from layers_pipeline.moments import parse
from transforms.facts.money import plain

IN_TABLE: Final = (
    *("project_id", "creator_id", "currency", "posts_synced", "posts_from_threshold"),
    *("views_change", "spend_cents", "conversions", "conversion_value_cents", "roas"),
    *("base_cents", "bonus_cents", "corrections_cents"),
)
"""What a terminal has room for; CSV and JSON have every column, in minor units."""


def report(
    *,
    first: Annotated[str, typer.Option("--from", help="First day, such as 2025-05-01.")],
    last: Annotated[str, typer.Option("--to", help="Last day, itself included.")],
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    at: Annotated[
        str, typer.Option(help="As known then, such as 2025-06-01T00:00:00Z. Default: now.")
    ] = "",
    form: FormatOption = "table",
) -> None:
    """Show what creators did, brought and earned in some days, as known now or at a past moment."""
    from layers_pipeline.steps.pay.reports import creator_report

    days = day_of(first, option="--from"), day_of(last, option="--to")
    moment = parse(at, what="--at", naive="utc") if at else None
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = creator_report(stores, *days, at=moment)
    if project:
        rows = rows.filter(project_id=project)
    if form != "table":
        return print_for_programs(form, rows.columns, rows.rows())
    heads = [name.removesuffix("_cents").removesuffix("_id").replace("_", " ") for name in IN_TABLE]
    return print_table(heads, [_shown(row) for row in rows.iter_rows(named=True)])


def _shown(row: dict[str, object]) -> tuple[object, ...]:
    """A row for people: money in major units of its currency."""
    currency = str(row["currency"])
    return tuple(
        plain(value, currency)
        if name.endswith("_cents") and isinstance(value := row[name], int)
        else row[name]
        for name in IN_TABLE
    )
