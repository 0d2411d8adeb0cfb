"""What Dagster needs from us besides names: resources and storage.

Belongs here: how a run comes by its stores, where Dagster keeps runs and events.
Does not belong here: assets, jobs, schedules (``assets``, ``sensors``).
"""
