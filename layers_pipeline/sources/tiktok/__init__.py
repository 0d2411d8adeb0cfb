"""The TikTok Business API.

Belongs here: the client, its calls, errors, token exchange and paging.
Does not belong here: tables, data frames, Dagster.
"""
