"""What tables of one kind have in common, and words that several records share.

Belongs here: kinds of tables, keys and lists that more than one module of this package uses.
Does not belong here: tables.
"""

from functools import partial
from typing import Final

from layers_pipeline.lake.table import TICK, Parent, Table

OF_POST: Final = Parent(table="platform_posts", key=("platform", "platform_post_id"))
CHECKS_OF_POSTS: Final = "platform_post_checks"
CAPTURES: Final = (
    "stg_instagram__posts",
    "stg_tiktok__posts",
    "stg_sift__posts",
    "stg_import__captures",
)
"""Tables whose rows are captures of posts."""

dimension = partial(Table, group="dimensions", published="copy")
raw = partial(Table, group="raw", partition_by=("landed_on",), checked=False)
staged = partial(Table, group="staged", sets_aside=True)
staged_captures = partial(staged, shown_in=CHECKS_OF_POSTS)
in_buckets = partial(Table, partition_by=("bucket",), prune_by=("bucket",))
of_ticks = partial(Table, group="scoring", partition_by=(TICK,), published="view")
whole_copy = partial(Table, published="copy", checked=False)
