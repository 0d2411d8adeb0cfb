"""Days and times as people write them, in the languages of the platforms' own exports.

Belongs here: month words, orders of day and month, clocks of twelve hours, zone abbreviations.
Does not belong here: ISO 8601 (``transforms.staging.parsing``); which column holds a time.

``03/04/2025`` is a day in March or in April: a format says which, or another row of the file does
(``25/03/2025``); else it is asked, never guessed.
"""

from typing import Final, Literal

import polars as pl

Order = Literal["day-first", "month-first"]

MONTHS: Final = (
    (
        "january, jan, enero, ene, janeiro, janvier, janv, januar, jänner, январь, января, "
        "янв, tháng một, gennaio, gen"
    ),
    (
        "february, feb, febrero, fevereiro, fev, février, févr, februar, февраль, февраля, "
        "февр, фев, tháng hai, febbraio"
    ),
    ("march, mar, marzo, março, mars, märz, mär, март, марта, мар, tháng ba"),
    ("april, apr, abril, abr, avril, avr, апрель, апреля, апр, tháng tư, aprile"),
    ("may, mayo, maio, mai, май, мая, tháng năm, maggio, mag"),
    ("june, jun, junio, junho, juin, juni, июнь, июня, июн, tháng sáu, giugno, giu"),
    ("july, jul, julio, julho, juillet, juil, juli, июль, июля, июл, tháng bảy, luglio, lug"),
    ("august, aug, agosto, ago, août, август, августа, авг, tháng tám"),
    (
        "september, sept, sep, septiembre, setembro, set, septembre, сентябрь, сентября, "
        "сент, сен, tháng chín, settembre"
    ),
    (
        "october, oct, octubre, outubro, out, octobre, oktober, okt, октябрь, октября, окт, "
        "tháng mười, ottobre, ott"
    ),
    ("november, nov, noviembre, novembro, novembre, ноябрь, ноября, нояб, ноя, tháng mười một"),
    (
        "december, dec, diciembre, dic, dezembro, dez, décembre, déc, dezember, декабрь, "
        "декабря, дек, tháng mười hai, dicembre"
    ),
)
"""Names and abbreviations: English, Spanish, Portuguese, French, German, Russian, Vietnamese,
Italian."""
MONTH_OF: Final = {
    word: number for number, words in enumerate(MONTHS, start=1) for word in words.split(", ")
}
_LONGEST_FIRST: Final = sorted(MONTH_OF, key=len, reverse=True)
MONTH: Final = rf"(?:^|[^\p{{L}}])({'|'.join(_LONGEST_FIRST)})(?:[^\p{{L}}]|$)"

ZONES: Final = {
    "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7,
}  # fmt: skip
"""Abbreviations of United States zones and of UTC, in hours east of it."""

NUMERIC: Final = r"^([0-9]{1,2})[/.\-]\s?([0-9]{1,2})[/.\-]\s?([0-9]{4}|[0-9]{2})(?:[^0-9]|$)"
YEAR_FIRST: Final = (
    r"^([0-9]{4})\s?[\-/.年년]\s?([0-9]{1,2})\s?[\-/.月월]\s?([0-9]{1,2})(?:[^0-9]|$)"
)
CLOCK: Final = (
    r"(?:^|[^0-9:])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?"
    r"[\s\u202f\u00a0]?([AaPp])?\.?(?:[Mm]\.?)?"
)


def order_told(text: pl.Expr) -> dict[Order, pl.Expr]:
    """Per order of day and month, whether a numeric day can only be written in it."""
    parts = text.str.strip_chars().str.extract_groups(NUMERIC)
    first, second = (parts.struct.field(number).cast(pl.Int64) for number in ("1", "2"))
    return {
        "day-first": (first > 12) & (second <= 12),  # noqa: PLR2004 - months
        "month-first": (second > 12) & (first <= 12),  # noqa: PLR2004 - months
    }


def is_open(text: pl.Expr) -> pl.Expr:
    """Whether a day could be read in both orders, and the two are different days."""
    parts = text.str.strip_chars().str.extract_groups(NUMERIC)
    first, second = (parts.struct.field(number).cast(pl.Int64) for number in ("1", "2"))
    return (first <= 12) & (second <= 12) & (first != second)  # noqa: PLR2004 - months


def has_dots(text: pl.Expr) -> pl.Expr:
    """Whether a numeric day is written with points, which only languages with the day first do."""
    return text.str.strip_chars().str.contains(r"^[0-9]{1,2}\.\s?[0-9]{1,2}\.\s?[0-9]{2,4}")


def read_written_day(text: pl.Expr, order: Order | None) -> pl.Expr:
    """The day that a text begins with or spells out; null where it tells none.

    Args:
        text: Text such as ``2025-08-13``, ``13.08.2025``, ``August 13, 2025``, ``13 août 2025``.
        order: Of day and month where both are numbers; None leaves such days unread, but for
            those that can be read in one way only.
    """
    low = text.str.strip_chars().str.to_lowercase()
    iso = low.str.extract_groups(YEAR_FIRST)
    numeric = low.str.extract_groups(NUMERIC)
    told = order_told(low)
    is_day_first = told["day-first"] | has_dots(low)
    if order is not None:
        is_day_first = is_day_first | (~told["month-first"] & pl.lit(order == "day-first"))
        is_numeric = pl.lit(value=True)
    else:
        is_numeric = ~is_open(low) | has_dots(low)
    first, second = (numeric.struct.field(number) for number in ("1", "2"))
    year = numeric.struct.field("3")
    full_year = pl.when(year.str.len_chars() == 2).then("20" + year).otherwise(year)  # noqa: PLR2004
    by_number = _date(
        full_year,
        pl.when(is_day_first).then(second).otherwise(first),
        pl.when(is_day_first).then(first).otherwise(second),
    )
    month, day = month_and_day(low)
    spelled = _date(
        low.str.extract(r"(?:^|[^0-9])([0-9]{4})(?:[^0-9]|$)", 1),
        month.cast(pl.String),
        day.cast(pl.String),
    )
    by_iso = _date(*(iso.struct.field(number) for number in ("1", "2", "3")))
    return pl.coalesce(by_iso, pl.when(is_numeric).then(by_number), spelled)


def month_and_day(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Month and day of a text that spells the month, as ``18 tháng tám`` or ``9月13日`` do.

    Args:
        text: Text in small letters, with or without a year.
    """
    asian = text.str.extract_groups(r"([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일]?")
    vietnamese = text.str.extract_groups(r"([0-9]{1,2})\s(?:tháng|thg)\s([0-9]{1,2})(?:[^0-9]|$)")
    word = text.str.extract(MONTH, 1).replace_strict(MONTH_OF, default=None, return_dtype=pl.Int64)
    number = text.str.extract(r"(?:^|[^0-9])([0-9]{1,2})(?:[^0-9]|$)", 1).cast(pl.Int64)
    month = pl.coalesce(
        asian.struct.field("1").cast(pl.Int64), vietnamese.struct.field("2").cast(pl.Int64), word
    )
    day = pl.coalesce(
        asian.struct.field("2").cast(pl.Int64), vietnamese.struct.field("1").cast(pl.Int64), number
    )
    return month, day


def wall_clock(text: pl.Expr, order: Order | None) -> pl.Expr:
    """Day and time that a text shows, without a zone; null where it lacks either.

    Args:
        text: A day, then a clock of 12 or 24 hours; perhaps an abbreviation out of ``ZONES``.
        order: Of day and month where both are numbers.
    """
    low = text.str.strip_chars().str.to_lowercase()
    return read_written_day(low, order).cast(pl.Datetime("us")) + time_of_day(low)


def hours_east(text: pl.Expr) -> pl.Expr:
    """Hours east of UTC that the abbreviation at the end of a text says; null: it has none."""
    said = text.str.strip_chars().str.to_lowercase().str.extract(r"\s\(?([a-z]{3})\)?$", 1)
    return said.replace_strict(ZONES, default=None, return_dtype=pl.Int64)


def time_of_day(low: pl.Expr) -> pl.Expr:
    """The time since midnight that a text's clock shows; null where it has none."""
    clock = low.str.extract_groups(CLOCK)
    hour, minute = (clock.struct.field(number).cast(pl.Int64) for number in ("1", "2"))
    second = clock.struct.field("3").cast(pl.Int64).fill_null(0)
    half = clock.struct.field("4")
    of_day = (
        pl.when(half.is_null())
        .then(hour)
        .when(half == "p")
        .then(hour % 12 + 12)
        .otherwise(hour % 12)
    )
    is_clock = (of_day < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - hours, minutes
    return pl.when(is_clock).then(pl.duration(hours=of_day, minutes=minute, seconds=second))


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    text = pl.concat_str(year, pl.lit("-"), month.str.zfill(2), pl.lit("-"), day.str.zfill(2))
    return text.str.to_date("%Y-%m-%d", strict=False)
