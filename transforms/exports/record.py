"""What there is to say of a format: which headers it has, and what becomes of each column.

Belongs here: the shape of a record.
Does not belong here: the records themselves (``meta``, ``tiktok``, ``scrapers``, ``schedulers``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Subject = Literal["captures", "ad-metrics", "listings", "nothing"]
"""What its rows tell: posts at a moment, what ads spent by day, what accounts had by day, or
nothing that is imported."""
Clock = Literal["iso", "epoch_s", "epoch_ms", "clock", "zone_words"]
"""How an instant is written: ISO 8601; seconds or milliseconds since 1970; as people write it, in
the format's zone; the same with the zone's abbreviation behind it."""
Moment = Literal["column", "file_name", "month_day", "given"]
"""Where the time of a capture stands: in a column; in the file's name; as a day without a year;
only in ``--captured-at``."""
Numbers = Literal["plain", "written"]
"""plain: as machines write numbers; written: as people do, with separators of some language."""

SHOWN: Final = r"(?s).+"
"""Any value at all."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """Where a value of ours comes from.

    Args:
        words: Header words in any language, each in small letters; of several that a file has,
            the first one with a value. ``{currency}`` stands for an ISO 4217 code.
        pattern: What of the value counts: the first group; null where it does not match.
        where: The value counts only in rows in which this column matches, or is empty.
    """

    words: tuple[str, ...]
    pattern: str | None = None
    where: tuple["Column", str] | None = None


Columns = tuple[Column, ...]
"""Several sources of one value, of which the first with a value counts."""


def of(*words: str, pattern: str | None = None) -> Columns:
    """One source: a column of any of these names."""
    return (Column(words=words, pattern=pattern),)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of post: our word, and what a row's columns match (whole values, small letters)."""

    media_type: str
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Export:
    """One format.

    Args:
        name: What ``--file-format`` calls it.
        title: What people call it.
        subject: What its rows tell.
        columns: Our columns, and where each comes from.
        needed: Our columns without which a file is not of this format.
        marks: Header words of which at least one must be there, in any language.
        absent: Header words that a file of another format has.
        platform: Platform of all rows, if it is one.
        kinds: Kinds of posts; the first that matches counts, and without any it is not told.
        numbers: How numbers are written.
        clock: How ``published_at`` is written.
        zone: IANA zone of times that carry none, whatever the user's; None: ``--timezone``.
        moment: Where the time of a capture stands.
        moment_clock: How it is written, if it stands in a column.
        hidden: Our columns that are null in rows where a header's column matches.
        unseen_zeros: Our columns in which zero means that nobody looked.
        built: Permalink made of our columns, where the file has none.
        id_tells_publication: The publication is taken from the id, whatever the file says.
        lifetime: A column that holds a day if the row's counts are of that day alone.
        rows_at: Where in a JSON document the rows stand.
        refused: Why nothing of it can be imported, and what can be done, for ``nothing``.
        notes: What a user should know, for docs/formats.md.
    """

    name: str
    title: str
    subject: Subject
    columns: Mapping[str, Columns] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    platform: str | None = None
    kinds: tuple[Kind, ...] = ()
    numbers: Numbers = "plain"
    clock: Clock = "iso"
    zone: str | None = None
    moment: Moment = "given"
    moment_clock: Clock = "iso"
    hidden: Mapping[str, tuple[Column, str]] = field(default_factory=dict)
    unseen_zeros: tuple[str, ...] = ()
    built: str | None = None
    id_tells_publication: bool = False
    lifetime: Columns = ()
    rows_at: str = ""
    refused: str = ""
    notes: str = ""

    @property
    def is_imported(self) -> bool:
        """Whether anything of it can be imported."""
        return self.subject != "nothing"

    def deciding_words(self) -> list[str]:
        """Header words of columns that decide which values of others count."""
        columns = [column for column, _ in self.hidden.values()]
        columns += self.lifetime
        columns += [one.where[0] for some in self.columns.values() for one in some if one.where]
        return [word for column in columns for word in column.words]

    def words(self) -> frozenset[str]:
        """Every header word that the record knows."""
        columns = [column for some in self.columns.values() for column in some]
        of_kinds = [word for kind in self.kinds for word in kind.where]
        known = [word for column in columns for word in column.words]
        return frozenset([*known, *self.deciding_words(), *of_kinds, *self.marks, *self.absent])
