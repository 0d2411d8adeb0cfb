"""The analysts' DuckDB file: building it, publishing it, asking it.

Belongs here: generations, the file's tables, views, macros and comments, queries.
Does not belong here: which tables are published when (``steps.publish``).
"""
