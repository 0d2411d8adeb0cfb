"""What a project's content can be filtered by: the accounts and creators that it has.

Belongs here: values of filters that data decide.
Does not belong here: closed words (``transforms.vocabulary``), the filter (``filters``).
"""

from dataclasses import dataclass
from typing import Final

from layers_pipeline.views.opening import Reader, Views
from transforms.sql import sql_of

CHOICES: Final = sql_of("views", "content_choices")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Accounts as ``platform:account key`` and creators, those with most content first."""

    accounts: tuple[str, ...]
    creators: tuple[str, ...]


def choices(views: Views | Reader, project_id: str) -> Choices:
    """What the content of a project can be filtered by."""
    with views.reading() as reader:
        rows = reader.rows(CHOICES, {"project_id": project_id})
    return Choices(
        accounts=tuple(row["choice"] for row in rows if row["what"] == "account"),
        creators=tuple(row["choice"] for row in rows if row["what"] == "creator"),
    )
