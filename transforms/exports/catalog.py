"""Every format that is known, once, in the order in which they are listed.

Belongs here: the list.
Does not belong here: the records, which stand by those who write such files.
"""

from typing import Final

from transforms.exports.meta import META_EXPORTS
from transforms.exports.record import Export, Subject
from transforms.exports.schedulers import SCHEDULER_EXPORTS
from transforms.exports.scrapers import SCRAPER_EXPORTS
from transforms.exports.tiktok import TIKTOK_EXPORTS

EXPORTS: Final[tuple[Export, ...]] = (
    *TIKTOK_EXPORTS,
    *META_EXPORTS,
    *SCRAPER_EXPORTS,
    *SCHEDULER_EXPORTS,
)
BY_NAME: Final = {export.name: export for export in EXPORTS}
WORDS: Final = frozenset().union(*(export.words() for export in EXPORTS))
"""Every header word that any format knows: of JSON, only these are kept."""


def exports_of(subject: Subject) -> tuple[Export, ...]:
    """The formats that tell of a subject."""
    return tuple(export for export in EXPORTS if export.subject == subject)


ROWS_AT: Final = tuple({export.rows_at: None for export in EXPORTS if export.rows_at})
"""Where in JSON documents rows may stand."""
