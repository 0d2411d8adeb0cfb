"""How often Python looks for cycles of garbage while a sync reads many answers.

Belongs here: the collector's thresholds, for as long as something runs.
Does not belong here: what is held in memory, and until when it is written (``oauth``).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ALLOCATIONS: Final = 50_000
"""New containers between two looks at the youngest; Python's own number is 700."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles of garbage more rarely; as often as before once this is over.

    Answers are parsed into a hundred thousand containers a second, none of them in a cycle. At
    Python's pace a sixth of a sync's time goes into walking over them, and over all modules.
    """
    before = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
