"""What a user says of files that do not say it themselves.

Belongs here: the options that fill what a file leaves open.
Does not belong here: the command line that they are typed at.
"""

from dataclasses import dataclass
from datetime import date, datetime

from transforms.exports.days import Order
from transforms.exports.numbers import Decimal


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is said of all rows of the files; a column of a file goes before it.

    Args:
        platform: Platform of rows that name none.
        account: Account of rows that name none.
        captured_at: When rows were captured that do not say so.
        captured_as: The same as the user writes it; a day that is not over stays the same day.
        time_zone: IANA zone of times that carry none.
        currency: ISO 4217 code of money that names none.
        day: Day that a report of ads tells of.
        decimal: Sign between whole and part, where a file's numbers leave it open.
        order: Order of day and month, where a file's days leave it open.
        synced: Instagram accounts, by id, that are read by token under that id.
    """

    platform: str | None = None
    account: str | None = None
    captured_at: datetime | None = None
    captured_as: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    day: date | None = None
    decimal: Decimal | None = None
    order: Order | None = None
    synced: frozenset[str] = frozenset()


NOTHING: Told = Told()
