"""Simulated accounts, posts and their life.

Belongs here: data sets, clock and truth.
Does not belong here: what an API makes of them.
"""
