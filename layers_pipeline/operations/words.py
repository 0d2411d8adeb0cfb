"""The closed vocabularies of the operational database, as types and as tuples of values.

Belongs here: every enumeration that a column's CHECK repeats.
Does not belong here: what a word makes the system do (the modules that use it).
"""

from typing import Final, Literal, get_args

Platform = Literal["instagram", "tiktok"]
Connection = Literal["oauth", "external"]
AccountStatus = Literal["active", "paused", "reauth_required"]
Depth = Literal["quick", "posts", "full"]
Outcome = Literal[
    "ok",
    "partial",
    "rate_limited",
    "reauth_required",
    "forbidden",
    "unavailable",
    "malformed",
]
JobStatus = Literal["submitted", "succeeded", "collected", "failed", "expired"]
CreativeKind = Literal["generated", "manual"]
Override = Literal["include", "exclude"]
Approval = Literal["not_required", "pending", "approved", "rejected"]
AdPlatform = Literal["meta", "tiktok"]
ScoringRole = Literal["active", "shadow"]

PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)
CONNECTIONS: Final[tuple[Connection, ...]] = get_args(Connection)
ACCOUNT_STATUSES: Final[tuple[AccountStatus, ...]] = get_args(AccountStatus)
DEPTHS: Final[tuple[Depth, ...]] = get_args(Depth)
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
JOB_STATUSES: Final[tuple[JobStatus, ...]] = get_args(JobStatus)
CREATIVE_KINDS: Final[tuple[CreativeKind, ...]] = get_args(CreativeKind)
OVERRIDES: Final[tuple[Override, ...]] = get_args(Override)
APPROVALS: Final[tuple[Approval, ...]] = get_args(Approval)
AD_PLATFORMS: Final[tuple[AdPlatform, ...]] = get_args(AdPlatform)
SCORING_ROLES: Final[tuple[ScoringRole, ...]] = get_args(ScoringRole)

OPEN_JOB_STATUSES: Final[tuple[JobStatus, ...]] = ("submitted", "succeeded")
"""A job in one of these still has something to collect."""

REACHED_OUTCOMES: Final[tuple[Outcome, ...]] = ("ok", "partial")
"""The platform answered and rows were kept; every other outcome is a failure."""
