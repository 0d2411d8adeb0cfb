"""Commands on a disk of a few megabytes, full or read-only, in a namespace of its own.

Belongs here: mounting, filling, calling; prints what the commands said as one line of JSON.
Does not belong here: what they should say (``test_damage``).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.damages import ANSWER
from tests.cli.program import Program, Said


def main(whole: Path, folder: Path) -> None:
    """Try each command on each disk; afterwards everything that was there is there."""
    disk = folder / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk))
    shutil.copytree(whole, disk / "home", symlinks=True)
    captures = folder / "more.csv"
    row = "tiktok,cid,750100000000000{:04},2025-05-14T10:00:00Z,1000"
    header = "platform,account_key,post_key,captured_at,views"
    captures.write_text("\n".join([header, *(row.format(number) for number in range(500)), ""]))
    commands = {
        "project": ("project", "add", "other", "--name", "x" * 60),
        "import": ("import", "captures", str(captures), "--project", "brand"),
        "publish": ("publish",),
    }
    program = Program(disk / "home")
    filler = disk / "filler"
    refused: list[tuple[str, str, int, str, str]] = []

    def try_each(kind: str) -> None:
        for name, command in commands.items():
            said = called(program, *command)
            refused.append((kind, name, said.code, said.out, said.err))

    fill(filler)
    try_each("full")
    filler.unlink()
    mount("-o", "remount,ro", str(disk))
    try_each("read-only")
    mount("-o", "remount,rw", str(disk))
    after = program.said(*ANSWER, "--format", "json")
    print(json.dumps({"refused": refused, "after": after}))  # noqa: T201 - its answer


def called(program: Program, *command: str) -> Said:
    """What a command answered; what it raised, as if it had said so, for the test to see."""
    try:
        return program(*command)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
        return Said(-1, "", repr(error))


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
