"""The sandbox's controls over accounts that hold tokens: tokens, truth, faults, calls per second.

Belongs here: routes under ``/sandbox/oauth``, from this machine only.
Does not belong here: clock, SIFT's accounts and faults, the request log (``control``).
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from sandbox.faults import Fault
from sandbox.problems import ProblemError, problem_responses
from sandbox.service.control import from_this_machine
from sandbox.service.scenario import FAULT_KINDS
from sandbox.simulation.accounts import AccountRef, AdPlatform, Platform
from sandbox.simulation.growth import Number
from sandbox.simulation.items import Item
from sandbox.simulation.metrics import ItemType
from sandbox.tokens import TokenState
from sandbox.world import CONTROL_PREFIX, AnsweringWorld, World

LIFE_MAX_S: Final = 10 * 366 * 86_400
Life = Annotated[float, Field(ge=0, le=LIFE_MAX_S, description="Simulated seconds from now on.")]


class TokenOrder(BaseModel):
    """How long a new token is to live."""

    model_config = ConfigDict(extra="forbid")

    life_s: Annotated[float, Field(gt=0, le=LIFE_MAX_S)] | None = Field(
        default=None, description="Simulated seconds; absent: as long as the platform's do."
    )


class TokenEnd(BaseModel):
    """How the tokens that an account has are to end."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["expire", "expire_refresh", "revoke"] = Field(
        description="`expire` ends access tokens, `expire_refresh` refresh tokens, `revoke` both."
    )
    life_s: Life = 0.0
    why: str = Field(
        default="revoked",
        min_length=1,
        max_length=80,
        description="`revoke`: why; on Instagram the error subcode, such as `458`.",
    )


class CallLimit(BaseModel):
    """How many calls a second TikTok admits."""

    model_config = ConfigDict(extra="forbid")

    limit: int | None = Field(ge=1, description="In any one real second; null: as many as wanted.")


class MinuteLimit(BaseModel):
    """How many calls TikTok admits in a minute of the sandbox's time; null: as many as wanted."""

    model_config = ConfigDict(extra="forbid")

    account_per_min: int | None = Field(ge=1, description="Of one account to one endpoint.")
    app_per_min: int | None = Field(ge=1, description="Of all accounts.")


class MinuteLimitState(MinuteLimit):
    """The limits, and what they did."""

    refused: int = Field(description="Calls that they refused so far.")


class TokenAnswer(TypedDict):
    """A new token pair."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    refresh_expires_at: datetime


class OAuthAccount(TypedDict):
    """One account that can hold a token."""

    platform: Platform
    account_key: str
    posts: Annotated[int, Field(description="That can be seen now.")]
    stories: Annotated[int, Field(description="That can be seen now.")]
    items_ever: Annotated[int, Field(description="Posts and stories, deleted and later ones too.")]
    followers: int
    token: Annotated[
        TokenState | Literal["none"], Field(description="State of the newest access token.")
    ]
    faults: Annotated[int, Field(description="How many are switched on.")]


class OAuthAccounts(TypedDict):
    """Every account that can hold a token."""

    accounts: list[OAuthAccount]


class TrueItem(TypedDict):
    """What is true of one post or story now."""

    item_id: str
    media_type: ItemType
    published_at: datetime
    permalink: str
    alive: bool
    metrics: Annotated[
        dict[str, Number],
        Field(description="What the platform shows, in the pipeline's words; empty if not alive."),
    ]


class AccountTruth(TypedDict):
    """What is true of one account now."""

    at: datetime
    followers: int
    items: list[TrueItem]


class FaultList(TypedDict):
    """The faults of one account, in the order in which they strike."""

    faults: list[Fault]


router = APIRouter(
    prefix=f"{CONTROL_PREFIX}/oauth",
    tags=["Sandbox control: accounts with tokens"],
    dependencies=[Depends(from_this_machine)],
    responses=problem_responses(403, 404, 422),
)


def token_holder(
    world: AnsweringWorld,
    platform: Platform | AdPlatform,
    account_key: Annotated[
        str,
        Path(description="As `GET /sandbox/oauth/accounts` or `GET /sandbox/ads/accounts` has it."),
    ],
) -> AccountRef:
    """The account that a path names."""
    account = AccountRef(platform, account_key)
    if account not in world.dataset.holders and world.ads.account(account) is None:
        raise ProblemError(404, f"no such account holds a token: {platform}/{account_key}")
    return account


TokenHolder = Annotated[AccountRef, Depends(token_holder)]
ACCOUNT: Final = "/accounts/{platform}/{account_key}"


@router.get("/accounts", summary="Which accounts can hold a token")
async def list_token_holders(world: AnsweringWorld) -> OAuthAccounts:
    """By platform and key, each with its posts, its newest token and its faults."""
    return {"accounts": [_account(world, account) for account in world.dataset.holders]}


def _account(world: World, account: AccountRef) -> OAuthAccount:
    now, dataset = world.clock.now(), world.dataset
    newest = world.tokens.newest(account)
    return {
        "platform": account.network,
        "account_key": account.account_key,
        "posts": len(dataset.posts(account, at=now)),
        "stories": len(dataset.stories(account, at=now)),
        "items_ever": len(dataset.every_item(account)),
        "followers": dataset.followers(account, at=now),
        "token": newest.state(now) if newest else "none",
        "faults": len(world.faults.of(account)),
    }


@router.get(f"{ACCOUNT}/truth", summary="What is true of an account now")
async def read_truth(account: TokenHolder, world: AnsweringWorld) -> AccountTruth:
    """Every item published by now, newest first, with what the platform shows of it.

    An ad account publishes nothing; what is true of its ads is at `/sandbox/ads`.
    """
    now = world.clock.now()
    items = [item for item in world.dataset.every_item(account) if item.published_at <= now]
    return {
        "at": now,
        "followers": world.dataset.followers(account, at=now),
        "items": [_true(item, now) for item in items],
    }


def _true(item: Item, now: datetime) -> TrueItem:
    alive = item.lives(now)
    return {
        "item_id": item.item_id,
        "media_type": item.media_type,
        "published_at": item.published_at,
        "permalink": item.permalink,
        "alive": alive,
        "metrics": item.metrics(now) if alive else {},
    }


@router.post(f"{ACCOUNT}/tokens", status_code=201, summary="Issue a token")
async def issue_token(
    account: TokenHolder, world: AnsweringWorld, order: TokenOrder | None = None
) -> TokenAnswer:
    """As if the account's owner had just consented; older tokens stay what they are."""
    life_s = order.life_s if order else None
    grant = world.tokens.issue(account, life=timedelta(seconds=life_s) if life_s else None)
    return {
        "access_token": grant.access,
        "refresh_token": grant.refresh,
        "expires_at": grant.expires_at,
        "refresh_expires_at": grant.refresh_expires_at,
    }


@router.post(f"{ACCOUNT}/tokens/end", status_code=204, summary="End an account's tokens")
async def end_tokens(account: TokenHolder, world: AnsweringWorld, end: TokenEnd) -> None:
    """Every token that the account has expires, now or after a while, or is revoked at once."""
    if end.kind == "revoke":
        world.tokens.revoke(account, why=end.why)
        return
    life = timedelta(seconds=end.life_s)
    world.tokens.shorten(account, to=life, refresh=end.kind == "expire_refresh")


@router.get(f"{ACCOUNT}/faults", summary="Which faults are switched on")
async def list_faults(account: TokenHolder, world: AnsweringWorld) -> FaultList:
    """Each as it stands, with the times that are left."""
    return {"faults": list(world.faults.of(account))}


@router.post(f"{ACCOUNT}/faults", status_code=201, summary="Switch a fault on")
async def add_fault(account: TokenHolder, world: AnsweringWorld, fault: Fault) -> Fault:
    """Beside the account's others; it strikes from the next request on that it fits."""
    if fault.kind not in FAULT_KINDS[account.platform]:
        raise ProblemError(422, f"{account.platform} knows no fault {fault.kind!r:.80}")
    world.faults.put(account, fault)
    return fault


@router.delete(f"{ACCOUNT}/faults", status_code=204, summary="Switch every fault off")
async def clear_faults(account: TokenHolder, world: AnsweringWorld) -> None:
    """The account is well again; its tokens stay what they are."""
    world.faults.clear(account)


@router.get("/tiktok/limit", summary="How many calls a second TikTok admits")
async def read_limit(request: Request) -> CallLimit:
    """Over all accounts, as an app's limit is."""
    return CallLimit(limit=request.app.state.tiktok_calls.limit)


@router.put("/tiktok/limit", summary="Limit TikTok's calls per second")
async def set_limit(limit: CallLimit, request: Request) -> CallLimit:
    """Further calls within one real second are refused with code 40100."""
    request.app.state.tiktok_calls.limit = limit.limit
    return limit


@router.get("/tiktok/minute-limits", summary="How many calls a minute TikTok admits")
async def read_minute_limits(request: Request) -> MinuteLimitState:
    """As TikTok documents them, unless they were set; off while the clock stands still."""
    limits = request.app.state.tiktok_minutes
    return MinuteLimitState(
        account_per_min=limits.account_per_min,
        app_per_min=limits.app_per_min,
        refused=limits.refused,
    )


@router.put("/tiktok/minute-limits", summary="Limit TikTok's calls per minute")
async def set_minute_limits(limits: MinuteLimit, request: Request) -> MinuteLimit:
    """Further calls within one minute of the sandbox's time are refused with code 40100."""
    request.app.state.tiktok_minutes.set(**limits.model_dump())
    return limits
