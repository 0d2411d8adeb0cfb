"""The content grid: as many rows as there are, of which it holds those that are looked at.

Belongs here: the grid's options.
Does not belong here: columns (``columns``), rows (``views.content``), callbacks
(``pages.content``), functions that run in the browser (``assets/content.js``).
"""

from typing import Any, Final

import dash_ag_grid as dag
from dash.development.base_component import Component

from layers_pipeline.dashboard.content import ids
from layers_pipeline.dashboard.content.columns import definitions
from layers_pipeline.views.filters import ContentFilter

BLOCK: Final = 100
"""Rows that are asked for at once."""
BLOCKS_KEPT: Final = 10
COLUMN: Final[dict[str, Any]] = {
    "resizable": True,
    "sortable": True,
    "sortingOrder": ["desc", "asc"],
    "suppressHeaderMenuButton": True,
    "minWidth": 70,
}
LOOK: Final[dict[str, Any]] = {
    "theme": {"function": "layersTheme(themeQuartz)"},
    "tooltipShowDelay": 400,
    "enableCellTextSelection": True,
    "suppressDragLeaveHidesColumns": True,
    "animateRows": False,
}
SIZE: Final[dict[str, Any]] = {"height": "calc(100vh - 320px)", "minHeight": "360px"}


def grid(kept: ContentFilter) -> Component:
    """The grid for a filter; rows come once it is drawn."""
    return dag.AgGrid(
        id=ids.GRID,
        columnDefs=definitions(kept),
        defaultColDef=COLUMN,
        rowModelType="infinite",
        getRowId="params.data.ads_content_id",
        dashGridOptions={
            **LOOK,
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": BLOCKS_KEPT,
            "cacheOverflowSize": 1,
            "maxConcurrentDatasourceRequests": 1,
            "infiniteInitialRowCount": 1,
            "rowBuffer": 10,
        },
        eventListeners={
            "rowClicked": ["openContent(params)"],
            "cellKeyDown": ["openContentByKey(params)"],
        },
        className="content-grid",
        style=SIZE,
    )
