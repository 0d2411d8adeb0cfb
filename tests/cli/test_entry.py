"""The program's entrance: how it starts, what it lists, and how it ends.

Belongs here: options of the program itself, exit codes, what is loaded, parts not installed.
Does not belong here: what a command does (a file for each group).
"""

import re
import subprocess
import sys
from importlib import metadata

import pytest

from layers_pipeline import errors
from layers_pipeline.errors import LayersError
from tests.cli.program import Program

SLOW = ("polars", "dagster", "sqlalchemy", "alembic", "deltalake", "duckdb", "pydantic")
TREE = re.compile(r"^ *[*+] (\w+) +(\d)", re.MULTILINE)


@pytest.fixture
def program(tmp_path) -> Program:
    return Program(tmp_path / "home")


def test_the_version_is_that_of_the_distribution(program):
    assert program.said("--version") == f"layers-pipeline {metadata.version('layers-pipeline')}\n"


def test_every_group_is_listed_with_its_commands(program):
    listed = program.said("--help")
    groups = re.findall(
        r"^  (import|project|creator|account|scoring|content|refusals) ", listed, re.M
    )
    assert len(groups) == 7
    for group in groups:
        assert "Commands:" in program.said(group, "--help")


def test_an_unknown_command_is_refused_with_the_nearest(program):
    said = program("acount")
    assert (said.code, said.out) == (2, "")
    assert "(Did you mean one of: 'account', 'content', 'payout'?)" in said.err


@pytest.mark.parametrize(
    "words",
    [["--help"], ["score", "--at", "yesterday"], ["score", "--from", "2025-05-14-12:00"]],
    ids=" ".join,
)
def test_neither_the_help_nor_a_mistyped_tick_loads_anything_slow(words):
    code = (
        "import sys\n"
        "from layers_pipeline.cli.app import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        f"sys.exit(', '.join(name for name in {SLOW!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == ""


def test_a_shell_learns_what_completes_a_word(program):
    asked = {"_LAYERS_PIPELINE_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    said = program.installed(COMP_WORDS="layers-pipeline ac", **asked)
    assert said.out.split() == ["account"]


def test_a_refusal_of_the_installed_program_is_one_line(program):
    said = program.installed("project", "add", "No Name")
    assert "'No Name'" in said.refused()


@pytest.mark.parametrize("command", ["sandbox", "demo", "dev"])
def test_a_command_without_its_extra_says_which_to_install(program, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "fastapi", None)  # as importlib marks what is not there
    assert "pip install 'layers-pipeline[sandbox]'" in program.refused(command)


# Exit codes


def all_errors(of: type[LayersError] = LayersError) -> set[type[LayersError]]:
    return {of}.union(*(all_errors(one) for one in of.__subclasses__()))


def test_the_tree_of_errors_is_drawn_with_the_exit_code_of_each():
    drawn = {name: int(code) for name, code in TREE.findall(errors.__doc__)}
    assert drawn == {
        one.__name__: one.exit_code for one in all_errors() if one.__module__ == errors.__name__
    }


def test_a_damaged_store_has_its_own_exit_code(program):
    program.home.mkdir()
    (program.home / "operations.db").write_bytes(b"no database" * 1000)
    assert "file is not a database" in program.refused("project", "list", code=4)
