"""The macros of the analysts' file: usual questions by name.

Belongs here: their names, parameters and comments, and putting them into a file.
Does not belong here: their text (``transforms.sql``), tables (``database``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

import duckdb

from transforms.scoring.reasons import REASONS, Reason, Sentence
from transforms.scoring.rules import ACTIVE, RULES, ScoringRules
from transforms.selection.blockers import BLOCKER_WORDS, BlockerWords, needs_of
from transforms.sql import sql_of
from transforms.sql.functions import FUNCTIONS
from transforms.vocabulary import BLOCKERS

MACROS: Final[Mapping[str, str]] = {
    "counts_known(as_of)": "The counts of every post that were known at a moment: one row per "
    "post.",
    "counts_since(as_of)": "Since when the counts that were known at a moment had stood: one row "
    "per post, the first capture of each count's run.",
    "deleted_at(as_of)": "Posts that counted as deleted at a moment, and since when: one row per "
    "post.",
    "allowlist_at(as_of)": "Accounts on projects' allowlists at a moment: one row per project and "
    "account.",
    "words_known(as_of)": "Publication, kind and address of every post as they were known at a "
    "moment: one row per post.",
    "posts_as_of(as_of)": "Every post as it was known at a moment: one row per post, last known "
    "counts, and beside them for how many hours each had stood.",
    "contents_of(post)": "One content in each project that ever listed it: one row per project, "
    "or one without.",
    "newest_ticks(as_of := null)": "Every project's newest scored tick (by a moment): one row per "
    "project.",
    "eligibility_as_of(post, as_of := null)": "One content in each project at its newest tick (by "
    "a moment): eligibility, the score that stands, and a reason, also where it was not judged. "
    "One row per project; one without a project if none lists it.",
    "effective_score(post, as_of := null)": "The score of one content that stands at the newest "
    "tick (by a moment), with its parts, inputs and rules: one row per project.",
    "small_pools(post, as_of := null)": "How many scorable posts the pools had in which one post "
    "waits for more: one row per such project.",
    "eligibility_explain(post, as_of := null)": "May one content run as an ad, why, and what to "
    "do, in words: one row per project.",
    "counts_of_score(post, as_of := null)": "The counts of one post that were known when its "
    "score was made, each with the capture since which it stood: one row per project and count.",
    "score_parts(post, as_of := null)": "The score of one content that stands at the newest tick "
    "(by a moment), of the version in force, by part: points and words. The points before the "
    "last add up to it.",
    "score_counts(post, as_of := null)": "The counts that the score of one post was made of, in "
    "words: one row per count.",
    "score_inputs(post, as_of := null)": "What the score of one content was made of: one row per "
    "input, with the capture since which a count stood. Unknown inputs have no amount.",
    "score_explain(post, as_of := null)": "One content explained at its newest tick (by a "
    "moment): the parts of its score, their inputs, and the verdict with its remedy; one row per "
    "piece. There is always a verdict, also for an id that nothing has.",
    "ads_showing(post, as_of := null)": "Ads that showed one content at its newest tick (by a "
    "moment) and were not deleted: one row per project and ad.",
    "blockers_at(post, as_of := null)": "How one content stood at its newest tick (by a moment), "
    "and all that kept it from running as an ad, in order: one row per project.",
    "blocker_facts(post, as_of := null)": "The same, with what sentences on blockers may name.",
    "why_not_running(post, as_of := null)": "Why one content was not running as an ad at its "
    "newest tick (by a moment): one row per project and blocker in order, with words and remedy; "
    "one row without a blocker where it ran.",
    "post_engagement(post)": "One post over time: one row per snapshot, counts as shown and their "
    "changes since the snapshot before that showed them. Changes may be negative.",
    "checks_by_day(project)": "The last counts that each day's captures showed of a project's "
    "posts, by day of its time zone: one row per post and day on which it was looked at.",
    "post_engagement_daily(project)": "A project's posts by day of its time zone: one row per "
    "post and day, the last counts shown on it and their changes since the day before. Null: not "
    "looked at, or not shown, on that day or, for a change, on the day before.",
    "creator_report(first_day, last_day)": "What each creator's posts and the ads on them did in "
    "some days, and what was earned in periods that start in them: one row per project, creator "
    "and currency. Spend that reaches no creator is a row of its own.",
    "creative_performance(first_day, last_day)": "What ads on each content spent and brought in "
    "some days: one row per project, content and currency, one without content for all ads that "
    "show nothing we know.",
}
"""By how they are called, in the order in which they are made: a macro asks only those before it.
Where ``as_of`` may be left out, the newest tick is meant."""


def make_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Put every macro into the database in use, which has the published tables."""
    for function in FUNCTIONS:
        connection.execute(f"create macro {function.head} as ({function.expression})")
        _comment(connection, "macro", function.name, function.comment)
    for name, (rows, comment) in RECORDS.items():
        _make(connection, f"{name}()", _as_select(rows), comment)
    for head, comment in MACROS.items():
        # In the text, parameters stand by their names.
        body = re.sub(r"\$(\w+)", r"\1", sql_of("macros", name_of(head)))
        _make(connection, head, body, comment)


def name_of(head: str) -> str:
    """The name in a call such as ``posts_as_of(as_of)``."""
    return head.partition("(")[0]


def _make(connection: duckdb.DuckDBPyConnection, head: str, body: str, comment: str) -> None:
    connection.execute(f"create macro {head} as table {body}")
    _comment(connection, "macro table", name_of(head), comment)


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


def _blocker(record: BlockerWords) -> Mapping[str, object]:
    def listed(sentences: Iterable[str]) -> list[dict[str, object]]:
        return [{"needs": needs_of(one), "text": one} for one in sentences]

    return {
        "blocker": record.key,
        "place": BLOCKERS.index(record.key),
        "sentences": listed(record.words),
        "remedies": listed(record.remedies),
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
    "selection_blockers": (
        [_blocker(record) for record in BLOCKER_WORDS.values()],
        "What keeps content from running as an ad, in the order in which it is asked, in sentences "
        "of which the first fits whose needs are known: one row per blocker.",
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
