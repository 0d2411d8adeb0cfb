#!/usr/bin/env bash
# dagster 1.13.27: deleting a run leaves its file of events, and makes one anew where there was none.
#
# With SQLite, Dagster keeps the events of each run in a file of its own. DagsterInstance.delete_run
# empties the tables of that file and leaves it there; asked once more, of a run whose file somebody
# has deleted, it makes an empty one. So a deployment that deletes old runs to save room keeps a
# file of about a tenth of a megabyte per run for ever: with a run every five minutes, 10 GB a year.
#
# Seen: "1 run, 1 file; deleted: 0 runs, 1 file; file and run deleted again: 1 file"
# What follows for this project: our storage deletes the file with the events.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet dagster==1.13.27
mkdir "$work/home"
DAGSTER_HOME="$work/home" "$work/venv/bin/python" - "$work/home" 2>"$work/log" <<'PY' || { cat "$work/log"; exit 1; }
import sys
from pathlib import Path

import dagster as dg


@dg.asset
def thing() -> None: ...


def files() -> list[Path]:
    return [path for path in Path(sys.argv[1]).rglob("runs/*.db") if path.stem != "index"]


with dg.DagsterInstance.get() as instance:
    run_id = dg.materialize([thing], instance=instance).run_id
    before = len(instance.get_run_ids()), len(files())
    instance.delete_run(run_id)
    after = len(instance.get_run_ids()), len(files())
    for path in files():
        path.unlink()
with dg.DagsterInstance.get() as instance:
    instance.delete_run(run_id)
    again = len(files())
print(
    f"{before[0]} run, {before[1]} file; deleted: {after[0]} runs, {after[1]} file; "
    f"file and run deleted again: {again} file"
)
assert (before, after, again) == ((1, 1), (0, 1), 1), "the behaviour has changed"
PY
