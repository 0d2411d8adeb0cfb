"""The collector's pace while a sync runs, and after it."""

import gc

import pytest

from layers_pipeline.steps.ingest.garbage import ALLOCATIONS, rare_collections


def test_the_pace_is_as_before_whatever_happens_in_between():
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == (ALLOCATIONS, *before[1:])
    with pytest.raises(ValueError, match="int"), rare_collections():
        int("no number")
    assert gc.get_threshold() == before
