"""What Celery's workers go by: dagster-celery reads a module of this name from PYTHONPATH.

Belongs here: how workers take runs and give them back.
Does not belong here: what launches runs (``dagster.yaml``), how many places a worker has
(``--concurrency``).
"""

import os

broker_url = os.environ["LAYERS_REDIS_URL"]
result_backend = broker_url
# A process per run: nothing of the code or of the memory of one run is left for the next.
worker_max_tasks_per_child = 1
# No worker holds a run that it has no place for: should it die, that run would wait an hour.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
# A run is taken once. Whether it is repeated is Dagster's to say.
task_acks_late = False
# Longer than any run: what Redis forgets counts as dead.
result_expires = 2 * 86_400
broker_connection_retry_on_startup = True
