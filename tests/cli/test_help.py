"""The help of every command: what it does, what each word means, how it is called.

Belongs here: rules that hold for every command, read from the commands themselves.
Does not belong here: what a command does.
"""

import shlex
from collections.abc import Iterator

import click
import pytest
import typer

from layers_pipeline.cli.app import app

Found = tuple[tuple[str, ...], click.Command]


def commands_of(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[Found]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands_of(typer.main.get_group(app)))
EACH = [pytest.param(path, id=" ".join(path)) for path in COMMANDS]


def examples_of(path: tuple[str, ...]) -> list[list[str]]:
    """The words of each example, after those that name the command."""
    lines = (COMMANDS[path].epilog or "").splitlines()
    called = [shlex.split(line) for line in lines if line.startswith("  layers-pipeline ")]
    assert all(words[1 : len(path) + 1] == list(path) for words in called)
    return [words[len(path) + 1 :] for words in called]


@pytest.mark.parametrize("path", EACH)
def test_a_command_says_what_it_does_and_what_each_word_means(path):
    command = COMMANDS[path]
    assert command.help, "say in the docstring what it does"
    bare = [param.name for param in command.params if not getattr(param, "help", None)]
    assert bare == [], "say what these mean: typer.Argument or Option(help=…)"


@pytest.mark.parametrize("path", EACH)
def test_an_example_can_be_called_and_shows_every_argument(path):
    command = COMMANDS[path]
    given = set()
    for words in examples_of(path):
        with command.make_context(path[-1], words) as context:
            given |= {name for name, value in context.params.items() if value is not None}
    assert examples_of(path), "add epilog=example(…) to the command"
    arguments = {one.name for one in command.params if isinstance(one, click.Argument)}
    required = {one.name for one in command.params if one.required}
    assert arguments | required <= given, "show these in an example"


@pytest.mark.parametrize("path", EACH)
def test_a_project_is_named_by_an_option_wherever_something_else_is_spoken_of(path):
    arguments = [one.name for one in COMMANDS[path].params if isinstance(one, click.Argument)]
    assert "project" not in arguments


ROWS = (
    *("list", "accounts", "history", "balance", "versions", "drift", "explain", "why", "query"),
    *("find", "show", "formats", "inspect", "doctor", "score", "maintain", "report"),
)


@pytest.mark.parametrize("path", [path for path in COMMANDS if path[-1] in ROWS], ids=" ".join)
def test_rows_are_printed_for_programs_too(path):
    (form,) = [one for one in COMMANDS[path].params if one.name == "form"]
    assert form.opts == ["--format"]
    assert isinstance(form.type, click.Choice)
    assert list(form.type.choices) == ["table", "csv", "json"]


def test_examples_stand_one_by_one_whatever_the_width():
    command = COMMANDS["project", "add"]
    with command.make_context("add", ["my-brand"], terminal_width=40) as context:
        said = command.get_help(context)
    assert 'layers-pipeline project add my-brand --name "My Brand"' in said
