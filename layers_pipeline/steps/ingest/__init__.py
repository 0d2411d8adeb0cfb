"""From accounts, scrapes and people's files to raw and staged rows.

Belongs here: syncs and their outcomes, imports, what people decided.
Does not belong here: what rows mean and what follows from them (``derive``).
"""
