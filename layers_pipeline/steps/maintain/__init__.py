"""Upkeep: replay, drift between versions, retention.

Belongs here: steps that nobody's morning depends on.
Does not belong here: publication (``publish``).
"""
