"""``layers-pipeline scoring``: what it says, refuses, and changes."""

import re
import shutil
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.versions import rules_in_force
from tests.cli.program import Program
from tests.worlds.data_builders import (
    allow,
    capture,
    derive,
    hours,
    later,
    make_stores,
    rows_of,
    score,
)

TICK = hours(4)


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Path:
    """Three posts, scored at one tick."""
    home = tmp_path_factory.mktemp("scored") / "home"
    stores = make_stores(home, now=hours(0))
    allow(stores, "ada")
    derive(stores, [capture(f"p{number}", views=100 + number) for number in range(3)])
    score(later(stores, hours(5)), [TICK])
    stores.operations.close()
    return home


@pytest.fixture
def home(scored, tmp_path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(scored, tmp_path / "home")


def said(home: Path, *arguments: str, answer: str = "") -> str:
    printed = Program(home, group=("scoring",)).said(*arguments, typed=answer)
    return re.sub(r"\s+", " ", printed)


def refused(home: Path, *arguments: str, code: int = 2) -> str:
    return Program(home, group=("scoring",)).refused(*arguments, code=code)


def in_force(home: Path) -> tuple[str, ...]:
    stores = make_stores(home)
    found = rules_in_force(stores).versions
    stores.operations.close()
    return found


def test_the_versions_are_listed_with_their_roles(home):
    text = said(home, "versions")
    assert "Nobody chose a version: the newest, 2, is active." in text
    said(home, "shadow", "1", "--by", "ann")
    assert re.search(r"1 [│|]? ?shadow", said(home, "versions"))


def test_who_activated_is_reported(home):
    said(home, "activate", "1", "--yes", "--by", "ann")
    assert "ann made version 1 active at" in said(home, "versions")


def test_drift_is_shown_and_changes_nothing(home):
    text = said(home, "drift", "1")
    assert "3 scores: 0 would change, 0 reach the threshold, 0 fall below it." in text
    assert "Version 2 to 1 at tick 2025-05-14-16:00" in text
    assert in_force(home) == ("2",)


def test_activating_shows_the_drift_first_and_asks(home):
    text = said(home, "activate", "1", answer="n\n")
    assert text.index("3 scores") < text.index("Activate version 1?")
    assert "Nothing was changed." in text
    assert in_force(home) == ("2",)
    said(home, "activate", "1", answer="y\n")
    assert in_force(home) == ("1",)


def test_activating_what_is_active_says_so(home):
    assert "Version 2 is active already." in said(home, "activate", "2", "--yes")


def test_a_new_deployment_may_choose_at_once(tmp_path):
    text = said(tmp_path / "new", "activate", "1", "--yes")
    assert "Nothing was scored yet, so nothing changes." in text
    assert in_force(tmp_path / "new") == ("1",)


def test_a_shadow_begins_and_stops(home):
    said(home, "shadow", "1")
    assert in_force(home) == ("2", "1")
    assert "is no shadow any more" in said(home, "shadow", "1", "--stop")
    assert "was no shadow any more" in said(home, "shadow", "1", "--stop")
    assert in_force(home) == ("2",)


def test_the_active_version_needs_no_shadow(home):
    assert "version 2 is active; it needs no shadow" in refused(home, "shadow", "2")


@pytest.mark.parametrize("command", ["drift", "shadow", "activate"])
def test_an_unknown_version_is_refused(home, command):
    assert "no version '3'" in refused(home, command, "3")


def test_drift_of_a_wrong_tick_is_refused(home):
    assert "YYYY-MM-DD-HH:MM" in refused(home, "drift", "1", "--at", "yesterday")


def test_drift_before_the_first_score_is_refused(tmp_path):
    assert "nothing was scored yet" in refused(tmp_path / "new", "drift", "1", code=3)


def test_a_comparison_leaves_no_rows(home):
    said(home, "drift", "1")
    stores = make_stores(home)
    assert set(rows_of(stores, catalog.ORGANIC_SCORES)["scoring_version"]) == {"2"}
    stores.operations.close()
