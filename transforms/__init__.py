"""All meaning: what columns, scores and reasons are, as Polars functions, contracts and SQL.

Belongs here: frames in, frames out, and the numbers of the documents.
Does not belong here: clocks, files, databases, frameworks, anything of ours outside this folder.
"""
