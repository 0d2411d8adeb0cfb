"""Creators and their pay: reports, accruals, settlements, statements.

Belongs here: what is done with what ads and posts brought, one module per part.
Does not belong here: formulas (``transforms.facts``), storing lines (``operations``).
"""
