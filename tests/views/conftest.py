"""What the tests of the query layer share: one made-up file, open for them all."""

from collections.abc import Iterator

import pytest

from layers_pipeline.clock import FixedClock
from layers_pipeline.settings import Settings
from layers_pipeline.views.opening import Views, open_views
from tests.worlds.content_lists import PUBLISHED_AT, contents, publish_contents


@pytest.fixture(scope="session")
def views(tmp_path_factory) -> Iterator[Views]:
    settings = Settings(home=tmp_path_factory.mktemp("views"))
    publish_contents(settings.serve_location, contents())
    opened = open_views(settings, clock=FixedClock(PUBLISHED_AT))
    yield opened
    opened.close()
