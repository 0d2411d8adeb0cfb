"""What a table's own values settle before its rows are read: the decimal sign, the order of dates.

Belongs here: evidence out of all rows, and the question to the user where there is none.
Does not belong here: how numbers and days are written (``transforms.exports``).
"""

from collections.abc import Iterable, Sequence
from typing import Final, get_args

import polars as pl

from layers_pipeline.files.damage import Sightings
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import places
from transforms.exports.days import Order
from transforms.exports.headers import Found, Header
from transforms.exports.numbers import Decimal, open_values, telling
from transforms.exports.record import Export
from transforms.exports.told import Told
from transforms.exports.values import first_open, orders_told
from transforms.staging.parsing import LINE

ENGLISH: Final = frozenset({"day", "by day", "date", "publish time", "posted at", "date (gmt)"})
"""Words of columns of days in which an English page may write either order."""
COMMA_WORDS: Final = (
    "tag", "anzeigen-id", "día", "identificador del anuncio", "dia", "impressões", "jour",
    "id de la publicité", "ngày", "lượt hiển thị", "publish time pt", "horário de publicação",
    "veröffentlichungszeitpunkt", "hora de publicación", "heure de publication",
)  # fmt: skip
"""Header words of languages that write decimals behind a comma."""
SIGNS: Final = {"point": "1,234.56", "comma": "1.234,56"}


class Unsettled(Exception):  # noqa: N818 - no failure: what is left to ask
    """A fault of the whole file, in words."""


def settle_decimal(
    table: RawFile, header: Header, export: Export, told: Told, columns: Iterable[str]
) -> Decimal | None:
    """The decimal sign of a table; None where its numbers are plain.

    Args:
        table: The table.
        header: Its columns.
        export: Its format.
        told: What the user says.
        columns: Our columns that hold numbers.

    Raises:
        Unsettled: It is written in two ways, or could be read in two.
    """
    if export.numbers == "plain":
        return None
    names = sorted(
        {one.name for name in columns for one in header.found(export.columns.get(name, ()))}
    )
    found = _signs(table, names)
    said: list[Decimal] = [sign for sign, where in found.items() if where.count]
    if told.decimal is not None:
        return told.decimal
    if len(said) > 1:
        first = "; ".join(found[sign].shown() for sign in said)
        raise Unsettled(
            f"numbers are written in two ways ({first}). Export the file again in one language, "
            "or say which sign begins the decimals with --decimal point or --decimal comma"
        )
    if said:
        return said[0]
    usual: Decimal = "comma" if header.has(COMMA_WORDS) else "point"
    counted = [name for name in names if name not in _ratios(header, export)]
    left = Sightings("value")
    for rows in table.batches():
        left.add(open_values(rows.select(LINE, *counted), counted, usual))
    if left.count:
        raise Unsettled(
            f"{left.shown()} can be thousands or decimals. Say which sign begins the "
            "decimals with --decimal point or --decimal comma"
        )
    return usual


def _signs(table: RawFile, names: Sequence[str]) -> dict[Decimal, Sightings]:
    """The values that tell each decimal sign."""
    found: dict[Decimal, Sightings] = {}
    for rows in table.batches():
        for sign, where in telling(rows.select(LINE, *names), names).items():
            found.setdefault(sign, Sightings("value")).add(where.sort(LINE))
    return found


def _ratios(header: Header, export: Export) -> set[str]:
    return {one.name for one in header.found(export.columns.get("frequency", ()))}


def settle_order(
    table: RawFile, header: Header, export: Export, told: Told, columns: Iterable[str]
) -> Order | None:
    """The order of day and month of a table; None where no day leaves it open.

    Args:
        table: The table.
        header: Its columns.
        export: Its format.
        told: What the user says.
        columns: Our columns that hold days or times as people write them.

    Raises:
        Unsettled: It is written in two ways, or could be read in two.
    """
    found = [one for name in columns for one in header.found(export.columns.get(name, ()))]
    if not found or told.order is not None:
        return told.order
    orders, open_day = _orders(table, found)
    if len(orders) > 1:
        lines = " and ".join(places(where, "value") for where in orders.values())
        raise Unsettled(f"days are written in two ways ({lines}). Export the file again")
    for order in orders:
        return order
    if export.zone == "America/Los_Angeles":
        return "month-first"
    is_english = all(word in ENGLISH for word in _words_of(header, found))
    if open_day is not None and is_english:
        raise Unsettled(
            f"{places(open_day, 'value')} can be two days. Say which with --date-order "
            "day-first or --date-order month-first"
        )
    return None if is_english else "day-first"


def _orders(
    table: RawFile, found: Iterable[Found]
) -> tuple[dict[Order, pl.DataFrame], pl.DataFrame | None]:
    """A row that tells each order in which days are written, and the first that leaves it open."""
    orders: dict[Order, pl.DataFrame] = {}
    open_day: pl.DataFrame | None = None
    for one in found:
        for rows in table.batches():
            texts = rows.select(LINE, value=one.name)
            for order, at in orders_told(texts["value"]).items():
                orders.setdefault(order, texts[at : at + 1])
            at = first_open(texts["value"]) if open_day is None else None
            if at is not None:
                open_day = texts[at : at + 1]
    return {order: orders[order] for order in get_args(Order) if order in orders}, open_day


def _words_of(header: Header, found: Iterable[Found]) -> set[str]:
    names = {one.name for one in found}
    return {word for word, name in header.names.items() if name in names}
