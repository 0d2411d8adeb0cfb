"""Asking the published file from several threads of one process.

Belongs here: that questions do not meet in the one DuckDB that they share.
Does not belong here: what the command refuses and prints (``tests.cli``).
"""

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from benchmarks.traffic import SEEN
from layers_pipeline.serving.query import asked
from layers_pipeline.steps.publish.publication import publish
from tests.worlds.true_lives import live


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    lived = live(tmp_path_factory.mktemp("asked") / "home").stores
    publish(lived)
    yield lived
    lived.operations.close()


def test_questions_of_several_threads_are_answered_one_after_the_other(stores):
    def answer(_: int) -> list[tuple[int, ...]]:
        return asked(stores.settings, "select count(*) from platform_post_checks")[1]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(answer, range(12)))
    assert answers[0][0][0] > 0
    assert answers == [answers[0]] * 12


def test_a_whole_publication_is_seen_as_whole(stores):
    columns, rows = asked(stores.settings, SEEN)
    seen = dict(zip(columns, rows[0], strict=True))
    assert seen.pop("generation") == 1
    assert seen.pop("snapshots") > 0
    assert set(seen.values()) == {0}


def test_half_a_publication_is_seen_as_such(stores, tmp_path):
    half = tmp_path / "half.duckdb"
    half.write_bytes((stores.settings.serve_location / "layers.duckdb").read_bytes())
    with duckdb.connect(str(half)) as connection:
        connection.execute(
            "update publication set generation = 0 where table_name like 'platform%'"
        )
        connection.execute("delete from platform_posts")
        (answer,) = connection.execute(SEEN).pl().to_dicts()
    assert answer["other_generations"] == 1
    assert answer["snapshots_without_post"] == answer["snapshots"]
