"""Amounts of money and days that people type.

Belongs here: reading them, and refusing what is none, naming option, value and remedy.
Does not belong here: moments (``layers_pipeline.moments``), ticks.
"""

from datetime import date

from layers_pipeline.errors import InputRefusedError
from transforms.currencies import DECIMALS
from transforms.facts.money import minor_units


def minor(text: str, currency: str, *, option: str) -> int:
    """An amount in minor units of its currency.

    Raises:
        InputRefusedError: There is no such currency, or the text is no amount of it.
    """
    if currency not in DECIMALS:
        raise InputRefusedError(
            f"currency {currency!r} is not in ISO 4217. Use a code such as USD."
        )
    try:
        return minor_units(text, currency)
    except ValueError as error:
        raise InputRefusedError(f"{option}: {error}") from error


def day_of(text: str, *, option: str) -> date:
    """The day that a text means.

    Raises:
        InputRefusedError: It is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputRefusedError(f"{option} {text!r}: write a day such as 2025-05-01.") from error
