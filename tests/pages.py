"""The marked blocks of the README and the pages of docs/: finding them, and running one.

Belongs here: reading pages, what a block must give.
Does not belong here: which blocks are run where, and in which folder (the tests).

A block is marked by a word after its language: ``run`` blocks need what ``make demo`` leaves,
``shared`` blocks need the sample captures, ``lost`` blocks a deployment that loses its disk after
the first of them. SQL blocks say what they give in comments:
``-- > a, b`` is an expected row, ``-- gives a, b`` the columns, ``-- rows 5`` their number.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

ROOT: Final = Path(__file__).parents[1]
RUN_IN_ORDER: Final = (
    "README.md",
    "docs/tour.md",
    "docs/guide.md",
    "docs/analysts.md",
    "docs/questions.md",
    "docs/operations.md",
)
"""Pages whose ``run`` blocks follow each other."""
BLOCK: Final = re.compile(r"^```(\w+) (run|shared|lost)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
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
