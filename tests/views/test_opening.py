from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import duckdb
import pytest

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import NotFoundError, StoreError
from layers_pipeline.settings import Settings
from layers_pipeline.views.content import count, stream_csv
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import open_views
from tests.worlds.content_lists import PROJECT, PUBLISHED_AT, contents, publish_contents

KEPT = ContentFilter(project_id=PROJECT, deleted="show", columns=("ads_content_id",))
LATER = PUBLISHED_AT + timedelta(hours=4)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def opened(settings):
    found = open_views(settings, clock=FixedClock(LATER))
    yield found
    found.close()


def publish(settings, *, number=1, size=10):
    at = PUBLISHED_AT + timedelta(hours=number - 1)
    return publish_contents(settings.serve_location, contents(size), number=number, at=at)


def test_nothing_published_is_said_with_its_remedy(opened):
    with pytest.raises(NotFoundError, match="nothing was published yet"):
        opened.publication()


def test_the_generation_tells_when_it_was_made_and_how_old_it_is(opened, settings):
    publish(settings, number=3)

    found = opened.publication()

    assert found.generation == 3
    assert found.as_of == PUBLISHED_AT + timedelta(hours=2)
    assert found.age == timedelta(hours=2)


def test_a_new_generation_is_followed_and_readers_of_the_old_go_on(opened, settings):
    old = publish(settings, size=10)
    with opened.reading() as reader:
        before = count(reader, KEPT)
        started = stream_csv(reader, KEPT)
        next(started)
        publish(settings, number=2, size=30)
        old.unlink()

        assert count(opened, KEPT) > before
        assert count(reader, KEPT) == before
        assert b"".join(started).count(b"\n") == before


def test_many_threads_ask_while_generations_change(opened, settings):
    publish(settings, size=10)
    sizes = {
        sum(row["project_id"] == PROJECT for row in contents(size)) for size in (10, 20, 30, 40)
    }

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(count, opened, KEPT) for _ in range(20)]
        for number in (2, 3, 4):
            publish(settings, number=number, size=number * 10).with_name(
                f"layers-{number - 1:06d}.duckdb"
            ).unlink()
            found += [pool.submit(count, opened, KEPT) for _ in range(20)]

    assert {one.result() for one in found} <= sizes
    assert count(opened, KEPT) == max(sizes)


def test_the_file_stays_as_it_is_and_others_may_hold_it_open(opened, settings):
    path = publish(settings)
    with (
        duckdb.connect(str(path), read_only=True),
        opened.reading() as reader,
        pytest.raises(StoreError, match="read-only"),
    ):
        reader.frame("create table published.x as select 1 as one")


def test_a_damaged_file_is_named_with_its_remedy(opened, settings):
    publish(settings).write_bytes(b"x" * 5000)

    with pytest.raises(StoreError, match=r"layers-000001\.duckdb: .*layers-pipeline publish"):
        opened.publication()
