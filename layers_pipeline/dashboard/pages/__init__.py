"""The dashboard's pages, in the order of the menu.

Belongs here: which pages there are.
Does not belong here: the pages (one module each).
"""

from typing import Final

from layers_pipeline.dashboard.page import Page
from layers_pipeline.dashboard.pages import (
    content,
    coverage,
    creator,
    creators,
    dictionary,
    library,
    project,
    projects,
    statement,
    syncs,
)

PAGES: Final[tuple[Page, ...]] = (
    projects.PAGE,
    syncs.PAGE,
    coverage.PAGE,
    dictionary.PAGE,
    project.PAGE,
    content.PAGE,
    creators.PAGE,
    library.PAGE,
    syncs.OF_PROJECT,
    creator.PAGE,
    statement.PAGE,
)
