"""``layers-pipeline metrics``: the figures of a deployment, printed once.

Belongs here: the command, its forms.
Does not belong here: the figures (``steps.watch``), serving them (``dashboard``).
"""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from layers_pipeline.steps.watch.collector import Figures

FORMATS = Literal["text", "json"]


def metrics(
    form: Annotated[
        FORMATS,
        typer.Option("--format", help="text as Prometheus reads it; json: an object per sample."),
    ] = "text",
) -> None:
    """Print how the deployment stands in figures, as Prometheus reads them.

    Nothing is changed. A part that cannot be read is missing, and layers_scrape_error names it.
    """
    from layers_pipeline.clock import SystemClock
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.watch.collector import Figures, exposition

    figures = Figures(load_settings(), SystemClock())
    try:
        if form == "text":
            sys.stdout.write(exposition(figures).decode())
        else:
            _print_json(figures)
    finally:
        figures.close()


def _print_json(figures: "Figures") -> None:
    from layers_pipeline.cli.answers import print_for_programs

    found = [
        {"metric": sample.name, "type": family.type, "value": sample.value, "labels": sample.labels}
        for family in figures.collect()
        for sample in family.samples
    ]
    print_for_programs("json", (), (), things=found)
