"""Scoring ticks: what was known at each, who was in which pool, scores and eligibility.

Belongs here: the walk over ticks and its history.
Does not belong here: formulas (``transforms.scoring``).
"""
