#!/usr/bin/env bash
# dagster-celery 0.29.27: of a run whose worker was killed the launcher says RUNNING for ever.
#
# `CeleryRunLauncher.check_run_worker_health`, by which Dagster's run monitoring ends runs of dead
# workers, reads the task's state from Celery's results. Only the worker writes there. Killed with
# its processes (kill -9, a lost machine) it leaves STARTED, which counts as at work until the
# result expires, a day later. So the run stays STARTED and keeps its places in pools until
# `max_runtime_seconds`, if that is set, and nothing retries it.
#
# Seen: "killed: [], the launcher says RUNNING"
# What follows for this project: the launcher asks the worker itself (celery_launcher.py).
# Needs redis-server (Debian: apt-get install redis-server).
set -euo pipefail
work=$(mktemp -d)
trap 'kill -- -"$worker" 2>/dev/null || true; kill "$redis" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet 'dagster-celery[redis]==0.29.27' celery==5.7.0
port=$("$work/venv/bin/python" -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
redis-server --bind 127.0.0.1 --port "$port" --save '' --dir "$work" >"$work/redis.log" & redis=$!
cat >"$work/tasks.py" <<'PY'
import os
import time

from dagster_celery.make_app import make_app

url = os.environ["REDIS"]
app = make_app({"broker": url, "backend": url, "task_default_queue": "dagster"})


@app.task(name="execute_job", track_started=True)
def long():
    time.sleep(600)
PY
export REDIS="redis://127.0.0.1:$port/0"
cd "$work"
setsid "$work/venv/bin/celery" -A tasks worker --concurrency 1 >"$work/worker.log" 2>&1 & worker=$!
"$work/venv/bin/python" - "$worker" <<'PY'
import os
import signal
import sys
import time

from dagster import DagsterRun
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from tasks import app, long, url

begun = long.apply_async(queue="dagster")
while begun.state != "STARTED":
    time.sleep(0.1)
os.killpg(int(sys.argv[1]), signal.SIGKILL)
time.sleep(3)
answering = app.control.inspect(timeout=2).ping() or []
run = DagsterRun("job", tags={DAGSTER_CELERY_TASK_ID_TAG: begun.id})
launcher = CeleryRunLauncher(default_queue="dagster", broker=url, backend=url)
said = launcher.check_run_worker_health(run).status.name
print(f"killed: {list(answering)}, the launcher says {said}")
assert (list(answering), said) == ([], "RUNNING"), "the behaviour has changed"
PY
