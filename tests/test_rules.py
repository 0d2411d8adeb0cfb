"""The page of rules: what code and tests cite is on it, and what it names is there.

Belongs here: numbers and file names of ``docs/rules.md``.
Does not belong here: whether a rule holds (the tests that the page names).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
CITING: Final = ("assets", "benchmarks", "layers_pipeline", "sandbox", "sensors", "tests", "tools")
RULE: Final = re.compile(r"\bR\d{1,2}\b")
SPAN: Final = re.compile(r"\bR(\d{1,2})-R?(\d{1,2})\b")
NAMED: Final = re.compile(r"`((?:assets|layers_pipeline|sensors|tests|transforms)/[\w/.]+)`")
ENTRY: Final = re.compile(r"^\*\*(R\d{1,2})\. .*?(?=^\*\*R|^## )", re.MULTILINE | re.DOTALL)
ENTRIES: Final = {found[1]: found[0] for found in ENTRY.finditer(PAGE)}


def cited() -> Iterator[str]:
    """Every rule that code, SQL or a test cites by number, spans written out."""
    for folder in (*CITING, "transforms"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".sql"}:
                text = path.read_text(encoding="utf-8")
                yield from RULE.findall(text)
                for first, last in SPAN.findall(text):
                    yield from (f"R{number}" for number in range(int(first), int(last) + 1))


def test_every_rule_that_is_cited_stands_on_the_page():
    assert set(cited()) <= set(ENTRIES)


@pytest.mark.parametrize("rule", ENTRIES)
def test_every_rule_names_a_test_that_holds_it(rule):
    held = ENTRIES[rule].rpartition("eld by ")[2]

    assert "`tests/" in held


@pytest.mark.parametrize("name", sorted(set(NAMED.findall(PAGE))))
def test_every_file_that_the_page_names_is_there(name):
    assert (ROOT / name).is_file()
