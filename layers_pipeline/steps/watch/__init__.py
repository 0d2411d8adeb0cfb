"""Figures of a deployment for whoever watches it: read from outside, nothing made or written.

Belongs here: one module per store that figures come from, putting them together.
Does not belong here: findings with remedies (``steps.maintain.diagnosis``), who may read them.
"""
