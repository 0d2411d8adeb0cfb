"""Keeping what is stored: backups, restoring them, looking whether all of it is whole.

Belongs here: steps that somebody needs on the day after a disk was lost, and verification.
Does not belong here: daily upkeep (``publish``), how a deployment fares (``maintain.diagnosis``).
"""
