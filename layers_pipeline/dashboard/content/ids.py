"""Ids of the content page's elements that callbacks of several modules name.

Belongs here: ids.
Does not belong here: components.
"""

from typing import Final

URL: Final = "content-url"
PROJECT: Final = "content-project"
ROWS: Final = "content-rows"
"""Store: the query of what decides which rows there are; null where it cannot be read."""
GENERATION: Final = "content-generation"
"""Store: the publication whose rows the grid holds."""
AGAIN: Final = "content-again"
OPENED: Final = "content-opened"
"""Store: the content that the panel shows."""
PANEL: Final = "content-panel"
DETAIL: Final = "content-detail"
GRID: Final = "content-grid"
COUNT: Final = "content-count"
PROBLEM: Final = "content-problem"
CSV: Final = "content-csv"
CLEAR: Final = "live-clear"
