"""What keeps content from running as an ad: in words, with what to do about it.

Belongs here: one record per blocker, and the facts that its sentences may name.
Does not belong here: which blocker applies (``gates``, ``picks``, ``status``); the words of the
reason that decides eligibility, which are richer (``transforms.scoring.reasons``).
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from transforms.vocabulary import BLOCKERS, Blocker

FACTS: Final = (
    "project",
    "container",
    "account",
    "problem",
    "sync_remedy",
    "score",
    "tick",
    "deleted",
    "pool",
    "rank",
    "layer",
    "ad_set",
    "right",
    "right_for",
    "ads",
)
"""What ``why_not_running`` knows of content, as text, each perhaps unknown."""
GONE: Final = "none, unless the post comes back"
BESIDES: Final = (
    "take the override back: layers-pipeline content override {container} none "
    "--project {project} --note WHY"
)
APPROVE: Final = "layers-pipeline content approve {container} approved --project {project}"
GRANT: Final = "layers-pipeline content right grant {right} {right_for} --project {project}"
ROOM: Final = (
    "stop an ad of it, or give it more room: layers-pipeline layer ad-set add {layer} {ad_set}"
)


@dataclass(frozen=True, kw_only=True)
class BlockerWords:
    """One blocker; of its words and remedies the first sentence counts whose facts are known."""

    key: Blocker
    words: tuple[str, ...]
    remedies: tuple[str, ...]

    def __post_init__(self) -> None:
        for sentence in (*self.words, *self.remedies):
            if unknown := set(needs_of(sentence)) - set(FACTS):
                raise ValueError(f"{sentence!r} names {sorted(unknown)}, which are no facts.")


def needs_of(sentence: str) -> list[str]:
    """Facts that a sentence names: without them it does not fit."""
    return re.findall(r"\{(\w+)\}", sentence)


def _record(key: Blocker, said: tuple[str, ...], *remedies: str) -> BlockerWords:
    return BlockerWords(key=key, words=said, remedies=remedies)


_ALL: Final = (
    _record(
        "account_sync",
        ("the account {account} is not synced ({problem})", "its account is not synced"),
        "{sync_remedy}",
        "see sync_problems",
    ),
    _record(
        "views_unknown",
        ("its views were unknown",),
        "a sync that shows its views",
    ),
    _record(
        "below_min_views",
        ("it has too few views to be scored",),
        "a sync that shows more views",
    ),
    _record(
        "pool_too_small",
        ("its pool is too small to be ranked",),
        "allow more creators: layers-pipeline creator allow",
    ),
    _record(
        "never_scored",
        ("it was never scored besides",),
        "a sync that shows its views, and a pool that is large enough",
    ),
    _record(
        "below_threshold",
        ("its score of {score} is below the threshold besides", "its score is below the threshold"),
        "to outdo more of its pool, or an override to include it",
    ),
    _record("excluded", ("a person excluded it besides",), BESIDES),
    _record(
        "safety_failed",
        ("its newest safety review failed it",),
        "only a newer review that it passes",
    ),
    _record(
        "approval_pending",
        ("its approval in {project} is pending",),
        APPROVE,
    ),
    _record(
        "approval_rejected",
        ("its approval in {project} was rejected",),
        f"another approval, if minds change: {APPROVE}",
    ),
    _record(
        "right_missing",
        (
            "no right to run it is known for layer {layer}",
            "no right to run it is known",
        ),
        f"ask the creator, then: {GRANT}",
        "ask the creator, then: layers-pipeline content right grant",
    ),
    _record(
        "right_not_begun",
        ("the right to run it begins after {tick}",),
        "wait until it begins: layers-pipeline content right list --project {project}",
    ),
    _record(
        "right_expired",
        ("the right to run it had ended by {tick}",),
        f"ask the creator to renew it, then: {GRANT}",
        "ask the creator to renew it, then: layers-pipeline content right grant",
    ),
    _record(
        "right_revoked",
        ("the right to run it was taken back",),
        f"ask the creator for another, then: {GRANT}",
        "ask the creator for another, then: layers-pipeline content right grant",
    ),
    _record(
        "deleted",
        ("it was deleted (confirmed {deleted})", "it was deleted"),
        GONE,
    ),
    _record(
        "already_running",
        ("an ad in ad set {ad_set} shows it already",),
        "none needed: it runs there",
    ),
    _record(
        "no_layer",
        ("project {project} has no layer whose ads could show it",),
        "add one: layers-pipeline layer add LAYER --project {project}",
    ),
    _record(
        "no_ad_set",
        ("no ad set of project {project} that could show it needs creatives",),
        "open one: layers-pipeline layer ad-set add LAYER AD_SET --open",
    ),
    _record(
        "slots_full",
        (
            "the slots of pool {pool} in ad set {ad_set} are taken; it is number {rank}",
            "the slots of pool {pool} in ad set {ad_set} would be taken by others",
        ),
        ROOM,
    ),
    _record(
        "capacity_full",
        ("ad set {ad_set} is full",),
        ROOM,
    ),
    _record(
        "platform_full",
        ("ad set {ad_set} has as many ads as the platform allows, paused ones included",),
        "delete ads that nobody needs, or open another ad set: layers-pipeline layer ad-set add",
    ),
    _record(
        "not_launched",
        ("it is picked for ad set {ad_set}, and no ad shows it yet",),
        "launch it in the ads manager, in ad set {ad_set} of layer {layer}",
    ),
    _record(
        "ad_not_running",
        ("it is picked for ad set {ad_set}; ads that show it do not deliver: {ads}",
         "it is picked for ad set {ad_set}; ads that show it do not deliver"),
        "see why in the ads manager: resume it, or wait for its review",
    ),
)  # fmt: skip
BLOCKER_WORDS: Final = MappingProxyType({one.key: one for one in _ALL})
"""Every blocker's record, by its key, in the order of ``BLOCKERS``."""


if tuple(BLOCKER_WORDS) != BLOCKERS:
    raise ValueError("blockers: records and vocabulary differ.")
