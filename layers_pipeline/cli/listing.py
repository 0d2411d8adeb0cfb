"""Rows as commands print them: for people as a table, for programs as CSV or JSON.

Belongs here: the choice between the forms.
Does not belong here: drawing tables (``terminal``), the text of CSV and JSON (``serving.query``).
"""

import sys
from collections.abc import Sequence
from typing import Any

from layers_pipeline.cli.query import Format, FormatOption
from layers_pipeline.cli.terminal import print_table

__all__ = ["Format", "FormatOption", "print_rows"]


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Format) -> None:
    """Print rows in the form that was asked for."""
    if form == "table":
        print_table(columns, rows)
        return
    from layers_pipeline.serving.query import as_csv, as_json

    sys.stdout.write((as_csv if form == "csv" else as_json)(columns, rows))
