"""The macros of the analysts' file: usual questions by name.

Belongs here: their names, parameters and comments, and putting them into a file.
Does not belong here: their text (``transforms.sql``), tables (``database``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import duckdb

from transforms.scoring.reasons import REASONS, Reason, Sentence
from transforms.scoring.rules import ACTIVE, RULES, ScoringRules
from transforms.sql import sql_of
from transforms.sql.functions import FUNCTIONS


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


MACROS: Final = (
    Macro(
        name="counts_known",
        parameters=("as_of",),
        comment="The counts of every post that were known at a moment: one row per post.",
    ),
    Macro(
        name="deleted_at",
        parameters=("as_of",),
        comment="Posts that counted as deleted at a moment, and since when: one row per post.",
    ),
    Macro(
        name="allowlist_at",
        parameters=("as_of",),
        comment="Accounts on projects' allowlists at a moment: one row per project and account.",
    ),
    Macro(
        name="posts_as_of",
        parameters=("as_of",),
        comment="Every post as it was known at a moment: one row per post, last known counts.",
    ),
    Macro(
        name="contents_of",
        parameters=("post",),
        comment="One content in each project that ever listed it: one row per project, or one "
        "without.",
    ),
    Macro(
        name="newest_ticks",
        parameters=(),
        is_for_any_tick=True,
        comment="Every project's newest scored tick (by a moment): one row per project.",
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
        name="effective_score",
        parameters=("post",),
        is_for_any_tick=True,
        comment="The score of one content that stands at the newest tick (by a moment), with its "
        "parts, inputs and rules: one row per project.",
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
        name="score_counts",
        parameters=("post",),
        is_for_any_tick=True,
        comment="The counts that the score of one post was made of, in words: one row per count.",
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
        name="checks_by_day",
        parameters=("project",),
        comment="The last counts that each day's captures showed of a project's posts, by day of "
        "its time zone: one row per post and day on which it was looked at.",
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
    for function in FUNCTIONS:
        head = f"{function.name}({', '.join(function.parameters)})"
        connection.execute(f"create macro {head} as ({function.expression})")
        _comment(connection, "macro", function.name, function.comment)
    for name, (rows, comment) in RECORDS.items():
        _make(connection, f"{name}()", _as_select(rows), comment)
    for macro in MACROS:
        _make(connection, f"{macro.name}({macro.signature})", macro.body, macro.comment)


def _make(connection: duckdb.DuckDBPyConnection, head: str, body: str, comment: str) -> None:
    connection.execute(f"create macro {head} as table {body}")
    _comment(connection, "macro table", head.partition("(")[0], comment)


def _comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str) -> None:
    connection.execute(f"comment on {kind} {name} is {sql_literal(comment)}")


def _numbers(rules: ScoringRules) -> Mapping[str, object]:
    return {
        "version": rules.version,
        "is_active": rules == ACTIVE,
        "threshold": rules.eligibility_threshold,
        **asdict(rules.ugc),
        **asdict(rules.generated),
    }


def _sentences(reason: Reason) -> Mapping[str, object]:
    def listed(sentences: Iterable[Sentence]) -> list[dict[str, object]]:
        return [{"needs": list(one.needs), "text": one.text} for one in sentences]

    return {
        "reason": reason.key,
        "is_eligible": reason.is_eligible,
        "verdicts": listed(reason.verdicts),
        "remedies": listed(reason.remedies),
    }


RECORDS: Final = {
    "scoring_rules": (
        [_numbers(rules) for rules in RULES.values()],
        "The numbers of each version of the scoring rules: one row per version.",
    ),
    "eligibility_reasons": (
        [_sentences(reason) for reason in REASONS.values()],
        "Why content may run as an ad, may not, or was not judged (null), in sentences of which "
        "the first fits whose needs are known: one row per reason.",
    ),
}
"""Records of the code as tables: their rows, and what they are."""


def _as_select(rows: Iterable[Mapping[str, object]]) -> str:
    """A select of records, one column per key."""
    selects = [
        "select " + ", ".join(f"{sql_literal(value)} as {name}" for name, value in row.items())
        for row in rows
    ]
    return " union all ".join(selects)


def sql_literal(value: object) -> str:
    """A value as SQL writes it."""
    match value:
        case str():
            text = "'" + value.replace("'", "''") + "'"
        case float():
            text = f"{value!r}::double"
        case list():
            cast = "" if value and isinstance(value[0], dict) else "::varchar[]"
            text = "[" + ", ".join(map(sql_literal, value)) + f"]{cast}"
        case dict():
            text = (
                "{" + ", ".join(f"'{key}': {sql_literal(one)}" for key, one in value.items()) + "}"
            )
        case None:
            text = "null"
        case _:
            text = str(value).lower()
    return text
