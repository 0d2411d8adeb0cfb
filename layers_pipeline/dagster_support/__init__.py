"""What Dagster needs from us besides names: resources, storage, limits, whether workers live.

Belongs here: how a run comes by its stores, where Dagster keeps runs and events, how many runs
score at once, what becomes of the runs of dead workers.
Does not belong here: assets, jobs, schedules (``assets``, ``sensors``).
"""
