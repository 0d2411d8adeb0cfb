"""Log records of services and runs: as lines for people or as JSON, without secrets.

Belongs here: the form of a line, what every record says of its run and account, taking out secrets.
Does not belong here: what is worth a record (whoever does it), words in a terminal (``cli``).

Records are those of the standard library's ``logging``, so that libraries' own come along.
"""

import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from pythonjsonlogger.json import JsonFormatter

from layers_pipeline.redacting import KNOWN
from layers_pipeline.settings import Settings

OURS: Final = "layers_pipeline"
ABOUT: Final = ("run_id", "job", "account_id", "project_id", "source")
"""What a record says of where it arose, as far as it is known."""
MORE: Final = ("depth", "outcome", "said", "calls", "rows", "seconds", "memory_bytes", "succeeded")
"""What single records say beside their message."""
RENAMED: Final = {"asctime": "at", "levelname": "level", "name": "logger"}
TEXT: Final = "%(asctime)s %(levelname)s %(message)s"

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed
_written: list[str] = []
"""The form in which this process writes records now; empty: it writes none."""


@contextmanager
def about(**known: str | None) -> Generator[None]:
    """Say in every record of the block, and of tasks and threads it starts, what it is about."""
    named = {name: value for name, value in known.items() if value is not None}
    token = _about.set({**_about.get(), **named})
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def written(settings: Settings, *, to_people: bool = False) -> Generator[None]:
    """Write records to standard error while the block runs; within itself, part of the first.

    Args:
        to_people: Somebody sits at the terminal, whom text would only disturb.
    """
    KNOWN.add(settings.secrets)
    if _written:
        yield
        return
    ours, form = logging.getLogger(OURS), settings.log_format
    given = None if to_people and form == "text" else handler(form)
    level = ours.level
    _written.append(form)
    if given is not None:
        ours.addHandler(given)
        ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        _written.clear()
        ours.setLevel(level)
        if given is not None:
            ours.removeHandler(given)


def is_json() -> bool:
    """Whether this process writes its records as JSON now."""
    return _written == ["json"]


def handler(form: str) -> logging.Handler:
    """A handler that writes records to standard error."""
    made = _ToStandardError()
    made.addFilter(_say_what_it_is_about)
    made.setFormatter(_AsJson() if form == "json" else _AsText(TEXT))
    return made


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Standard error as it is when a record is written."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sys.stderr


class _AsJson(JsonFormatter):
    """An object per line: at, level, logger, message, what it is about, and more."""

    def __init__(self) -> None:
        fields = ("asctime", "levelname", "name", "message")
        super().__init__(fields, rename_fields=RENAMED, json_ensure_ascii=False)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        del datefmt
        return instant(record)

    def format(self, record: logging.LogRecord) -> str:
        return KNOWN.clean(super().format(record))


class _AsText(logging.Formatter):
    """A line for people; what it is about follows in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        shown = [
            f"{name}={value}"
            for name in (*ABOUT, *MORE)
            if (value := getattr(record, name, None)) is not None
        ]
        line = super().format(record)
        first, *rest = line.split("\n")
        return KNOWN.clean("\n".join([f"{first} [{' '.join(shown)}]" if shown else first, *rest]))


def instant(record: logging.LogRecord) -> str:
    """When a record was made, as ISO 8601 in UTC."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _say_what_it_is_about(record: logging.LogRecord) -> bool:
    given: dict[str, Any] = {**_about.get(), **_told_by_dagster(record)}
    for name, value in given.items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True


def _told_by_dagster(record: logging.LogRecord) -> dict[str, Any]:
    """What Dagster tells of its own records, without the event itself, which it keeps."""
    meta = record.__dict__.pop("dagster_meta", None)
    record.__dict__.pop("dagster_event", None)
    if not isinstance(meta, Mapping):
        return {}
    if said := meta.get("orig_message"):
        record.msg, record.args = said, None
    known = {"run_id": "run_id", "job": "job_name", "step": "step_key"}
    return {name: meta[theirs] for name, theirs in known.items() if meta.get(theirs)}
