import threading

import pytest

from layers_pipeline.progress import report, reporting


class StoppedError(Exception):
    pass


@pytest.fixture
def heard():
    return []


def test_a_report_without_a_listener_is_silent(capsys):
    report("rows", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_listener_hears_what_is_reported_in_its_block(heard):
    with reporting(lambda *reports: heard.append(reports)):
        report("rows", 1, 2)
    report("rows", 2, 2)
    assert heard == [("rows", 1, 2)]


def test_the_innermost_listener_hears_and_the_outer_one_comes_back(heard):
    with reporting(lambda *reports: heard.append(("outer", *reports))):
        with reporting(lambda *reports: heard.append(("inner", *reports))):
            report("rows", 1, 2)
        report("rows", 2, 2)
    assert heard == [("inner", "rows", 1, 2), ("outer", "rows", 2, 2)]


def test_a_listener_is_gone_after_a_failure(heard):
    with pytest.raises(StoppedError), reporting(lambda *reports: heard.append(reports)):
        raise StoppedError
    report("rows", 1, 2)
    assert heard == []


def test_another_thread_has_its_own_listener(heard):
    with reporting(lambda *reports: heard.append(reports)):
        other = threading.Thread(target=report, args=("rows", 1, 2))
        other.start()
        other.join()
    assert heard == []
