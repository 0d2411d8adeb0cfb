"""Captures become posts, snapshots, deletions, spend and reviews.

Belongs here: what is known, and since when.
Does not belong here: pools and scores (``scoring``).
"""
