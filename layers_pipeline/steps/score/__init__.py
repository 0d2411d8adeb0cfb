"""Scoring ticks: what was known at each, who was in which pool, scores and eligibility.

Belongs here: scoring tick after tick, and the history that it reads.
Does not belong here: formulas (``transforms.scoring``).
"""
