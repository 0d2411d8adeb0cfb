"""Dagster's names for the data: what each table is, what it is made from, what must hold.

Belongs here: assets, partitions and asset checks, each calling one step.
Does not belong here: meaning (``transforms``), reading and writing (``layers_pipeline.steps``).
"""
