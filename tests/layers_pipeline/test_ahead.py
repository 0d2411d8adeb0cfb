"""Work by threads ahead of the caller: in order, bounded, and with errors in their turn."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.ahead import ahead
from tests.hypothesis_profiles import examples


def doubled(number):
    if number < 0:
        raise ValueError(number)
    return 2 * number


def until_error(made):
    found = []
    try:
        found.extend(made)
    except ValueError as error:
        return found, error.args
    return found, None


@examples(0.5)
@given(numbers=st.lists(st.integers(-1, 9), max_size=8), threads=st.integers(1, 3))
def test_results_and_errors_come_as_from_plain_work(numbers, threads):
    assert until_error(ahead(doubled, iter(numbers), threads=threads)) == until_error(
        map(doubled, numbers)
    )


def test_an_error_of_the_parts_comes_after_what_was_taken_before():
    def parts():
        yield from range(5)
        raise ValueError("torn")

    assert until_error(ahead(doubled, parts())) == ([0, 2, 4, 6, 8], ("torn",))


def test_no_more_parts_are_taken_than_there_are_threads_and_one():
    taken = []

    def parts():
        for number in range(9):
            taken.append(number)
            yield number

    made = ahead(doubled, parts(), threads=2)
    assert next(made) == 0
    assert taken == [0, 1, 2]
    assert list(made) == [2 * number for number in range(1, 9)]


def test_parts_are_worked_on_at_once_and_a_single_one_by_the_caller():
    both = threading.Barrier(2, timeout=10)
    assert list(ahead(lambda _: both.wait() is None, iter([1, 2]), threads=2)) == [False, False]
    named = list(ahead(lambda _: threading.current_thread().name, iter([1])))
    assert named == [threading.current_thread().name]


def test_threads_end_when_the_caller_turns_away():
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the loop is what is interrupted
        for _ in (made := ahead(doubled, iter(range(100)))):
            raise KeyboardInterrupt
    made.close()
    assert set(threading.enumerate()) <= before
