"""Which content is looked at, in which order, with which columns: one record for every face.

Belongs here: the filter of content, reading it from a URL's query and writing it as one.
Does not belong here: asking (``content``), words of the filter's controls (the faces).

A query repeats a key for each of several values (``platform=tiktok&platform=instagram``), lists
columns with commas, and writes ``-`` before a column that is sorted downwards. What stands as it
does by default is left out.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeVar, get_args
from urllib.parse import parse_qsl, urlencode

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.validators import require_project_id
from transforms.vocabulary import (
    MEDIA_TYPES,
    PLATFORMS,
    POOLS,
    MediaType,
    Override,
    Platform,
    Pool,
)

Overridden = Literal[Override, "any", "none"]
"""What a person decided: one of both, anything at all, or nothing."""
OVERRIDDEN: Final[tuple[Overridden, ...]] = (*get_args(Override), "any", "none")
Deleted = Literal["hide", "show", "only"]
DELETED: Final[tuple[Deleted, ...]] = get_args(Deleted)

COLUMNS: Final = (
    "ads_content_id",
    "project_id",
    "container_id",
    "scoring_pool",
    "platform",
    "platform_post_id",
    "account_key",
    "creator_id",
    "media_type",
    "caption",
    "permalink",
    "media_url",
    "prompt",
    "influencer",
    "media_source",
    "published_at",
    "published_on",
    "first_seen_at",
    "deleted_at",
    "is_deleted",
    "last_checked_at",
    "views",
    "likes",
    "comments",
    "shares",
    "saves",
    "reach",
    "interaction_rate",
    "organic_score",
    "score_of",
    "scoring_version",
    "scored_at",
    "is_eligible",
    "reason",
    "override",
    "override_note",
    "approval",
    "ads",
    "running_ads",
    "is_running",
    "currency",
    "spend_cents",
    "impressions",
    "clicks",
    "conversions",
)
"""Columns of ``content_detail``: each can be shown, and sorted by."""
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
VALUES_MAX: Final = 200
"""Most values of one filter."""
TEXT_MAX: Final = 200
SCORE_MAX: Final = 10.0
CONTROLS: Final = ("Cc", "Cs")
"""Characters that no text of a filter has: controls, halves of surrogate pairs."""
REPEATED: Final = 40
"""So many characters of a refused value are repeated."""


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
            _require_words(name, value if isinstance(value, tuple) else (value,), known)
        _require_words("sort", self.sort[:1], COLUMNS)
        _require_columns(self.columns)
        for account in self.accounts:
            _require_account(account)
        for name in ("accounts", "creators", "search"):
            value = getattr(self, name)
            _require_texts(name, (value,) if isinstance(value, str) else value)
        for name in ("score_min", "score_max"):
            _require_score(name, getattr(self, name))
        _require_order("published_from", self.published_from, self.published_until)
        _require_order("score_min", self.score_min, self.score_max)

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
        for key, value in _pairs(query):
            given.setdefault(key, []).append(value)
        for key in given.keys() - FIELDS.keys() - set(others):
            raise _refused(key, given[key][0], f"no such parameter. Use {_listed(FIELDS)}")
        values = {FIELDS[key]: _read(key, texts) for key, texts in given.items() if key in FIELDS}
        return cls(project_id=project_id, **values)

    def to_query(self) -> str:
        """The filter as a URL's query without ``?``; its project stands in the path."""
        standard = ContentFilter(project_id=self.project_id)
        changed = (
            (key, getattr(self, name))
            for key, name in FIELDS.items()
            if getattr(self, name) != getattr(standard, name)
        )
        return urlencode([(key, text) for key, value in changed for text in _written(key, value)])


FIELDS: Final[Mapping[str, str]] = {
    "platform": "platforms",
    "media_type": "media_types",
    "account": "accounts",
    "creator": "creators",
    "from": "published_from",
    "until": "published_until",
    "pool": "pools",
    "score_min": "score_min",
    "score_max": "score_max",
    "eligible": "eligible",
    "override": "override",
    "running": "running",
    "deleted": "deleted",
    "search": "search",
    "sort": "sort",
    "columns": "columns",
}
"""Field by parameter of a URL."""
PARAMETERS: Final = {name: key for key, name in FIELDS.items()}
SEVERAL: Final = ("platform", "media_type", "account", "creator", "pool")
"""Parameters that may be repeated."""
WORDS: Final[Mapping[str, Sequence[str]]] = {
    "platforms": PLATFORMS,
    "media_types": MEDIA_TYPES,
    "pools": POOLS,
    "override": OVERRIDDEN,
    "deleted": DELETED,
}
"""Fields that hold words of a closed list."""
TRUTHS: Final = {"yes": True, "no": False}
End = TypeVar("End", date, float)


def _pairs(query: str | Mapping[str, str | Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Parameters and values that say something, in order."""
    if isinstance(query, str):
        yield from parse_qsl(query.removeprefix("?"))
        return
    for key, value in query.items():
        for text in (value,) if isinstance(value, str) else value:
            if text:
                yield key, text


def _read(key: str, texts: Sequence[str]) -> Any:  # noqa: ANN401 - as the field has it
    """A field's value from the texts of its parameter."""
    if key in SEVERAL:
        return tuple(texts)
    if len(texts) > 1:
        raise _refused(key, texts[1], "it comes twice. Give one value")
    return READERS.get(key, _as_it_is)(key, texts[0])


def _as_it_is(_key: str, text: str) -> str:
    return text


def _day(key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _refused(key, text, "write a day, such as 2025-05-14") from error


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise _refused(key, text, f"write a number from 0 to {SCORE_MAX:g}") from error


def _truth(key: str, text: str) -> bool:
    if text not in TRUTHS:
        raise _refused(key, text, f"use {_listed(TRUTHS)}")
    return TRUTHS[text]


def _sort(_key: str, text: str) -> tuple[str, bool]:
    return text.removeprefix("-"), text.startswith("-")


def _columns(_key: str, text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "from": _day,
    "until": _day,
    "score_min": _number,
    "score_max": _number,
    "eligible": _truth,
    "running": _truth,
    "sort": _sort,
    "columns": _columns,
}


def _written(key: str, value: object) -> Iterable[str]:
    """The texts that stand for a field's value."""
    match value:
        case tuple() if key == "columns":
            return [",".join(value)]
        case bool():
            return ["yes" if value else "no"]
        case (str(column), bool(descending)):
            return [f"-{column}" if descending else column]
        case tuple():
            return value
        case float():
            return [repr(value)]
        case _:
            return [str(value)]


def _require_words(name: str, words: Iterable[object], known: Sequence[str]) -> None:
    for word in words:
        if word not in (None, *known):
            raise _refused(PARAMETERS[name], word, f"use {_listed(known)}")


def _require_columns(columns: tuple[str, ...]) -> None:
    _require_words("columns", columns, COLUMNS)
    if not columns or len(set(columns)) < len(columns):
        raise _refused("columns", ",".join(columns), "name one or more, each once")


def _require_account(account: str) -> None:
    platform, _, key = account.partition(":")
    if platform not in PLATFORMS or not key:
        raise _refused("account", account, "write platform:account, such as tiktok:ada")


def _require_texts(name: str, texts: Sequence[str]) -> None:
    key = PARAMETERS[name]
    if len(texts) > VALUES_MAX:
        raise _refused(key, f"{len(texts)} values", f"give {VALUES_MAX} at most")
    for text in texts:
        if len(text) > TEXT_MAX or any(unicodedata.category(char) in CONTROLS for char in text):
            raise _refused(key, text, f"write one line of {TEXT_MAX} characters at most")


def _require_score(key: str, score: float | None) -> None:
    if score is not None and not 0 <= score <= SCORE_MAX:
        raise _refused(key, score, f"give a score from 0 to {SCORE_MAX:g}")


def _require_order(name: str, first: End | None, last: End | None) -> None:
    if first is not None and last is not None and first > last:
        raise _refused(PARAMETERS[name], first, f"give {last} or less, where the range ends")


def _refused(key: str, value: object, remedy: str) -> InputRefusedError:
    text = str(value)
    shown = text if len(text) <= REPEATED else f"{text[:REPEATED]}…"
    return InputRefusedError(f"filter {key}: {shown!r}: {remedy}.")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
