"""Files of creatives: one file in, all of its creatives added, or none and every bad line named.

Belongs here: columns of such a file, what is wrong on which line, adding them together.
Does not belong here: file formats (``files.formats``), what a creative may be (``operations``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from layers_pipeline import moments
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import read_raw_file
from layers_pipeline.operations.content_ids import creative_container_id, kind_of_creative
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.steps.stores import Stores
from transforms.staging.captures import LINE

REQUIRED: Final = ("project_id", "kind", "slug")
COLUMNS: Final = (*REQUIRED, "created_at", "prompt", "influencer", "media_source")
EXPLAINED: Final = 20
"""Bad lines that are explained; of further ones only the numbers are given."""


@dataclass(frozen=True, kw_only=True)
class CreativesAdded:
    """What adding a file did: its rows, those that were new, and columns that it did not need."""

    rows: int
    new: int
    ignored_columns: tuple[str, ...]


def new_creative(
    *, project_id: str, kind: str, slug: str, created_at: datetime | None, **words: str | None
) -> NewCreative:
    """A creative in the words of people, who know its kind and slug but no container."""
    container_id = creative_container_id(kind, slug)
    return NewCreative(
        project_id=project_id,
        container_id=container_id,
        kind=kind_of_creative(container_id) or "manual",
        created_at=created_at,
        **words,
    )


def add_creatives_of(stores: Stores, path: Path) -> CreativesAdded:
    """Add every creative of a Parquet, CSV or NDJSON file; the same file again changes nothing.

    Raises:
        InputRefusedError: The file cannot be read, or lines are wrong, each of which is named;
            nothing was written.
    """
    raw = read_raw_file(path, columns=COLUMNS, required=REQUIRED)
    if missing := [name for name in REQUIRED if name not in raw.columns]:
        raise InputRefusedError(
            f"{path}: has no column {', '.join(missing)}. Columns are {', '.join(COLUMNS)}; the"
            f" first {len(REQUIRED)} are needed."
        )
    rows = raw.rows.to_dicts()
    creatives, wrong = _creatives(rows)
    now = stores.clock.now()
    found = stores.operations.creatives.problems([*creatives.values()], now=now)
    lines = list(creatives)
    wrong |= {lines[position]: said for position, said in found.items()}
    if wrong:
        raise InputRefusedError(_refusal_of(path, wrong, rows=len(rows)))
    new = stores.operations.creatives.add(creatives.values(), now=now)
    ignored = tuple(name for name in raw.columns if name not in (*COLUMNS, LINE))
    return CreativesAdded(rows=len(rows), new=new, ignored_columns=ignored)


def _creatives(rows: list[dict[str, Any]]) -> tuple[dict[int, NewCreative], dict[int, str]]:
    """Creatives by line, and by line what is wrong with the others."""
    sound, wrong = {}, {}
    for row in rows:
        try:
            sound[row[LINE]] = _creative(row)
        except InputRefusedError as error:
            wrong[row[LINE]] = str(error)
    return sound, wrong


def _creative(row: Mapping[str, Any]) -> NewCreative:
    given = {name: _text(row.get(name)) for name in COLUMNS}
    if empty := [name for name in REQUIRED if not given[name]]:
        raise InputRefusedError(f"{', '.join(empty)} is empty. Fill it in.")
    made_at = given["created_at"]
    return new_creative(
        project_id=given["project_id"] or "",
        kind=given["kind"] or "",
        slug=given["slug"] or "",
        created_at=(
            moments.parse(made_at, what="created_at", naive="refused") if made_at else None
        ),
        prompt=given["prompt"],
        influencer=given["influencer"],
        media_source=given["media_source"],
    )


def _text(value: Any) -> str | None:  # noqa: ANN401 - Parquet has types of its own
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value).strip() or None


def _refusal_of(path: Path, wrong: Mapping[int, str], *, rows: int) -> str:
    explained = [f"Line {line}: {wrong[line]}" for line in islice(sorted(wrong), EXPLAINED)]
    others = ", ".join(f"{line}" for line in islice(sorted(wrong), EXPLAINED, None))
    also = [f"Lines {others} are wrong, too."] if others else []
    head = f"{path}: {len(wrong)} of {rows} lines are wrong, so nothing was added."
    return " ".join([head, *explained, *also])
