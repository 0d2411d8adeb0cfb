"""Where Dagster's own records of a run go: its coloured lines, or JSON among ours.

Belongs here: the logger that jobs have, and what asks for it.
Does not belong here: the form of records (``logs``), where Dagster keeps events.
"""

import logging
from typing import Any, Final

import dagster as dg

from layers_pipeline import logs
from layers_pipeline.settings import load_settings

CONSOLE: Final = "console"


@dg.logger(
    config_schema={
        "log_level": dg.Field(str, is_required=False, default_value="INFO"),
        "name": dg.Field(str, is_required=False, default_value="dagster"),
    },
    description="Coloured lines, or JSON where LAYERS_LOG_FORMAT says so.",
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's records of a run, in the form that the settings name."""
    if load_settings().log_format == "text":
        coloured = dg.colored_console_logger.logger_fn
        return coloured(context)  # pyright: ignore[reportReturnType] - Dagster leaves it open
    made = logging.getLoggerClass()(context.logger_config["name"])
    made.setLevel(context.logger_config["log_level"])
    made.addHandler(logs.handler("json"))
    return made


def asking_for_json() -> dict[str, Any]:
    """What the configuration of a run needs where JSON is wanted.

    Without a word of loggers in it, Dagster writes its coloured lines, whatever a job has.
    """
    is_text = load_settings().log_format == "text"
    return {} if is_text else {"loggers": {CONSOLE: {"config": {}}}}
