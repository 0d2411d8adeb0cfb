"""The README and the pages of docs/: their commands run, their figures are right.

Belongs here: finding marked blocks, running them in order, holding the pages to the code.
Does not belong here: what the commands do (the tests of each part).

A block is marked by a word after its language: ``run`` blocks need what ``make demo`` leaves,
``shared`` blocks need the sample captures. SQL blocks say what they give in comments:
``-- > a, b`` is an expected row, ``-- gives a, b`` the columns, ``-- rows 5`` their number.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pytest

from layers_pipeline.settings import Settings
from sandbox import generated_captures, running_sandbox
from tests.shared_data import SHARED, needs_tiktok_captures

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
RUN_IN_ORDER: Final = (
    "README.md",
    "docs/tour.md",
    "docs/guide.md",
    "docs/analysts.md",
    "docs/questions.md",
    "docs/operations.md",
)
PAGES: Final = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
BLOCK: Final = re.compile(r"^```(\w+) (run|shared)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK: Final = re.compile(r"\]\(([^)#:\s]+\.md|LICENSE)(#[^)\s]+)?\)")
SIMULATED_SPEED: Final = 60.0
SHELL: Final = ("bash", "-euo", "pipefail", "-c")


@dataclass(frozen=True)
class Block:
    """One marked block of a page."""

    page: str
    language: str
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text.strip().splitlines()[0][:60]}"


def blocks_of(page: str, mark: str) -> list[Block]:
    found = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    return [
        Block(page, language, found_mark, text)
        for language, found_mark, text in found
        if found_mark == mark
    ]


def environment(home: Path, **more: str) -> dict[str, str]:
    """A newcomer's environment, whose settings all have their defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LAYERS_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        **more,
    }


def run(block: Block, *, within: Path, env: dict[str, str]) -> str:
    """What a block prints; it must succeed."""
    program = SHELL if block.language == "bash" else (sys.executable, "-c")
    done = subprocess.run(
        [*program, block.text], cwd=within, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def ask(block: Block, file: Path) -> None:
    """Ask a published file the question of a block, and hold the answer to its comments."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        answer = connection.sql(block.text)
        columns, rows = list(answer.columns), answer.pl().rows()
    expected = re.findall(r"^-- > (.*)$", block.text, re.MULTILINE)
    given = re.search(r"^-- gives (.*)$", block.text, re.MULTILINE)
    number = re.search(r"^-- rows (.*)$", block.text, re.MULTILINE)
    assert expected or given, f"{block}: does not say what it gives"
    if expected:
        assert [", ".join(map(as_shown, row)) for row in rows] == expected, str(block)
    if given:
        assert columns == given.group(1).split(", "), str(block)
    if number and number.group(1) != "any":
        assert len(rows) == int(number.group(1)), str(block)
    assert rows or (number and number.group(1) == "any"), f"{block}: no rows"


def as_shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return str(value)


@dataclass(frozen=True)
class Newcomer:
    """Somebody in a fresh folder who has run the demo and started the sandbox."""

    folder: Path
    env: dict[str, str]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("newcomer")
    nowhere = str(folder / "no-shared-data")
    env = environment(folder / ".layers", LAYERS_SHARED=nowhere)
    run(Block("the demo", "bash", "run", "layers-pipeline demo"), within=folder, env=env)
    with running_sandbox(generated_captures(), rate=SIMULATED_SPEED) as sandbox:
        env |= {"LAYERS_SIFT_URL": sandbox.url}
        yield Newcomer(folder, env)


@pytest.mark.timeout(900)
def test_every_block_marked_run_works_in_order(newcomer):
    for page in RUN_IN_ORDER:
        for block in blocks_of(page, "run"):
            if block.language == "sql":
                ask(block, newcomer.folder / ".layers/serve/layers.duckdb")
            else:
                run(block, within=newcomer.folder, env=newcomer.env)


@pytest.mark.e2e
@pytest.mark.timeout(900)
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
