"""The same lake made twice, by an older version and by this tree, and compared by content.

Belongs here: what is done with both versions, and saying what came of it.
Does not belong here: running a version (``old_lake``), the comparison (``compare_lakes``).

``python -m tools.same_lake captures FILE --into FOLDER`` imports real captures, scores every tick
of ``TICKS`` and publishes, at a fixed time; ``… scenario one_day`` lives through hours of a
scenario of faults by the sandbox's own clock.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.compare_lakes import main as compare
from tools.old_lake import COMMIT, HERE, run_in, run_script, tree_of

TICKS: Final = ("2025-05-14-08:00", "2025-06-07-04:00")
HOURS: Final = "9"


def from_captures(tree: Path, home: Path, file: str) -> None:
    """A lake of real captures."""
    path = str(Path(file).resolve())
    run_in(tree, home, ["import", "captures", path, "--timezone", "UTC", "--project", "demo"])
    run_in(tree, home, ["score", "--from", TICKS[0], "--to", TICKS[1]])
    run_in(tree, home, ["publish"])


def from_scenario(tree: Path, home: Path, name: str) -> None:
    """A lake that lived through a scenario."""
    run_script(tree, home, ["scenario", str(home), name, HOURS])


MADE_FROM: Final = {"captures": from_captures, "scenario": from_scenario}


def main() -> int:
    """Make both lakes and compare them; 0 if they are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("made_from", choices=MADE_FROM)
    parser.add_argument("what", help="A file of captures, or the name of a scenario.")
    parser.add_argument("--into", type=Path, required=True, help="An empty folder.")
    parser.add_argument("--commit", default=COMMIT, help="The older version.")
    given = parser.parse_args()
    old, new = given.into / "old", given.into / "new"
    make = MADE_FROM[given.made_from]
    try:
        make(tree_of(given.commit, given.into / "tree"), old, given.what)
        make(HERE, new, given.what)
    except (LookupError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return compare([str(old), str(new)])


if __name__ == "__main__":
    sys.exit(main())
