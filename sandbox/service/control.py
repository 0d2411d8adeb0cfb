"""The sandbox's own controls: its clock, its accounts, faults, and the log of requests.

Belongs here: routes under ``/sandbox`` that tests and demos steer with, from this machine only.
Does not belong here: anything that a real platform would answer.
"""

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from sandbox.faults import Fault
from sandbox.problems import ProblemError, problem_responses
from sandbox.sift.faults import SIFT_FAULT_KINDS
from sandbox.simulation.accounts import AccountRef, Platform
from sandbox.world import CONTROL_PREFIX, AnsweringWorld, LoggedRequest, World

ClockTime = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))
]


class ClockSetting(BaseModel):
    """Where the clock is to be."""

    model_config = ConfigDict(extra="forbid")

    now: ClockTime = Field(description="With a time zone; may lie before the present time.")
    rate: float | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Simulated seconds per real second; 0 stands still; absent changes nothing.",
    )


class ClockStep(BaseModel):
    """How far the clock is to move."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(ge=0, le=10 * 366 * 86_400, description="Simulated seconds.")


class ClockAnswer(TypedDict):
    """Where the clock is."""

    now: datetime
    rate: float


class AccountSummary(TypedDict):
    """One creator, over all its time."""

    platform: Platform
    account_key: str
    posts: int
    captures: int
    first_captured_at: datetime
    last_captured_at: datetime


class AccountList(TypedDict):
    """What the sandbox replays."""

    dataset: str
    accounts: list[AccountSummary]


class RequestList(TypedDict):
    """Requests to the simulated APIs; the control plane's own are not among them."""

    count: int
    requests: list[LoggedRequest]


class RequestCounts(TypedDict):
    """How many requests there were, kept in the log or not."""

    count: int
    by_path: Annotated[
        dict[str, int], Field(description="`*` stands for what names one thing, such as an id.")
    ]


def from_this_machine(request: Request) -> None:
    """Let loopback clients pass, whatever address the sandbox is bound to."""
    if request.client is None or not ip_address(request.client.host).is_loopback:
        raise ProblemError(403, "the sandbox is steered from its own machine only")


router = APIRouter(
    prefix=CONTROL_PREFIX,
    tags=["Sandbox control"],
    dependencies=[Depends(from_this_machine)],
    responses=problem_responses(403, 422),
)


def known_account(
    world: AnsweringWorld,
    platform: Platform,
    account_key: Annotated[str, Path(description="As `GET /sandbox/accounts` lists it.")],
) -> AccountRef:
    """The account that a path names."""
    account = AccountRef(platform, account_key)
    if account not in world.dataset.creators:
        raise ProblemError(404, f"no such account: {platform}/{account_key}")
    return account


KnownAccount = Annotated[AccountRef, Depends(known_account)]


def _clock(world: World) -> ClockAnswer:
    return {"now": world.clock.now(), "rate": world.clock.rate}


@router.get("/clock", summary="What time it is in the sandbox")
async def read_clock(world: AnsweringWorld) -> ClockAnswer:
    """Everything that the sandbox shows was captured at or before this time."""
    return _clock(world)


@router.put("/clock", summary="Set the clock")
async def set_clock(setting: ClockSetting, world: AnsweringWorld) -> ClockAnswer:
    """Go to a time. Jobs follow: set back before its end, a finished scrape is running again."""
    world.clock.set(setting.now, rate=setting.rate)
    return _clock(world)


@router.post("/clock/advance", summary="Move the clock on")
async def advance_clock(step: ClockStep, world: AnsweringWorld) -> ClockAnswer:
    """Move on by so many simulated seconds, at once."""
    world.clock.advance(step.seconds)
    return _clock(world)


@router.get("/accounts", summary="Which accounts there are")
async def list_accounts(
    world: AnsweringWorld,
    min_posts: Annotated[int, Query(ge=1, description="Leave smaller accounts out.")] = 1,
) -> AccountList:
    """Accounts with post and capture counts over the whole dataset, most posts first."""
    rows = [_summary(world, account) for account in world.dataset.creators]
    rows.sort(key=lambda row: -row["posts"])
    return {
        "dataset": world.dataset.name,
        "accounts": [row for row in rows if row["posts"] >= min_posts],
    }


def _summary(world: World, account: AccountRef) -> AccountSummary:
    posts = world.dataset.every_item(account)
    return {
        "platform": account.network,
        "account_key": account.account_key,
        "posts": len(posts),
        "captures": sum(len(post.captures) for post in posts),
        "first_captured_at": min(post.captures[0].captured_at for post in posts),
        "last_captured_at": max(post.captures[-1].captured_at for post in posts),
    }


@router.put(
    "/faults/{platform}/{account_key}",
    summary="Switch a fault on",
    responses=problem_responses(404),
)
async def put_fault(fault: Fault, account: KnownAccount, world: AnsweringWorld) -> Fault:
    """Replace the account's fault by this one; it strikes from the next request on."""
    if fault.kind not in SIFT_FAULT_KINDS:
        raise ProblemError(422, f"SIFT knows no fault {fault.kind!r:.80}")
    world.faults.put_alone(account, fault)
    return fault


@router.delete(
    "/faults/{platform}/{account_key}",
    status_code=204,
    summary="Switch a fault off",
    responses=problem_responses(404),
)
async def delete_fault(account: KnownAccount, world: AnsweringWorld) -> None:
    """The account is well again; jobs submitted under the fault keep their fate."""
    world.faults.clear(account)


@router.get("/requests", summary="Which requests were answered")
async def list_requests(world: AnsweringWorld) -> RequestList:
    """The newest 100,000 requests to the simulated APIs, oldest first, without queries and keys."""
    requests = world.log.requests()
    return {"count": len(requests), "requests": requests}


@router.get("/requests/counts", summary="How many requests were answered")
async def count_requests(
    world: AnsweringWorld,
    prefix: Annotated[str, Query(description="Only paths that begin so.")] = "",
) -> RequestCounts:
    """By kind of path, since the log was cleared; also of those that it no longer keeps."""
    counts = world.log.counts(prefix)
    return {"count": sum(counts.values()), "by_path": counts}


@router.delete("/requests", status_code=204, summary="Clear the request log")
async def clear_requests(world: AnsweringWorld) -> None:
    """Counting starts again at nothing."""
    world.log.clear()
