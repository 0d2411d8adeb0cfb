"""The macros of the analysts' file: usual questions by name.

Belongs here: their names, parameters and comments, and putting them into a file.
Does not belong here: their text (``transforms.sql``), tables (``database``).
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

import duckdb

from transforms.scoring.rules import ACTIVE, RULES, ScoringRules
from transforms.sql import sql_of


@dataclass(frozen=True, kw_only=True)
class Macro:
    """A table macro: its name, its parameters, and what it answers."""

    name: str
    parameters: tuple[str, ...]
    comment: str
    is_for_any_tick: bool = False
    """Whether a second parameter may name a moment; without it, the newest tick is meant."""

    @property
    def signature(self) -> str:
        """The parameters as they are declared."""
        optional = ("as_of := null",) if self.is_for_any_tick else ()
        return ", ".join((*self.parameters, *optional))

    @property
    def body(self) -> str:
        """The select, in which parameters stand by their names."""
        text = sql_of("macros", self.name)
        for parameter in (*self.parameters, "as_of"):
            text = re.sub(rf"\${parameter}\b", parameter, text)
        return text


OF_RULES: Final = "scoring_rules"
RULES_COMMENT: Final = "The numbers of each version of the scoring rules: one row per version."
MACROS: Final = (
    Macro(
        name="posts_as_of",
        parameters=("as_of",),
        comment="Every post as it was known at a moment: one row per post, last known counts.",
    ),
    Macro(
        name="eligibility_as_of",
        parameters=("post",),
        is_for_any_tick=True,
        comment="One content in each project at its newest tick (by a moment): eligibility, the "
        "score that stands, and a reason, also where it was not judged. One row per project; one "
        "without a project if none lists it.",
    ),
    Macro(
        name="small_pools",
        parameters=("post",),
        is_for_any_tick=True,
        comment="How many scorable posts the pools had in which one post waits for more: one row "
        "per such project.",
    ),
    Macro(
        name="eligibility_explain",
        parameters=("post",),
        is_for_any_tick=True,
        comment="May one content run as an ad, why, and what to do, in words: one row per project.",
    ),
    Macro(
        name="counts_of_score",
        parameters=("post",),
        is_for_any_tick=True,
        comment="The counts of one post that were known when its score was made, each with the "
        "capture since which it stood: one row per project and count.",
    ),
    Macro(
        name="score_parts",
        parameters=("post",),
        is_for_any_tick=True,
        comment="The score of one content that stands at the newest tick (by a moment), of the "
        "version in force, by part: points and words. The points before the last add up to it.",
    ),
    Macro(
        name="score_inputs",
        parameters=("post",),
        is_for_any_tick=True,
        comment="What the score of one content was made of: one row per input, with the capture "
        "since which a count stood. Unknown inputs have no amount.",
    ),
    Macro(
        name="score_explain",
        parameters=("post",),
        is_for_any_tick=True,
        comment="One content explained at its newest tick (by a moment): the parts of its score, "
        "their inputs, and the verdict with its remedy; one row per piece. There is always a "
        "verdict, also for an id that nothing has.",
    ),
    Macro(
        name="post_engagement",
        parameters=("post",),
        comment="One post over time: one row per snapshot, counts as shown and their changes since "
        "the snapshot before that showed them. Changes may be negative.",
    ),
    Macro(
        name="post_engagement_daily",
        parameters=("project",),
        comment="A project's posts by day of its time zone: one row per post and day, the last "
        "counts shown on it and their changes since the day before. Null: not looked at, or not "
        "shown, on that day or, for a change, on the day before.",
    ),
)
"""In the order in which they are made: a macro asks only those before it."""


def make_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Put every macro into the database in use, which has the published tables."""
    _make(connection, f"{OF_RULES}()", _rules_as_rows(RULES.values()), RULES_COMMENT)
    for macro in MACROS:
        _make(connection, f"{macro.name}({macro.signature})", macro.body, macro.comment)


def _make(connection: duckdb.DuckDBPyConnection, head: str, body: str, comment: str) -> None:
    name, _, _ = head.partition("(")
    connection.execute(f"create macro {head} as table {body}")
    connection.execute(f"comment on macro table {name} is {sql_literal(comment)}")


def _rules_as_rows(versions: Iterable[ScoringRules]) -> str:
    """A select of the numbers of every version, one column per number."""
    rows = [_numbers(rules) for rules in versions]
    selects = [
        "select " + ", ".join(f"{sql_literal(value)} as {name}" for name, value in row.items())
        for row in rows
    ]
    return " union all ".join(selects)


def _numbers(rules: ScoringRules) -> dict[str, str | float | bool]:
    return {
        "version": rules.version,
        "is_active": rules == ACTIVE,
        "threshold": rules.eligibility_threshold,
        **asdict(rules.ugc),
        **asdict(rules.generated),
    }


def sql_literal(value: str | float | bool) -> str:
    """A value as SQL writes it, for statements that take no parameters."""
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case float():
            return f"{value!r}::double"
        case _:
            return str(value).lower()
