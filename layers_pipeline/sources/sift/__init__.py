"""SIFT, the scraping service for accounts without a token.

Belongs here: the client.
Does not belong here: tables, data frames, Dagster.
"""
