"""Figures of the analysts' file: which generation, how old it is, and how old what it shows.

Belongs here: what the published status tables say.
Does not belong here: rows of posts, which nothing here looks at.

Costs one question to the mart ``freshness``, which has a row per subject and part.
"""

from datetime import datetime
from typing import Final

from layers_pipeline.steps.watch.families import Families, gauge, instants, single
from layers_pipeline.views.health import freshness
from layers_pipeline.views.opening import Views

OF_PROJECTS: Final = "scores"
"""The subject whose parts are projects; the others' are platforms."""


def of_published(views: Views) -> Families:
    """The newest generation, and when it was made."""
    with views.reading() as reader:
        generation, as_of = reader.generation, reader.as_of
    yield gauge("published_generation", "Newest generation published.", single(generation))
    yield gauge(
        "published_timestamp_seconds",
        "When the newest generation was published.",
        single(as_of.timestamp()),
    )


def of_freshness(views: Views, *, per_account: bool) -> Families:
    """How fresh each subject is in the newest generation."""
    newest: dict[tuple[str, ...], datetime | None] = {}
    for row in freshness(views):
        is_named = per_account or row.subject != OF_PROJECTS
        key = (row.subject, row.part if is_named else "")
        known = newest.get(key)
        newest[key] = row.newest_at if known is None else max(known, row.newest_at)
    yield gauge(
        "freshness_timestamp_seconds",
        "Newest of a subject that is published: counts of posts, followers, syncs, scores, ads.",
        instants(newest),
        ("subject", "part"),
    )
