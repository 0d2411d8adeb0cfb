"""The content grid: as many rows as there are, of which it holds those that are looked at.

Belongs here: the grid's options.
Does not belong here: columns (``columns``), rows (``views.content``), callbacks
(``pages.content``), functions that run in the browser (``assets/content.js``).
"""

from typing import Final

import dash_ag_grid as dag
from dash.development.base_component import Component

from layers_pipeline.dashboard.content import ids
from layers_pipeline.dashboard.content.columns import definitions
from layers_pipeline.views.filters import ContentFilter

BLOCK: Final = 100
"""Rows that are asked for at once."""
BLOCKS_KEPT: Final = 10


def grid(kept: ContentFilter) -> Component:
    """The grid for a filter; rows come once it is drawn."""
    return dag.AgGrid(
        id=ids.GRID,
        columnDefs=definitions(kept),
        defaultColDef={
            "resizable": True,
            "sortable": True,
            "sortingOrder": ["desc", "asc"],
            "suppressHeaderMenuButton": True,
            "minWidth": 70,
        },
        rowModelType="infinite",
        getRowId="params.data.ads_content_id",
        dashGridOptions={
            "theme": {"function": "layersTheme(themeQuartz)"},
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": BLOCKS_KEPT,
            "cacheOverflowSize": 1,
            "maxConcurrentDatasourceRequests": 1,
            "infiniteInitialRowCount": 1,
            "rowBuffer": 10,
            "tooltipShowDelay": 400,
            "enableCellTextSelection": True,
            "suppressDragLeaveHidesColumns": True,
            "animateRows": False,
        },
        eventListeners={
            "rowClicked": ["openContent(params)"],
            "cellKeyDown": ["openContentByKey(params)"],
        },
        className="content-grid",
        style={"height": "calc(100vh - 330px)", "minHeight": "360px"},
    )
