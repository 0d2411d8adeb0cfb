"""Where long work says how far it is, whoever listens.

Belongs here: a reporter that a terminal, a test or a run can put in place for a block.
Does not belong here: drawing.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

Reporter = Callable[[str, int, int], None]


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


_reporter: ContextVar[Reporter] = ContextVar("reporter", default=_silent)


def report(what: str, done: int, total: int) -> None:
    """Say that ``done`` of ``total`` units of some work are finished."""
    _reporter.get()(what, done, total)


@contextmanager
def reporting(reporter: Reporter) -> Generator[None]:
    """Send reports to a reporter for the length of the block."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)
