"""Which content is looked at, in which order, with which columns: one record for every face.

Belongs here: the filter of content, reading it from a URL's query and writing it as one.
Does not belong here: single values (``filter_values``), asking (``content``).

A query repeats a key for each of several values (``platform=tiktok&platform=instagram``), lists
columns with commas, and writes ``-`` before a column that is sorted downwards. What stands as it
does by default is left out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from layers_pipeline.operations.validators import require_project_id
from layers_pipeline.views.filter_values import (
    COLUMNS,
    DELETED,
    FIELDS,
    OVERRIDDEN,
    SCORE_MAX,
    TEXT_MAX,
    Deleted,
    Overridden,
    listed,
    pairs,
    read,
    refused,
    require_account,
    require_columns,
    require_order,
    require_score,
    require_texts,
    require_words,
    written,
)
from transforms.vocabulary import (
    MEDIA_TYPES,
    PLATFORMS,
    POOLS,
    MediaType,
    Platform,
    Pool,
)

__all__ = [
    "COLUMNS",
    "DELETED",
    "FIELDS",
    "OVERRIDDEN",
    "SCORE_MAX",
    "SHOWN",
    "SORT",
    "TEXT_MAX",
    "ContentFilter",
    "Deleted",
    "Overridden",
]

SHOWN: Final = (
    "platform",
    "media_type",
    "account_key",
    "caption",
    "published_on",
    "views",
    "likes",
    "comments",
    "shares",
    "saves",
    "interaction_rate",
    "scoring_pool",
    "organic_score",
    "is_eligible",
    "reason",
    "override",
    "is_running",
)
"""Columns that are shown unless others are asked for."""
SORT: Final = ("published_at", True)
WORDS: Final[Mapping[str, Sequence[str]]] = {
    "platforms": PLATFORMS,
    "media_types": MEDIA_TYPES,
    "pools": POOLS,
    "override": OVERRIDDEN,
    "deleted": DELETED,
}
"""Fields that hold words of a closed list."""


@dataclass(frozen=True, kw_only=True)
class ContentFilter:
    """Which content of a project, in which order, with which columns.

    What is left out keeps everything. Several values of one filter are alternatives, several
    filters hold together.

    Raises:
        InputRefusedError: A value is not allowed; names the filter, the value, what is.
    """

    project_id: str
    platforms: tuple[Platform, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    accounts: tuple[str, ...] = ()
    """Accounts that published it, as ``platform:account key``."""
    creators: tuple[str, ...] = ()
    """Creators behind those accounts."""
    published_from: date | None = None
    """First day of publication, in the project's time zone."""
    published_until: date | None = None
    """Last day of publication, in the project's time zone."""
    pools: tuple[Pool, ...] = ()
    score_min: float | None = None
    score_max: float | None = None
    """Least and highest score; content without a score has neither."""
    eligible: bool | None = None
    override: Overridden | None = None
    running: bool | None = None
    """Whether an ad of it runs now."""
    deleted: Deleted = "hide"
    search: str = ""
    """Text that the caption, prompt, influencer, account or an id contains, in any case."""
    sort: tuple[str, bool] = SORT
    """Column, and whether downwards; unknown values come last either way."""
    columns: tuple[str, ...] = SHOWN

    def __post_init__(self) -> None:
        require_project_id(self.project_id)
        for name, known in WORDS.items():
            value = getattr(self, name)
            require_words(name, value if isinstance(value, tuple) else (value,), known)
        require_words("sort", self.sort[:1], COLUMNS)
        require_columns(self.columns)
        for account in self.accounts:
            require_account(account)
        for name in ("accounts", "creators", "search"):
            value = getattr(self, name)
            require_texts(name, (value,) if isinstance(value, str) else value)
        for name in ("score_min", "score_max"):
            require_score(name, getattr(self, name))
        require_order("published_from", self.published_from, self.published_until)
        require_order("score_min", self.score_min, self.score_max)

    @classmethod
    def from_query(
        cls,
        query: str | Mapping[str, str | Sequence[str]],
        *,
        project_id: str,
        others: Collection[str] = (),
    ) -> "ContentFilter":
        """The filter that a URL's query describes; what is left out or empty is the default.

        Args:
            query: With or without the ``?``, or values by parameter.
            others: Parameters of the page itself, which are passed over.
        """
        given: dict[str, list[str]] = {}
        for key, value in pairs(query):
            given.setdefault(key, []).append(value)
        for key in given.keys() - FIELDS.keys() - set(others):
            raise refused(key, given[key][0], f"no such parameter. Use {listed(FIELDS)}")
        values = {FIELDS[key]: read(key, texts) for key, texts in given.items() if key in FIELDS}
        return cls(project_id=project_id, **values)

    def to_query(self) -> str:
        """The filter as a URL's query without ``?``; its project stands in the path."""
        standard = ContentFilter(project_id=self.project_id)
        changed = (
            (key, getattr(self, name))
            for key, name in FIELDS.items()
            if getattr(self, name) != getattr(standard, name)
        )
        return urlencode([(key, text) for key, value in changed for text in written(key, value)])
