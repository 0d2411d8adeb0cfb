"""The command line under test: over a folder of its own, in this process or as installed.

Belongs here: calling it, and what it answered on its two streams.
Does not belong here: what a command should say.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from layers_pipeline.cli.app import main

INSTALLED = Path(__file__).parents[2] / ".venv/bin/layers-pipeline"
SECRET = "key-nobody-may-see"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def refused(self, *, code: int = 2) -> str:
        """The one line of a refusal, given on standard error alone."""
        assert (self.code, self.out) == (code, ""), self
        assert re.fullmatch(r"error: [^\n]+\n", self.err)
        return self.err


class Entry:
    """The program's entry point, in the form that Click's runner calls."""

    name = "layers-pipeline"

    @staticmethod
    def main(args: list[str], **_: Any) -> None:
        main(args)


@dataclass
class Program:
    """The command line over one folder of its own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    group: tuple[str, ...] = ()
    """What every call begins with."""

    def __call__(self, *arguments: str | Path, typed: str = "", **variables: str) -> Said:
        """Call it in this process, and find that it shows no secret and controls no terminal."""
        given = self.environment(variables)
        ours = {name: None for name in os.environ if name.startswith("LAYERS_")} | given
        called = [*self.group, *map(str, arguments)]
        result = CliRunner().invoke(Entry, called, input=typed, env=ours)
        if not isinstance(result.exception, SystemExit | None):
            raise result.exception
        said = Said(result.exit_code, result.stdout, result.stderr)
        assert "nobody-may-see" not in said.out + said.err
        assert "\x1b" not in said.out + said.err
        return said

    def said(self, *arguments: str | Path, typed: str = "", **variables: str) -> str:
        """What a command printed, which has to succeed in silence on standard error."""
        said = self(*arguments, typed=typed, **variables)
        assert (said.code, said.err) == (0, ""), said
        return said.out

    def refused(
        self, *arguments: str | Path, code: int = 2, typed: str = "", **variables: str
    ) -> str:
        """The one line of a refusal."""
        return self(*arguments, typed=typed, **variables).refused(code=code)

    def installed(self, *arguments: str | Path, **variables: str) -> Said:
        """Call the installed program, where the process itself is the point."""
        done = subprocess.run(
            [INSTALLED, *self.group, *arguments],
            env=os.environ | self.environment(variables),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables that make the folder the program's."""
        places = {"LAYERS_HOME": str(self.home), "DAGSTER_HOME": str(self.home / "dagster")}
        return {"LAYERS_SIFT_KEY": SECRET, **places, **self.variables, **variables}
