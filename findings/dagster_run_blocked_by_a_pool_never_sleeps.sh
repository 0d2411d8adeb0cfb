#!/usr/bin/env bash
# dagster 1.13.27: a run whose step waits for a place in a pool keeps a processor busy.
#
# With pools at granularity `op`, the in-process executor asks for the place again and again
# without a pause: `interval_to_next_pending_claim_check` takes the least of 0 and what is left of
# each wait, so what is to be slept is never more than 0. On a deployment with workers, one range
# that waits for another takes a worker's whole core, and opens connections to the database of
# runs as fast as it can.
#
# Seen: "of 5 s of waiting 2.8 s of a processor", on a machine that others used
# What follows for this project: docs/scale.md asks for as many places as runs are handed out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet dagster==1.13.27
cat > "$work/waits.py" <<'PY'
import logging
import os
import sys
import threading
import time

import dagster as dg

POOLS = {"concurrency": {"pools": {"granularity": "op"}}}


@dg.op(pool="narrow")
def work():
    pass


@dg.job(executor_def=dg.in_process_executor)
def waits():
    work()


def look():
    time.sleep(3)
    before = os.times()
    time.sleep(5)
    after = os.times()
    used = after.user + after.system - before.user - before.system
    print(f"of 5 s of waiting {used:.1f} s of a processor", flush=True)
    os._exit(0 if used > 1 else 1)


with dg.DagsterInstance.local_temp(sys.argv[1], overrides=POOLS) as instance:
    storage = instance.event_log_storage
    storage.set_concurrency_slots("narrow", 1)
    storage.claim_concurrency_slot("narrow", "another-run", "step")
    threading.Thread(target=look, daemon=True).start()
    logging.disable(logging.CRITICAL)
    waits.execute_in_process(instance=instance)
PY
mkdir "$work/home"
"$work/venv/bin/python" "$work/waits.py" "$work/home"
