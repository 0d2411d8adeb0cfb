"""Saved views as filters: what a name stands for, and exporting those that ask for it.

Belongs here: from the stored text to a filter, one round of exports.
Does not belong here: storing (``operations``), writing one file (``exports``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from layers_pipeline.errors import InputRefusedError, LayersError
from layers_pipeline.operations.saved_views import SavedView
from layers_pipeline.views.exports import Export, problems_of, prune_exports, write_export
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Views


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round of exports came to."""

    exports: tuple[Export, ...]
    problems: tuple[str, ...]
    """Views that could not be exported, and files that are not what the query gives."""
    pruned: tuple[Path, ...]


def filter_of(view: SavedView) -> ContentFilter:
    """The filter that a view stands for.

    Raises:
        InputRefusedError: It was saved by a version that knew other values.
    """
    try:
        return ContentFilter.from_query(view.query, project_id=view.project_id)
    except InputRefusedError as error:
        raise InputRefusedError(
            f"view {view.name!r} of project {view.project_id!r}: {error} Save it again: "
            "layers-pipeline views save."
        ) from error


def export_all(
    views: Views, wanted: Sequence[SavedView], folder: Path, *, kept: int, now: datetime
) -> Round:
    """Export every view that asks for it, each held to its query, all of one generation.

    One that fails is told, and does not keep the others.
    """
    exports: list[Export] = []
    problems: list[str] = []
    with views.reading() as reader:
        for view in wanted:
            if view.export_as is None:
                continue
            try:
                rows = filter_of(view)
                export = write_export(
                    reader, rows, folder, name=view.name, form=view.export_as, now=now
                )
                found = problems_of(reader, rows, export, folder)
                exports.append(export)
                problems += [f"{view.project_id}/{view.name}: {problem}" for problem in found]
            except LayersError as error:
                problems.append(str(error))
    pruned = prune_exports(folder, kept=kept) if folder.exists() else []
    return Round(exports=tuple(exports), problems=tuple(problems), pruned=tuple(pruned))
