"""What the pipeline does, step by step: read stores, call one transform, write back.

Belongs here: one module per step, usable from Dagster, the command line and tests alike.
Does not belong here: meaning (``transforms``), names of assets and schedules.
"""
