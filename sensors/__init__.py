"""When things run: jobs, schedules and sensors.

Belongs here: cadences and the decisions behind them, as plain functions where there is one.
Does not belong here: what a run does (``assets``), and how (``layers_pipeline.steps``).
"""
