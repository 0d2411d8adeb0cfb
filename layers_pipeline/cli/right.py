"""``layers-pipeline content right``: what lets creators' posts run as ads.

Belongs here: commands, their options, taking over a Spark code unseen, saying what came of it.
Does not belong here: storage and encryption (``operations``), what a right clears.
"""

import getpass
import os
import sys
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from layers_pipeline import moments
from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.rights import (
    SUBJECTS_OF,
    ContentRight,
    RightOf,
    standing,
)
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.spark_codes import require_code
from transforms.vocabulary import RightKind, RightSource

right_app = typer.Typer()

CODE: str = "LAYERS_SPARK_CODE"
"""Environment variable from which a Spark code is read."""
KindArgument = Annotated[RightKind, typer.Argument(help="Which right.")]
SubjectArgument = Annotated[
    str,
    typer.Argument(
        metavar="FOR",
        help="What it is for: post:tiktok:ID, creator:ID or account:PLATFORM:KEY.",
    ),
]
ByOption = Annotated[str, typer.Option(help="Who says so. Default: the user of this machine.")]
NoteOption = Annotated[str | None, typer.Option(help="Why, in 280 characters at most.")]


@right_app.command(
    "grant",
    epilog=example(
        "content right grant spark_code post:tiktok:7501000000000000002 --project my-brand"
    ),
)
def grant_right(
    kind: KindArgument,
    subject: SubjectArgument,
    *,
    project: ProjectOption,
    start: Annotated[str, typer.Option(help="ISO 8601 with offset. Default: now.")] = "",
    end: Annotated[str, typer.Option(help="ISO 8601 with offset. Default: no end.")] = "",
    source: Annotated[RightSource, typer.Option(help="Who told of it.")] = "person",
    note: NoteOption = None,
    by: ByOption = "",
) -> None:
    """Grant a right with its whole period, in the place of what stood; rows of before are kept.

    A Spark code is read from LAYERS_SPARK_CODE, or else one line of standard input, without an
    echo on a terminal. It is stored encrypted, and nothing ever shows it.
    """
    right = _right(project, kind, subject)
    with opened() as stores:
        now = stores.clock.now()
        stores.operations.projects.get(project)
        code = _code(right) if kind == "spark_code" else None
        if code:
            cipher = TokenCipher(stores.settings.token_keys)
            keep = stores.operations.spark_codes.keep
            keep(project, right.subject_id, code, cipher, now=now)
        new = stores.operations.rights.grant(
            right,
            starts_at=moments.parse(start, what="--start", naive="refused") if start else now,
            ends_at=moments.parse(end, what="--end", naive="refused") if end else None,
            source=source,
            changed_by=by or user_name("content right grant"),
            note=note,
            now=now,
        )
    say(f"Right {right}: {'granted' if new else 'as it stood, nothing changed'}.")


@right_app.command(
    "revoke",
    epilog=example(
        "content right revoke spark_code post:tiktok:7501000000000000002 --project my-brand"
    ),
)
def revoke_right(
    kind: KindArgument,
    subject: SubjectArgument,
    *,
    project: ProjectOption,
    note: NoteOption = None,
    by: ByOption = "",
) -> None:
    """Take a right back, from now on; ticks of before keep what stood then."""
    right = _right(project, kind, subject)
    with opened() as stores:
        new = stores.operations.rights.revoke(
            right,
            changed_by=by or user_name("content right revoke"),
            note=note,
            now=stores.clock.now(),
        )
    said = "revoked: it blocks from now on" if new else "was revoked before: nothing changed"
    say(f"Right {right}: {said}.")


@right_app.command("refresh", epilog=example("content right refresh"))
def refresh_rights() -> None:
    """Ask TikTok since when and until when stored Spark codes hold, and note what it says.

    Of projects with a connected TikTok ad account. The six-hourly reading of ads does so, too.
    """
    from layers_pipeline.steps.ingest.spark_rights import read_spark_rights

    with opened() as stores:
        done = read_spark_rights(stores)
    say(f"{done.asked} Spark codes asked about: {done.changed} changed, {len(done.failed)} failed.")
    for right, why in done.failed.items():
        say(f"Right {right}: {why}")


@right_app.command("list", epilog=example("content right list --project my-brand --history"))
def list_rights(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Every change instead of what stands.")
    ] = False,
    form: FormatOption = "table",
) -> None:
    """List rights: for what, since when, until when, and who told of them. Never a code."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = stores.operations.rights.all()
        codes = set(stores.operations.spark_codes.posts())
    print_rows(
        form,
        ("project", "right", "for", "from", "until", "revoked", "code", "source", "by", "known"),
        [
            _row(row, has_code=(row.project_id, row.subject_id) in codes)
            for row in (rows if history else standing(rows))
            if project in ("", row.project_id)
        ],
    )


def _row(row: ContentRight, *, has_code: bool) -> tuple[Any, ...]:
    return (
        row.project_id,
        row.kind,
        f"{row.subject}:{row.subject_id}",
        row.starts_at,
        row.ends_at,
        row.is_revoked,
        has_code if row.kind == "spark_code" else None,
        row.source,
        row.changed_by,
        row.known_at,
    )


def _right(project: str, kind: RightKind, subject: str) -> RightOf:
    word, _, subject_id = subject.partition(":")
    for known in SUBJECTS_OF[kind]:
        if word == known and subject_id:
            return RightOf(project_id=project, kind=kind, subject=known, subject_id=subject_id)
    forms = " or ".join(f"{known}:ID" for known in SUBJECTS_OF[kind])
    raise InputRefusedError(
        f"{kind}: {subject[:200]!r} is not what it is given for. Write {forms}."
    )


def _code(right: RightOf) -> SecretStr:
    """The Spark code, from the environment, or else unseen from the terminal."""
    text = os.environ.get(CODE)
    if text is None and sys.stdin.isatty():
        text = getpass.getpass("Spark code (not shown): ")
    elif text is None:
        text = sys.stdin.readline().rstrip("\r\n")
    return require_code(SecretStr(text), about=right.subject_id)
