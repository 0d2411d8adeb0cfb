"""The Instagram Graph API.

Belongs here: the client, its calls, errors, requests and parsing of answers.
Does not belong here: tables, data frames, Dagster.
"""
