"""The lake's tables: one record each, from which every list of tables is made.

Belongs here: which modules of records there are, and lists of tables.
Does not belong here: the records (``tables``), columns and rules (``transforms.contracts``).

A table stands after those that it is made from, but for scores, which are written back onto the
content that they are of; the lists below keep this order.
"""

import zlib
from typing import Final

import polars as pl

from layers_pipeline.lake.table import Table
from layers_pipeline.lake.tables import MODULES
from layers_pipeline.lake.tables.ad_classes import *
from layers_pipeline.lake.tables.ads import *
from layers_pipeline.lake.tables.audit import *
from layers_pipeline.lake.tables.creators import *
from layers_pipeline.lake.tables.facts import *
from layers_pipeline.lake.tables.kinds import CAPTURES as CAPTURES
from layers_pipeline.lake.tables.layer_ads import *
from layers_pipeline.lake.tables.payouts import *
from layers_pipeline.lake.tables.scoring import *
from layers_pipeline.lake.tables.selection import *
from layers_pipeline.lake.tables.sources import *

BUCKETS: Final = 16
ALL: Final = tuple(
    one for module in MODULES for one in vars(module).values() if isinstance(one, Table)
)
"""Every table, in the order of the modules and of their records."""
TABLES: Final = tuple(table for table in ALL if table.is_stored)
QUERIES: Final = tuple(table for table in ALL if not table.is_stored)
"""Tables that only the analysts' file has, as queries over others."""
STAGED_TABLES: Final = tuple(table for table in TABLES if table.name in CAPTURES)
LANDED: Final = tuple(
    table
    for table in TABLES
    if table.group == "raw" or (table.group == "staged" and not table.deps)
)
"""Tables that nothing here is derived to: what came from platforms and files, as it came."""
PUBLISHED: Final = tuple(table for table in TABLES if table.published != "no")
BY_NAME: Final = {table.name: table for table in ALL}


def buckets(keys: pl.Series) -> pl.Series:
    """The bucket of each key, the same on every machine and for ever."""
    return places(keys, BUCKETS)


def places(keys: pl.Series, number: int) -> pl.Series:
    """Each key's place among so many; where they are a multiple of the buckets, within its own."""
    found = keys.unique()
    numbers = [zlib.crc32(str(value).encode()) % number for value in found]
    if found.is_empty():
        return pl.Series(keys.name, [], dtype=pl.Int64)
    return keys.replace_strict(found, numbers, return_dtype=pl.Int64)
