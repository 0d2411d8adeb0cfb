"""The dashboard's pages, in the order of the menu.

Belongs here: which pages there are.
Does not belong here: the pages (one module each).
"""

from typing import Final

from layers_pipeline.dashboard.page import Page
from layers_pipeline.dashboard.pages import content, projects

PAGES: Final[tuple[Page, ...]] = (projects.PAGE, content.PAGE)
