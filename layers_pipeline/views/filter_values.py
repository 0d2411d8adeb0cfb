"""Values of filters: what they may be, and how a URL's query writes them.

Belongs here: closed lists, limits, reading texts, refusals that say what is allowed.
Does not belong here: the filter itself (``filters``).
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal, TypeVar, get_args
from urllib.parse import parse_qsl

from layers_pipeline.errors import InputRefusedError
from transforms.sql.models import models
from transforms.vocabulary import PLATFORMS, Override

Overridden = Literal[Override, "any", "none"]
"""What a person decided: one of both, anything at all, or nothing."""
OVERRIDDEN: Final[tuple[Overridden, ...]] = (*get_args(Override), "any", "none")
Deleted = Literal["hide", "show", "only"]
DELETED: Final[tuple[Deleted, ...]] = get_args(Deleted)

COLUMNS: Final = tuple(
    column.name for model in models() if model.name == "content_detail" for column in model.columns
)
"""Columns of ``content_detail``: each can be shown, and sorted by."""
VALUES_MAX: Final = 200
"""Most values of one filter."""
TEXT_MAX: Final = 200
SCORE_MAX: Final = 10.0
CONTROLS: Final = ("Cc", "Cs")
"""Characters that no text of a filter has: controls, halves of surrogate pairs."""
REPEATED: Final = 40
"""So many characters of a refused value are repeated."""
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
TRUTHS: Final = {"yes": True, "no": False}
End = TypeVar("End", date, float)


def pairs(query: str | Mapping[str, str | Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Parameters and values that say something, in order."""
    if isinstance(query, str):
        yield from parse_qsl(query.removeprefix("?"))
        return
    for key, value in query.items():
        for text in (value,) if isinstance(value, str) else value:
            if text:
                yield key, text


def read(key: str, texts: Sequence[str]) -> Any:  # noqa: ANN401 - as the field has it
    """A field's value from the texts of its parameter."""
    if key in SEVERAL:
        return tuple(texts)
    if len(texts) > 1:
        raise refused(key, texts[1], "it comes twice. Give one value")
    return READERS.get(key, _as_it_is)(key, texts[0])


def _as_it_is(_key: str, text: str) -> str:
    return text


def _day(key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refused(key, text, "write a day, such as 2025-05-14") from error


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise refused(key, text, f"write a number from 0 to {SCORE_MAX:g}") from error


def _truth(key: str, text: str) -> bool:
    if text not in TRUTHS:
        raise refused(key, text, f"use {listed(TRUTHS)}")
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


def written(key: str, value: object) -> Iterable[str]:
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


def require_words(name: str, words: Iterable[object], known: Sequence[str]) -> None:
    """Refuse words that are not of a closed list; null may stand for none."""
    for word in words:
        if word not in (None, *known):
            raise refused(PARAMETERS[name], word, f"use {listed(known)}")


def require_columns(columns: tuple[str, ...]) -> None:
    """Refuse no columns, unknown ones, and one that is named twice."""
    require_words("columns", columns, COLUMNS)
    if not columns or len(set(columns)) < len(columns):
        raise refused("columns", ",".join(columns), "name one or more, each once")


def columns_read(key: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Columns of another list than that of live content, from their parameter.

    Raises:
        InputRefusedError: One is unknown, or named twice; names what there is.
    """
    columns = _columns(key, text)
    if len(set(columns)) < len(columns) or not set(columns) <= set(known):
        raise refused(key, text, f"name one or more, each once, of {listed(known)}")
    return columns


def sort_read(key: str, text: str, known: Sequence[str]) -> tuple[str, bool]:
    """A column of another list, and whether downwards, from their parameter.

    Raises:
        InputRefusedError: There is no such column; names what there is.
    """
    column, descending = _sort(key, text)
    if column not in known:
        raise refused(key, text, f"use {listed(known)}, with - before it for downwards")
    return column, descending


def require_account(account: str) -> None:
    """Refuse an account without its platform."""
    platform, _, key = account.partition(":")
    if platform not in PLATFORMS or not key:
        raise refused("account", account, "write platform:account, such as tiktok:ada")


def require_texts(name: str, texts: Sequence[str]) -> None:
    """Refuse texts that are too many, too long, or have control characters."""
    key = PARAMETERS[name]
    if len(texts) > VALUES_MAX:
        raise refused(key, f"{len(texts)} values", f"give {VALUES_MAX} at most")
    for text in texts:
        if len(text) > TEXT_MAX or any(unicodedata.category(char) in CONTROLS for char in text):
            raise refused(key, text, f"write one line of {TEXT_MAX} characters at most")


def require_score(key: str, score: float | None) -> None:
    """Refuse a number that no score can be."""
    if score is not None and not 0 <= score <= SCORE_MAX:
        raise refused(key, score, f"give a score from 0 to {SCORE_MAX:g}")


def require_order(name: str, first: End | None, last: End | None) -> None:
    """Refuse a range that ends before it begins."""
    if first is not None and last is not None and first > last:
        raise refused(PARAMETERS[name], first, f"give {last} or less, where the range ends")


def refused(key: str, value: object, remedy: str) -> InputRefusedError:
    """The refusal of a value, with what is allowed."""
    text = str(value)
    shown = text if len(text) <= REPEATED else f"{text[:REPEATED]}…"
    return InputRefusedError(f"filter {key}: {shown!r}: {remedy}.")


def listed(words: Iterable[str]) -> str:
    """Words of a closed list, for people."""
    return ", ".join(words)
