"""Clients of the platforms' APIs, each over an ``httpx.AsyncClient`` that the caller owns.

Belongs here: requests, paging, retries, and one of our errors for every failure.
Does not belong here: Dagster, data frames, storage, what a metric means.
"""
