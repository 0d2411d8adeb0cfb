"""The demo as a newcomer runs it, with the lake on S3 and people's words in PostgreSQL.

Belongs here: real processes, and that their tables are those of a demo in a folder.
Does not belong here: what the demo shows (``test_demo``), steps by themselves (``tests.steps``).
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores
from tests import pages
from tests.e2e.test_demo import COMPARED, OF_THE_RUN, PROGRAM
from tests.object_store import S3Server
from tests.postgres import PostgresUrlFactory
from tests.worlds.data_builders import rows_of

THEN = (
    ("query", "select count(*) from organic_scores"),
    ("maintain",),
    ("doctor",),
    ("lake", "migrate"),
    ("replay", "--from", "2025-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z"),
    ("publish",),
)
"""Commands that are run after it; each one must succeed."""


def run(home: Path, *arguments: str, **places: str) -> str:
    """A command of ours; its key may not be in anything that it says."""
    environment = pages.environment(home, LAYERS_SHARED=str(home / "none"), **places)
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    assert places.get("LAYERS_S3_SECRET_ACCESS_KEY", "no key") not in done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(1500)
@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_the_demo_on_s3_leaves_the_rows_of_one_in_a_folder(
    tmp_path: Path, s3_server: S3Server, postgres_url_factory: PostgresUrlFactory
):
    fields = s3_server.settings(s3_server.bucket()) | {"operations_url": postgres_url_factory()}
    places = {f"LAYERS_{name.upper()}": value for name, value in fields.items()}
    stores: list[Stores] = []
    for name, said, given in (("folder", {}, {}), ("s3", places, fields)):
        home = tmp_path / name
        home.mkdir()
        began = time.perf_counter()
        run(home, "demo", **said)
        sys.stdout.write(f"\n{name}: {time.perf_counter() - began:.0f} s\n")
        stores.append(open_stores(Settings(home=home, **given)))
    here, there = stores
    for table in COMPARED:
        kept = [column for column in table.columns if column not in OF_THE_RUN]
        assert_frame_equal(rows_of(there, table).select(kept), rows_of(here, table).select(kept))
        assert there.lake.row_count(table) > 0
    for command in THEN:
        run(tmp_path / "s3", *command, **places)
    for one in stores:
        one.operations.close()
