"""What one reading of an account brings back, whichever platform API it was read through.

Belongs here: response rows as received, how far the listing came, what else was learnt.
Does not belong here: HTTP, and what the rows mean (``transforms``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from layers_pipeline.errors import SourceError

IssueKind = Literal[
    "metric_refused",
    "item_refused",
    "not_enough_viewers",
    "before_conversion",
    "not_permitted",
    "gone",
    "not_answered",
    "not_asked",
    "page_made_smaller",
    "read_by_report",
    "version_ends",
]


@dataclass(frozen=True, kw_only=True)
class ResponseRow:
    """One row of a response as received, without secrets.

    ``entity`` is what it speaks of (``media``, ``story``, ``insights``, ``breakdown``,
    ``account``, ``video``), ``subject`` the id of the item that it answers for, empty for the
    account's own.
    """

    entity: str
    subject: str
    received_at: datetime
    body: str
    """JSON text."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Something that failed without failing the account."""

    kind: IssueKind
    subject: str
    """The item's id, or a metric's name."""
    message: str


@dataclass(frozen=True, kw_only=True)
class ListingSoFar:
    """A listing of an account's posts that may take several readings, and where it stands."""

    listing_id: str
    """The same for every reading that is a part of it."""
    began_at: datetime
    """When the first of them began."""
    items: int = 0
    """Posts listed, in all parts so far."""
    reached: int | None = None
    """Where it goes on, in the platform's words; none: at the newest post."""
    is_doubtful: bool = False
    """Whether it may lack a post, so that it is no witness once it is whole."""


@dataclass(frozen=True, kw_only=True)
class AccountReading:
    """One reading of one account. ``error`` ended it early; rows read before it are kept."""

    rows: tuple[ResponseRow, ...] = ()
    items: int = 0
    """Posts listed; stories are not counted."""
    pages: int = 0
    is_complete: bool = False
    """Whether every page of the listing of posts was read, to the end that the platform named, in
    this reading and in those that it goes on from."""
    listing: ListingSoFar | None = None
    """The listing that this reading is a part of; none where a listing never takes several."""
    goes_on: bool = False
    """Whether the listing is to be read on from where it stands."""
    calls: int = 0
    """HTTP requests made."""
    issues: tuple[Issue, ...] = ()
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Newly found to be refused: (media type, metric) or (list, field), and what was said."""
    own: frozenset[tuple[str, str]] = frozenset()
    """Of ``refused`` what no message names: it says something of this account only."""
    refused_of_items: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Metrics newly found to be refused of one item: (id, metric) and what was said."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Items newly found to give no insights at all: id and why."""
    answered: frozenset[tuple[str, str]] = frozenset()
    """What was asked for and not refused: (media type, metric) and (list, field)."""
    error: SourceError | None = None
