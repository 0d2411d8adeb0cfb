"""Options of ``layers-pipeline import``: what people say of files that do not say it themselves.

Belongs here: options that several of its commands share, or that are long.
Does not belong here: the commands (``imports``), what an option's words mean (``files.options``).
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from layers_pipeline.errors import InputRefusedError
from transforms.vocabulary import AdPlatform

CaptureFiles = Annotated[
    list[Path], typer.Argument(help="Tables or archives of them, as exported, any order.")
]
SAYS_FORMAT: Final = "The file's format, if it cannot be told: see import formats."
FileFormatOption = Annotated[str, typer.Option("--file-format", "--format", help=SAYS_FORMAT)]
InspectedFormatOption = Annotated[str, typer.Option("--file-format", help=SAYS_FORMAT)]
"""There ``--format`` says how the answer is printed, as everywhere."""
DecimalOption = Annotated[
    str, typer.Option(help="Sign before decimals where it cannot be told: point or comma.")
]
OrderOption = Annotated[
    str, typer.Option(help="Of 03/04/2025 where it cannot be told: day-first or month-first.")
]
CurrencyOption = Annotated[
    str, typer.Option(help="ISO 4217 code of money in files that name none, such as EUR.")
]
PlatformOption = Annotated[str, typer.Option(help="Platform of rows that name none.")]
AccountOption = Annotated[str, typer.Option(help="Account of rows that name none.")]
CapturedOption = Annotated[
    str,
    typer.Option(
        help="When rows were captured that do not say so: an instant, or a day (its end)."
    ),
]
ZoneOption = Annotated[
    str, typer.Option(help="IANA time zone of times that carry none, such as UTC.")
]
CompleteOption = Annotated[
    str, typer.Option(help="Account (platform:key) all of whose posts the files hold.")
]
SinceOption = Annotated[
    str, typer.Option(help="Day since which they hold all of its posts, YYYY-MM-DD (UTC).")
]
RenamedOption = Annotated[
    list[str] | None,
    typer.Option(help="An account that was renamed: platform:old=new. May be repeated."),
]
AdPlatformOption = Annotated[
    AdPlatform | None, typer.Option(help="Where the ads ran, if the files do not say it.")
]
AdDayOption = Annotated[
    str, typer.Option(help="Day that the files tell of, YYYY-MM-DD, if they carry no date.")
]
HistoryOption = Annotated[
    bool, typer.Option("--history", help="The rows were known when their days were over.")
]


def words(**options: str) -> dict[str, str]:
    """The options that say something."""
    return {name: word for name, word in options.items() if word}


def day_typed(text: str, *, option: str = "--day") -> str:
    """A day that a person types, or nothing."""
    try:
        is_day = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise InputRefusedError(
            f"{option} {text!r}: no such day. Write it as YYYY-MM-DD, such as 2025-05-14."
        )
    return text
