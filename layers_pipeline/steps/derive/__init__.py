"""From raw rows to posts, snapshots, deletions, spend and ads content.

Belongs here: bringing tables up to what has landed.
Does not belong here: reading platforms (``ingest``), scores (``score``).
"""
