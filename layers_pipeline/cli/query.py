"""``layers-pipeline query`` and ``explain``: questions to the analysts' file.

Belongs here: what is asked, and how an answer is laid out for people and for programs.
Does not belong here: asking (``serving.query``), the explanation's words (``transforms.sql``).
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated, Any, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_for_programs
from layers_pipeline.cli.terminal import complain, print_table, say
from layers_pipeline.errors import NotFoundError
from layers_pipeline.steps.score.ticks import tick_of

REASONS: Final = "from why_not_running($post, cast($as_of as timestamptz))"
EXPLANATION: Final = "from score_explain($post, cast($as_of as timestamptz))"
NEAREST: Final = """
    select
        container_id,
        jaro_winkler_similarity(
            regexp_extract(container_id, '[^:]*$'), regexp_extract($post, '[^/:]*$')
        ) as likeness
    from content_containers
    where likeness >= 0.85
    order by likeness desc, container_id
    limit 3
"""

STANDS_FOR: Final = """
    select platform || ':' || same_as
    from post_aliases
    where regexp_extract($post, '[^/:]*$') = platform_post_id
    limit 1
"""

PIECE: Final = ("place", "section", "part", "points", "amount", "captured_at", "words")
BLOCKER: Final = ("place", "blocker", "words", "remedy", "layer_id", "ad_set_id")
"""Columns of what an answer has several of."""

Piece = dict[str, Any]


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the published tables.")],
    form: FormatOption = "table",
) -> None:
    """Ask the analysts' file a question, read-only."""
    from layers_pipeline.serving.query import asked
    from layers_pipeline.settings import load_settings

    columns, rows = asked(load_settings(), sql)
    if form == "table":
        print_table(columns, rows)
    else:
        print_for_programs(form, columns, rows)


def explain(
    post: Annotated[str, typer.Argument(help="Post id, container id or ads content id.")],
    project: Annotated[str, typer.Option("--project", help="Only in this project.")] = "",
    at: Annotated[
        str, typer.Option(help="The newest tick by then, such as 2025-05-14-12:00 (UTC).")
    ] = "",
    form: FormatOption = "table",
) -> None:
    """Take the score of a content apart, and say in words whether it may run as an ad."""
    from layers_pipeline.serving.query import asked
    from layers_pipeline.settings import load_settings

    as_of = tick_of(at).isoformat() if at else None
    columns, rows = asked(load_settings(), EXPLANATION, {"post": post, "as_of": as_of})
    pieces = [dict(zip(columns, row, strict=True)) for row in rows]
    if pieces[0]["reason"] == "unknown_id" and (other := _stands_for(post)):
        tell = say if form == "table" else complain  # what programs read holds nothing else
        tell(f"{post} is one post with {other}, which stands for it.")
        return explain(other, project=project, at=at, form=form)
    if pieces[0]["reason"] == "unknown_id":
        raise _unknown(post)
    if project:
        pieces = _of_project(pieces, project, post)
    if form == "table":
        for explanation in _by_content(pieces):
            _say(post, explanation)
    else:
        things = [_explanation(found) for found in _by_content(pieces)]
        print_for_programs(form, columns, [list(piece.values()) for piece in pieces], things=things)
    return None


def why(
    post: Annotated[str, typer.Argument(help="Post id, container id or ads content id.")],
    project: Annotated[str, typer.Option("--project", help="Only in this project.")] = "",
    at: Annotated[
        str, typer.Option(help="The newest tick by then, such as 2025-05-14-12:00 (UTC).")
    ] = "",
    form: FormatOption = "table",
) -> None:
    """Say why a content is not running as an ad: what blocks it first, what else would."""
    from layers_pipeline.serving.query import asked
    from layers_pipeline.settings import load_settings

    as_of = tick_of(at).isoformat() if at else None
    columns, rows = asked(load_settings(), REASONS, {"post": post, "as_of": as_of})
    pieces = [dict(zip(columns, row, strict=True)) for row in rows]
    if pieces[0]["blocker"] == "unknown_id":
        raise _unknown(post)
    if project:
        pieces = _of_project(pieces, project, post)
    by_project = groupby(pieces, key=lambda piece: piece["project_id"])
    if form == "table":
        for _, found in by_project:
            _say_why(post, list(found))
    else:
        things = [
            _outside(pieces, BLOCKER) | {"blockers": _inside(pieces, BLOCKER)}
            for pieces in (list(found) for _, found in by_project)
        ]
        print_for_programs(form, columns, [list(piece.values()) for piece in pieces], things=things)


def _explanation(pieces: Sequence[Piece]) -> dict[str, Any]:
    """One explanation as it is told: the content, and within it score, inputs and verdict."""
    of: dict[str, list[Piece]] = {"score": [], "input": [], "verdict": []}
    for piece in pieces:
        of[piece["section"]].append(piece)
    return _outside(pieces, PIECE) | {
        "score": _inside(of["score"], ("part", "points", "words")),
        "inputs": _inside(of["input"], ("part", "amount", "captured_at", "words")),
        "verdict": {piece["part"]: piece["words"] for piece in of["verdict"]},
    }


def _outside(pieces: Sequence[Piece], inner: Sequence[str]) -> dict[str, Any]:
    """What all pieces have in common."""
    return {name: value for name, value in pieces[0].items() if name not in inner}


def _inside(pieces: Sequence[Piece], inner: Sequence[str]) -> list[dict[str, Any]]:
    """What each piece has of its own."""
    return [{name: piece[name] for name in inner} for piece in pieces]


def _say_why(post: str, pieces: Sequence[Piece]) -> None:
    """Print the blockers of one content in one project, the first one first."""
    first, tick = pieces[0], pieces[0]["scored_at"]
    known = [f"{post} in project {first['project_id']}" if first["project_id"] else post]
    if tick:
        known.append(f"tick {tick:%Y-%m-%d %H:%M} UTC")
    say(f"\n{', '.join(known)}: {first['status']}")
    print_table(
        ("", "blocker", "in words", "remedy"),
        [(piece["place"], piece["blocker"], piece["words"], piece["remedy"]) for piece in pieces],
    )


def _unknown(post: str) -> NotFoundError:
    return NotFoundError(
        f"{post}: no such post in the published file. Check the id, or publish again."
        f"{_nearest(post)}"
    )


def _stands_for(post: str) -> str | None:
    """The id that stands for a post of several ids, if this is another of them."""
    from layers_pipeline.serving.query import asked
    from layers_pipeline.settings import load_settings

    if not asked(
        load_settings(), "select 1 from duckdb_tables() where table_name = 'post_aliases'"
    )[1]:
        return None  # published by an older package
    found = asked(load_settings(), STANDS_FOR, {"post": post})[1]
    return str(found[0][0]) if found else None


def _nearest(post: str) -> str:
    """The ids that look most like one that nothing has, as a sentence; empty if none does."""
    from layers_pipeline.serving.query import asked
    from layers_pipeline.settings import load_settings

    found = [name for name, _ in asked(load_settings(), NEAREST, {"post": post})[1]]
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _of_project(pieces: Sequence[Piece], project: str, post: str) -> list[Piece]:
    """The pieces of one project."""
    own = [piece for piece in pieces if piece["project_id"] == project]
    if own:
        return own
    others = sorted({piece["project_id"] for piece in pieces} - {None})
    raise NotFoundError(
        f"{post}: project {project!r} never had it. It is of: {', '.join(others) or 'no project'}. "
        "Name another project, or allow its creator: layers-pipeline creator allow "
        f"PLATFORM:ACCOUNT --project {project}"
    )


def _by_content(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """The explanations, one list of pieces for each content in its project."""
    of = groupby(pieces, key=lambda piece: (piece["ads_content_id"], piece["platform"]))
    return (list(group) for _, group in of)


def _say(post: str, pieces: Sequence[Piece]) -> None:
    """Print one explanation: where and when, the parts, the inputs, the verdict."""
    sections: dict[str, list[Piece]] = {"score": [], "input": [], "verdict": []}
    for piece in pieces:
        sections[piece["section"]].append(piece)
    say(f"\n{_heading(post, pieces[0])}")
    if sections["score"]:
        parts = [(piece["part"], piece["points"], piece["words"]) for piece in sections["score"]]
        print_table(("part", "points", "in words"), parts)
    if sections["input"]:
        inputs = [(piece["part"], piece["words"]) for piece in sections["input"]]
        print_table(("input", "in words"), inputs)
    said = {piece["part"]: piece["words"] for piece in sections["verdict"]}
    if "deleted" in said:
        say(f"Deleted: {said['deleted']}.")
    say(f"{said['eligibility'][:1].upper()}{said['eligibility'][1:]}. Remedy: {said['remedy']}.")


def _heading(post: str, piece: Piece) -> str:
    """Which content in which pool, as of when, under which version of the rules."""
    known = [post]
    if piece["project_id"]:
        known = [f"{post} in project {piece['project_id']}", f"pool {piece['scoring_pool']}"]
    if piece["scored_at"]:
        known.append(f"tick {piece['scored_at']:%Y-%m-%d %H:%M} UTC")
    if piece["scoring_version"]:
        known.append(f"rules version {piece['scoring_version']}")
    return ", ".join(known)
