"""A small lake and its operational database, written by an older version of this package.

Belongs here: an older tree out of git's history, and running its commands with today's libraries.
Does not belong here: what today's code makes of the lake (``tests.tools``), comparisons.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl

HERE: Final = Path(__file__).resolve().parents[1]
IN_TREE: Final = Path(__file__).with_name("in_tree.py")
COMMIT: Final = "5b8e7d2"
"""The last commit of one flat package, whose lakes had no migration."""
NOW: Final = datetime(2025, 7, 1, tzinfo=UTC)
BEGIN: Final = datetime(2025, 6, 1, 6, tzinfo=UTC)
TICKS: Final = ("2025-06-01-08:00", "2025-06-02-08:00")
POSTS, CAPTURES = 24, 6


def tree_of(commit: str, folder: Path, *, repository: Path = HERE) -> Path:
    """The tree of a commit, put into a folder.

    Raises:
        LookupError: There is no git, no history, or no such commit.
    """
    try:
        found = subprocess.run(  # noqa: S603 - git, with a commit of this repository
            ["git", "-C", str(repository), "archive", commit],  # noqa: S607 - git of this machine
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise LookupError(f"{repository}: commit {commit} is not at hand") from error
    with tarfile.open(fileobj=BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def run_in(tree: Path, home: Path, arguments: Sequence[str]) -> None:
    """Run a command of a version, at a fixed time, on the stores of a home.

    Raises:
        subprocess.CalledProcessError: It failed; what it said is on this process's error output.
    """
    run_script(tree, home, [NOW.isoformat(), *arguments])


def run_script(tree: Path, home: Path, arguments: Sequence[str]) -> None:
    """Run ``in_tree`` over a version; see there."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LAYERS_")}
    subprocess.run(  # noqa: S603 - this interpreter, with a script of this folder
        [sys.executable, str(IN_TREE), *arguments],
        check=True,
        cwd=tree,
        env={**kept, "PYTHONPATH": str(tree), "LAYERS_HOME": str(home)},
        stdout=sys.stderr,
    )


def make(tree: Path, home: Path) -> None:
    """Import captures, score two ticks and publish, all by the version in the tree."""
    file = home.with_name(f"{home.name}.parquet")
    generated_captures().write_parquet(file)
    run_in(tree, home, ["import", "captures", str(file), "--timezone", "UTC", "--project", "demo"])
    for tick in TICKS:
        run_in(tree, home, ["score", "--at", tick])


def generated_captures() -> pl.DataFrame:
    """Captures of some posts over a day and a half; every count grows."""
    rows = [
        {
            "platform": "tiktok",
            "account_key": f"creator{post % 3}",
            "post_key": f"post{post}",
            "platform_post_id": f"post{post}",
            "captured_at": BEGIN + timedelta(hours=6 * turn, minutes=post),
            "published_at": BEGIN - timedelta(days=post + 1),
            "caption": f"Post number {post}",
            "views": 1000 * (post + 1) + 150 * turn * (post + 1),
            "likes": 60 * (post + 1) + 9 * turn,
            "comments": 4 * (post + 1) + turn,
            "shares": 2 * (post + 1) + turn,
            "saves": post + turn,
            "followers": 5000 + 10 * turn,
        }
        for post in range(POSTS)
        for turn in range(CAPTURES)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
