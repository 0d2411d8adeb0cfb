"""Why content may run as an ad, may not, or was not judged: in words, with what to do about it.

Belongs here: one record per reason, and the facts that its sentences may name.
Does not belong here: which reason applies (``eligibility``, and ``eligibility_as_of`` for what was
not judged).
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

FACTS: Final = (
    "post",
    "project",
    "account",
    "owner",
    "tick",
    "tick_key",
    "deleted",
    "first_known",
    "published",
    "score",
    "score_below",
    "threshold",
    "views",
    "min_views",
    "min_pool",
    "scorable_posts",
    "usd_per_boost_point",
    "boost_days",
    "boost_max",
)
"""What ``eligibility_explain`` knows of content, as text, each perhaps unknown. ``post`` is known
of posts and of no other content, ``deleted`` of what was deleted."""
VERDICTS: Final = MappingProxyType({True: "eligible", False: "not eligible", None: "not judged"})


@dataclass(frozen=True)
class Sentence:
    """A sentence that names facts as ``{fact}``; it fits where all of them are known."""

    text: str
    given: tuple[str, ...] = ()
    """Facts that must be known besides those that it names."""

    def __post_init__(self) -> None:
        unknown = set(self.needs) - set(FACTS)
        if unknown:
            raise ValueError(f"{self.text!r} names {sorted(unknown)}, which are no facts.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Facts without which the sentence does not fit."""
        return (*self.given, *re.findall(r"\{(\w+)\}", self.text))


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason. Of its words and of its remedies, the first sentence that fits is said."""

    key: str
    is_eligible: bool | None
    """Whether content may run as an ad for this reason; null: it was not judged."""
    words: tuple[Sentence, ...]
    remedies: tuple[Sentence, ...]

    def __post_init__(self) -> None:
        for sentences in (self.words, self.remedies):
            if not sentences or sentences[-1].given:
                raise ValueError(f"reason {self.key!r} may be left without words or remedy.")

    @property
    def verdicts(self) -> tuple[Sentence, ...]:
        """The words, with what they come to."""
        verdict = VERDICTS[self.is_eligible]
        return tuple(Sentence(f"{verdict}: {one.text}", one.given) for one in self.words)


def _words(*texts: str) -> tuple[Sentence, ...]:
    return tuple(Sentence(text) for text in texts)


INCLUDE: Final = "or an override to include it"
GONE: Final = Sentence("none, unless the post comes back", given=("deleted",))
NONE_NEEDED: Final = (
    Sentence(
        "none: it is deleted, so it cannot be picked unless it comes back", given=("deleted",)
    ),
    Sentence("none needed"),
)
MORE_VIEWS: Final = (GONE, Sentence(f"a sync that shows {{min_views}} views or more, {INCLUDE}"))
SCORE_A_TICK: Final = Sentence("score a tick: layers-pipeline score --at TICK")
LATER_TICK: Final = (GONE, Sentence("ask for a later tick"))
CHECK_THE_ID: Final = Sentence("check the id; sync or import what it is of, then publish")

_ALL: Final = (
    Reason(
        key="score",
        is_eligible=True,
        words=_words("its score of {score} reaches {threshold}"),
        remedies=NONE_NEEDED,
    ),
    Reason(
        key="included",
        is_eligible=True,
        words=_words("a person included it, whatever its score (it is {score})"),
        remedies=NONE_NEEDED,
    ),
    Reason(
        key="excluded",
        is_eligible=False,
        words=_words("a person excluded it, whatever its score (it is {score})"),
        remedies=_words("take the override back, if it should run after all"),
    ),
    Reason(
        key="below_threshold",
        is_eligible=False,
        words=_words("its score of {score_below} is below {threshold}"),
        remedies=(
            GONE,
            Sentence(f"to outdo more of its pool in engagement or views, {INCLUDE}", ("post",)),
            Sentence(
                "ad spend (a point per {usd_per_boost_point} USD in {boost_days} days, "
                f"at most {{boost_max}}), {INCLUDE}"
            ),
        ),
    ),
    Reason(
        key="safety_failed",
        is_eligible=False,
        words=_words("its newest safety review failed it, which makes any score 0"),
        remedies=(
            Sentence("no override helps; only a newer review that it passes", given=("post",)),
            Sentence("no override helps; generate or upload it anew"),
        ),
    ),
    Reason(
        key="below_min_views",
        is_eligible=False,
        words=_words("{views} views were known, and {min_views} are needed for a score"),
        remedies=MORE_VIEWS,
    ),
    Reason(
        key="views_unknown",
        is_eligible=False,
        words=_words("its views were unknown, and {min_views} are needed for a score"),
        remedies=MORE_VIEWS,
    ),
    Reason(
        key="pool_too_small",
        is_eligible=False,
        words=_words("never scored, as its pool had {scorable_posts}, not {min_pool}"),
        remedies=(
            GONE,
            Sentence(f"more creators, or {{min_pool}} posts with {{min_views}} views; {INCLUDE}"),
        ),
    ),
    Reason(
        key="never_scored",
        is_eligible=False,
        words=_words(
            "never scored, as it was deleted (confirmed {deleted})", "no score was made of it"
        ),
        remedies=(GONE, SCORE_A_TICK),
    ),
    Reason(
        key="no_tick",
        is_eligible=None,
        words=_words("no tick of its project was scored by then"),
        remedies=(SCORE_A_TICK,),
    ),
    Reason(
        key="not_known_yet",
        is_eligible=None,
        words=_words("nothing was known of it at {tick} (first known {first_known})"),
        remedies=LATER_TICK,
    ),
    Reason(
        key="came_in_since",
        is_eligible=None,
        words=_words("it was not known yet when {tick} was scored"),
        remedies=(
            GONE,
            Sentence("score the tick again: layers-pipeline score --at {tick_key}"),
        ),
    ),
    Reason(
        key="not_published_yet",
        is_eligible=None,
        words=_words("it was published {published}, after {tick}"),
        remedies=LATER_TICK,
    ),
    Reason(
        key="not_on_allowlist",
        is_eligible=None,
        words=_words(
            "the allowlist of {project} did not have {account} at {tick}",
            "{account} is an account of {owner} itself, whose posts are in no pool",
            "no project has {account} on its allowlist",
            "it is content of no project",
        ),
        remedies=(
            GONE,
            Sentence("layers-pipeline creator allow {account} --project {project}"),
            Sentence("layers-pipeline creator allow {account} --project PROJECT"),
            CHECK_THE_ID,
        ),
    ),
    Reason(
        key="unknown_id",
        is_eligible=None,
        words=_words("nothing of this id was published"),
        remedies=(CHECK_THE_ID,),
    ),
)
REASONS: Final = MappingProxyType({reason.key: reason for reason in _ALL})
"""Every reason, by its key."""
ELIGIBLE: Final = tuple(reason.key for reason in _ALL if reason.is_eligible)
"""Reasons for which content may run as an ad; every other reason says why not."""
