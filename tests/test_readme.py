"""The README and the pages of docs/: their figures are right, their links lead somewhere.

Belongs here: holding the pages to the code; running the blocks that need the sample captures.
Does not belong here: running the blocks that need a demo (``e2e.test_demo``), blocks themselves
(``pages``).
"""

import os
import re
from typing import Final

import pytest

from layers_pipeline.settings import Settings
from tests.pages import BLOCK, ROOT, RUN_IN_ORDER, ask, blocks_of, environment, run
from tests.shared_data import SHARED, needs_tiktok_captures

README: Final = ROOT / "README.md"
PAGES: Final = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
LINK: Final = re.compile(r"\]\(([^)#:\s]+\.md|LICENSE)(#[^)\s]+)?\)")


@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
@needs_tiktok_captures
def test_the_figures_of_the_sample_captures_are_right(tmp_path):
    (tmp_path / "clone").mkdir()
    (tmp_path / "shared").symlink_to(SHARED)
    home = tmp_path / "clone/.layers/sample"
    env = environment(home)
    for block in blocks_of("docs/unscored.md", "shared"):
        if block.language == "sql":
            ask(block, home / "serve/layers.duckdb")
        else:
            run(block, within=tmp_path / "clone", env=env)


def test_twenty_questions_are_answered_by_ten_lines_each():
    asked = [
        [line for line in block.text.splitlines() if not line.startswith("--")]
        for block in blocks_of("docs/questions.md", "run")
    ]

    assert len(asked) == 20
    assert [lines for lines in asked if len(lines) > 10] == []


def test_no_page_has_marked_blocks_that_nobody_runs():
    marked = {
        path.relative_to(ROOT).as_posix()
        for path in PAGES
        if BLOCK.search(path.read_text(encoding="utf-8"))
    }

    assert marked == {*RUN_IN_ORDER, "docs/unscored.md"}


def test_the_readme_is_a_page_that_is_read_to_its_end():
    assert len(README.read_bytes()) <= 10_000


def test_every_setting_stands_on_the_page_of_settings():
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")

    missing = [name for name in Settings.model_fields if f"`LAYERS_{name.upper()}`" not in text]

    assert missing == []


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target
        for path in PAGES
        for target in re.findall(r"(?:`|^)make ([\w-]+)", path.read_text("utf-8"), re.MULTILINE)
    }

    assert named <= targets
    assert {"demo", "test", "dev"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")

    broken = [target for target, _ in LINK.findall(text) if not (page.parent / target).is_file()]

    assert broken == []
