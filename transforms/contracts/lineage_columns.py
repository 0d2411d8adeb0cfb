"""How it is written down of which columns a column is made.

Belongs here: the form of an entry, and columns that entries of several modules name.
Does not belong here: the entries (``lineage``, ``lineage_of_ads``).
"""

from collections.abc import Iterable, Mapping
from typing import Final

import dataframely as dy

from transforms.contracts.columns import COUNTS

Upstream = tuple[tuple[str, str], ...]
Columns = Mapping[str, Upstream]


def of(tables: str | Iterable[str], *columns: str) -> Upstream:
    """Every one of the columns, of every one of the tables."""
    named = (tables,) if isinstance(tables, str) else tuple(tables)
    return tuple((table, column) for table in named for column in columns)


def same(schema: type[dy.Schema], tables: str | Iterable[str], **others: Upstream) -> Columns:
    """Columns of one name with their upstream, but for those that are named."""
    return {name: others.get(name, of(tables, name)) for name in schema.column_names()}


def all_from(schema: type[dy.Schema], upstream: Upstream, **others: Upstream) -> Columns:
    """Columns that one upstream gives, but for those that are named."""
    return {name: others.get(name, upstream) for name in schema.column_names()}


SHOWN: Final = of("ad_states", "shows_platform", "shows_post_id") + of(
    "ad_content", "ads_content_id"
)
KNOWN_COUNTS: Final[Columns] = {name: of("platform_post_metrics", name) for name in COUNTS}
