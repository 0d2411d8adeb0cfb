"""What codes of TikTok's ads API ask of us, where it is more than the shared codes tell.

Belongs here: which answers are asked for in smaller portions, and whose remedy differs here.
Does not belong here: the shared codes (``sources.tiktok.errors``), requests.
"""

import re
from typing import Any, Final

from layers_pipeline.errors import SourceError, SourceForbiddenError, SourceUnavailableError
from layers_pipeline.sources.tiktok.api import Answer
from layers_pipeline.sources.tiktok.errors import SOURCE

NO_PERMISSION: Final = 40001
TOO_LARGE: Final = 40067
TIMED_OUT: Final = re.compile(r"\b(?:50002|51010)\b|time[d -]*out", re.IGNORECASE)


class ReportTooLargeError(SourceUnavailableError):
    """The report asks for too much at once: ask for fewer days; never leaves this package."""


def good_data(answer: Answer) -> dict[str, Any]:
    """The answer's data.

    Raises:
        ReportTooLargeError: It is to be asked for in smaller portions.
        SourceError: There is none; the class says what to do.
    """
    if answer.code == TOO_LARGE:
        raise ReportTooLargeError(SOURCE, f"code {answer.code}: {answer.message}")
    if answer.code == NO_PERMISSION:
        raise SourceForbiddenError(
            SOURCE,
            f"code {answer.code}: {answer.message.rstrip('.')}. Have the ad account assigned to "
            "whose token it is (Business Center, ANALYST suffices), or connect it anew.",
        )
    return answer.good()


def is_too_large(error: SourceError) -> bool:
    """Whether fewer days may be answered where these were not: also a time-out says so."""
    if isinstance(error, ReportTooLargeError):
        return True
    return isinstance(error, SourceUnavailableError) and bool(TIMED_OUT.search(str(error)))
