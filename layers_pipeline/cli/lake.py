"""``layers-pipeline lake``: the lake's own upkeep by hand.

Belongs here: commands on tables as such, saying what came of them.
Does not belong here: what may change (``lake.migration``), daily upkeep (``maintain``).
"""

import typer

from layers_pipeline.cli.common import example
from layers_pipeline.cli.terminal import say
from layers_pipeline.lake.migration import migrate
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import open_lake

lake_app = typer.Typer(no_args_is_help=True, help="The lake's tables.")


@lake_app.command("migrate", epilog=example("lake migrate"))
def migrate_lake() -> None:
    """Add the columns that this version knows and stored tables lack; every start does so too."""
    added = migrate(open_lake(load_settings()))
    for table, columns in added.items():
        say(f"{table}: added {', '.join(columns)}. Older rows have null there.")
    if not added:
        say("Every table has the columns of its contract: nothing to add.")
