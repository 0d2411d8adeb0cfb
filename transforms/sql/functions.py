"""Expressions that the analysts' macros share: one rule of one row each.

Belongs here: scalar macros of the analysts' file, their parameters and what they say.
Does not belong here: queries (``transforms/sql/macros``), putting them into a file.
"""

from dataclasses import dataclass
from typing import Final

from transforms.scoring.ticks import KEY_FORMAT


@dataclass(frozen=True, kw_only=True)
class Function:
    """A scalar macro: an expression of its parameters."""

    head: str
    """Its name and parameters, as a call."""
    expression: str
    comment: str

    @property
    def name(self) -> str:
        """What it is called by."""
        return self.head.partition("(")[0]


FUNCTIONS: Final = (
    Function(
        head="holds_at(began_at, ended_at, moment)",
        expression="coalesce(began_at <= moment and coalesce(moment < ended_at, true), false)",
        comment="Whether an interval holds at a moment: from its start on, until before its end. "
        "Allowlists and confirmed deletions are such intervals.",
    ),
    Function(
        head="in_utc(moment)",
        expression="strftime(timezone('UTC', moment), '%Y-%m-%d %H:%M')",
        comment="An instant in words, in UTC.",
    ),
    Function(
        head="tick_key(moment)",
        expression=f"strftime(timezone('UTC', moment), '{KEY_FORMAT}')",
        comment="A tick as commands take it, such as 2025-05-14-12:00.",
    ),
    Function(
        head="container_of(content)",
        expression="substr(content, strpos(content, '/') + 1)",
        comment="The container of an ads content id, which is project/container; another id as "
        "it is.",
    ),
    Function(
        head="are_known(names, facts)",
        expression="coalesce(list_bool_and(list_transform(names, lambda name: "
        "map_extract_value(facts, name) is not null)), true)",
        comment="Whether a map has a value for every name.",
    ),
    Function(
        head="filled(sentence, facts)",
        # After an opening brace come a name, a closing brace, and words.
        expression="array_to_string(list_transform(string_split(sentence, '{'), lambda piece: "
        "if(contains(piece, '}'), map_extract_value(facts, split_part(piece, '}', 1)) "
        "|| split_part(piece, '}', 2), piece)), '')",
        comment="A sentence with the values of a map in place of its {names}.",
    ),
    Function(
        head="first_filled(sentences, facts)",
        expression="filled(list_filter(sentences, lambda one: are_known(one.needs, facts))[1].text,"
        " facts)",
        comment="The first sentence whose needs a map knows, filled; null: none.",
    ),
)
"""In the order in which they are made."""
