"""Pools, scores, eligibility and their numbers.

Belongs here: the product's formulas and rules.
Does not belong here: what is known of a post (``facts``).
"""
