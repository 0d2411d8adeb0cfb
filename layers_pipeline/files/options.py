"""What a user says of files that do not say it themselves, read from the words of options.

Belongs here: reading those words, and refusing ones that say nothing.
Does not belong here: the options themselves (``cli``); what becomes of them (``transforms``).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, cast, get_args

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.recognition import named_format
from transforms.currencies import DECIMALS
from transforms.exports.captures import end_of_day
from transforms.exports.days import Order
from transforms.exports.numbers import Decimal
from transforms.exports.told import Told
from transforms.staging.parsing import read_instant
from transforms.vocabulary import PLATFORMS

WORDS: Final = {"platform": PLATFORMS, "decimal": get_args(Decimal), "order": get_args(Order)}
OPTIONS: Final = {"order": "date-order", "captured_at": "captured-at"}
"""What an option is called where that is not the name here."""


def told_of(
    words: Mapping[str, str],
    *,
    time_zone: str | None,
    now: datetime,
    synced: frozenset[str] = frozenset(),
) -> Told:
    """What the words of options say.

    Args:
        words: Of ``platform``, ``account``, ``captured_at``, ``currency``, ``decimal``, ``order``
            and ``format``; an empty word says nothing.
        time_zone: IANA zone of a day or a time without an offset.
        now: The current instant.
        synced: Instagram accounts that are read by token.

    Raises:
        InputRefusedError: A word means nothing; names the option and the remedy.
    """
    said = {name: word.strip() for name, word in words.items() if word.strip()}
    named_format(said.get("format"))
    for name, known in WORDS.items():
        if name in said and said[name] not in known:
            option = OPTIONS.get(name, name)
            raise InputRefusedError(
                f"--{option} {said[name]!r}: there is no such. Write one of {', '.join(known)}."
            )
    currency = said.get("currency", "").upper() or None
    if currency is not None and currency not in DECIMALS:
        raise InputRefusedError(
            f"--currency {currency!r}: no such currency. Write its ISO 4217 code, such as EUR."
        )
    return Told(
        platform=said.get("platform"),
        account=said.get("account"),
        captured_at=_moment(said["captured_at"], time_zone, now) if "captured_at" in said else None,
        captured_as=said.get("captured_at"),
        time_zone=time_zone,
        currency=currency,
        decimal=cast("Decimal | None", said.get("decimal")),
        order=cast("Order | None", said.get("order")),
        synced=synced,
    )


def _moment(text: str, time_zone: str | None, now: datetime) -> datetime:
    """An instant, or the end of a day, that a person types; never later than now."""
    found = _day(text)
    if found is not None:
        moment = end_of_day(found, time_zone, now=now)
        if moment.date() < found and moment == now:
            raise InputRefusedError(f"--captured-at {text}: that day has not begun.")
        return moment
    reading = read_instant("text", pl.String(), time_zone=time_zone)
    row = pl.DataFrame({"text": [text]}).select(value=reading.value, breach=reading.breach)
    value, breach = row.row(0)
    if value is None:
        without_zone = breach is not None and breach.endswith("no_time_zone")
        raise InputRefusedError(
            f"--captured-at {text!r}: "
            + ("has no offset: name its zone with --timezone." if without_zone else
               "no such moment. Write a day as YYYY-MM-DD, or 2025-05-14T08:55:00Z.")
        )  # fmt: skip
    if value > now:
        raise InputRefusedError(f"--captured-at {text}: is later than now.")
    return value


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None
