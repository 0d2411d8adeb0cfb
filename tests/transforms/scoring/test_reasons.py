"""Reasons: every one has words and a remedy, and names facts that are there."""

import re

import pytest

from transforms.scoring.reasons import FACTS, REASONS, Reason, Sentence
from transforms.sql import sql_of
from transforms.vocabulary import ELIGIBILITY_REASONS

WORDS = (Sentence("so it is"),)


def test_every_reason_of_the_contract_has_a_record_and_no_other_is_said_of_what_was_judged():
    assert {key for key, one in REASONS.items() if one.is_eligible is not None} == set(
        ELIGIBILITY_REASONS
    )


def test_every_reason_for_which_nothing_was_judged_has_a_record():
    text = sql_of("macros", "eligibility_as_of")
    found = set(re.findall(r"(?:then|else) '(\w+)'", text))
    assert found == {key for key, one in REASONS.items() if one.is_eligible is None}


def test_the_facts_are_those_that_the_explanation_knows():
    known = re.findall(r"(?m)^ +'(\w+)': ", sql_of("macros", "eligibility_explain"))
    assert sorted(known) == sorted(FACTS)


@pytest.mark.parametrize(
    "sentences",
    [
        pytest.param((), id="none"),
        pytest.param((Sentence("not always", given=("deleted",)),), id="only some of the time"),
    ],
)
@pytest.mark.parametrize("which", ["words", "remedies"])
def test_a_reason_without_words_or_remedy_cannot_be(which, sentences):
    given = {"words": WORDS, "remedies": WORDS} | {which: sentences}
    with pytest.raises(ValueError, match="without words or remedy"):
        Reason(key="new", is_eligible=False, **given)


def test_a_sentence_names_facts_only():
    with pytest.raises(ValueError, match="weather"):
        Sentence("because of the {weather}")


def test_words_begin_with_the_verdict():
    said = {reason.verdicts[0].text.partition(":")[0] for reason in REASONS.values()}
    assert said == {"eligible", "not eligible", "not judged"}
