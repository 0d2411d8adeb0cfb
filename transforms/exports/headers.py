"""Header words: the same word whatever its capitals, spaces and slashes, and what it says besides.

Belongs here: comparing headers; finding the columns of a record in a file; which record fits.
Does not belong here: the records; reading values.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from transforms.exports.record import Column, Columns, Export

CURRENCY: Final = "{currency}"
LEAST_SHARE: Final = 0.5
"""A format that lacks a needed column is named as what a file may be from this share on."""


def header_word(name: str) -> str:
    """A header in the form in which headers are compared."""
    plain = unicodedata.normalize("NFC", name).replace("\ufeff", "").replace("/", ".")
    return " ".join(plain.split()).casefold()


@dataclass(frozen=True, kw_only=True)
class Header:
    """The columns of a file, by the words that records know.

    Args:
        names: The file's own names by their comparable form, in the file's order.
    """

    names: Mapping[str, str]

    def find(self, word: str) -> tuple[str, str | None] | None:
        """The file's column of a word, and the currency that it names."""
        if CURRENCY not in word:
            name = self.names.get(word)
            return (name, None) if name is not None else None
        shape = re.compile(re.escape(word).replace(re.escape(CURRENCY), "([a-z]{3})") + "$")
        for shown, name in self.names.items():
            if match := shape.match(shown):
                return name, match.group(1).upper()
        return None

    def found(self, columns: Columns) -> tuple["Found", ...]:
        """The file's columns that give a value of ours, in order of preference."""
        return tuple(
            Found(column=column, name=name, currency=currency)
            for column in columns
            for word in column.words
            if (at := self.find(word)) is not None
            for name, currency in [at]
        )

    def has(self, words: Iterable[str]) -> bool:
        """Whether any of the words is there."""
        return any(self.find(word) is not None for word in words)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A column of a file that gives a value of ours, and the currency that its name says."""

    column: Column
    name: str
    currency: str | None = None


def header_of(names: Iterable[str]) -> Header:
    """The header of a file; of two names that compare equal the first counts."""
    words: dict[str, str] = {}
    for name in names:
        words.setdefault(header_word(name), name)
    return Header(names=words)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How a format fits a header.

    Args:
        missing: Needed columns of ours that the header does not give.
        known: Columns of the file that the format knows.
    """

    export: Export
    missing: tuple[str, ...]
    known: frozenset[str]


def fits(header: Header, exports: Sequence[Export], *, given: Iterable[str] = ()) -> list[Fit]:
    """The formats that a header fits, the one that knows most of its columns first.

    Args:
        header: A file's header.
        exports: Formats to try.
        given: Columns of ours that the user has given for all rows.
    """
    tried = [fit for export in exports if (fit := _fit(header, export, frozenset(given)))]
    whole = [fit for fit in tried if not fit.missing]
    return sorted(whole, key=lambda fit: (-len(fit.known), fit.export.name))


def nearest(header: Header, exports: Sequence[Export]) -> Fit | None:
    """The format that a file is nearest to, of those that it does not fit."""
    tried = [fit for export in exports if (fit := _fit(header, export, frozenset()))]
    near = [fit for fit in tried if fit.known and _share(fit) >= LEAST_SHARE]
    return max(near, key=lambda fit: (len(fit.known), fit.export.name), default=None)


def _share(fit: Fit) -> float:
    return 1 - len(fit.missing) / max(1, len(fit.export.needed))


def _fit(header: Header, export: Export, given: frozenset[str]) -> Fit | None:
    if header.has(export.absent) or (export.marks and not header.has(export.marks)):
        return None
    known = {found.name for columns in export.columns.values() for found in header.found(columns)}
    known |= {at[0] for word in export.words() if (at := header.find(word))}
    missing = tuple(
        name
        for name in export.needed
        if name not in given and not header.found(export.columns.get(name, ()))
    )
    return Fit(export=export, missing=missing, known=frozenset(known))
