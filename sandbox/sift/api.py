"""SIFT's routes, as the pipeline's client meets them.

Belongs here: paths, authorisation, paging, what each route documents.
Does not belong here: the state shared with other APIs (``world``), the life of a job.
"""

import base64
import binascii
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sandbox.problems import ProblemError, problem_responses
from sandbox.sift.faults import strike
from sandbox.sift.models import (
    AccountAnswer,
    HealthAnswer,
    PostPage,
    ScrapeAnswer,
    ScrapeOrder,
)
from sandbox.sift.scrapes import ScrapeDesk
from sandbox.simulation.dataset import AccountRef, Platform, Sighting
from sandbox.world import AnsweringWorld

PAGE_SIZE: Final = 20
ANYWHERE: Final = (401, 403, 404, 422, 429, 503)

bearer = HTTPBearer(auto_error=False, description="The key that SIFT gave you.")


def authorised(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    """Let a request with the right key pass."""
    key: str = request.app.state.sift_key.get_secret_value()
    if shown is None or not secrets.compare_digest(shown.credentials.encode(), key.encode()):
        raise ProblemError(401, "missing or unknown bearer key", WWW_Authenticate="Bearer")


def desk_of(request: Request) -> ScrapeDesk:
    """The desk of the app that is answering."""
    return request.app.state.scrapes


Desk = Annotated[ScrapeDesk, Depends(desk_of)]
ScrapeId = Annotated[str, Path(description="As the order's answer named it.")]

health_router = APIRouter(prefix="/v1", tags=["SIFT"])
router = APIRouter(prefix="/v1", tags=["SIFT"], dependencies=[Depends(authorised)])


@health_router.get("/health", summary="Whether SIFT answers", response_description="It answers.")
async def health() -> HealthAnswer:
    """Needs no key and touches no account."""
    return {"status": "ok"}


@router.post(
    "/scrapes",
    status_code=202,
    summary="Order a scrape",
    response_description="The job: a new one, or the one that this key already has.",
    responses=problem_responses(*ANYWHERE),
)
async def submit_scrape(
    order: ScrapeOrder,
    idempotency_key: Annotated[
        str,
        Header(
            min_length=1,
            max_length=200,
            description="Names the order. The same key again answers with the same job; with "
            "another body it is refused (422).",
        ),
    ],
    desk: Desk,
    world: AnsweringWorld,
) -> ScrapeAnswer:
    """Take an order for an account's most recent posts and return at once; ask for it later."""
    account = AccountRef(order.platform, order.account_key)
    await strike(world, account)
    _must_be_indexed(world, account)
    return desk.answer(desk.submit(order, idempotency_key=idempotency_key))


@router.get(
    "/scrapes/{scrape_id}",
    summary="How far a scrape is",
    response_description="The job as it stands now.",
    responses=problem_responses(*ANYWHERE),
)
async def scrape(scrape_id: ScrapeId, desk: Desk, world: AnsweringWorld) -> ScrapeAnswer:
    """Goes from queued to running, then succeeded or failed; succeeded ones expire."""
    job = desk.job(scrape_id)
    await strike(world, job.account)
    return desk.answer(job)


@router.get(
    "/scrapes/{scrape_id}/posts",
    summary="What a scrape brought",
    response_description="One page of posts.",
    responses=problem_responses(400, *ANYWHERE, 409, 410),
)
async def scraped_posts(
    scrape_id: ScrapeId,
    desk: Desk,
    world: AnsweringWorld,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before; none for the first.")
    ] = None,
) -> PostPage:
    """Posts of a succeeded scrape, newest first, 20 a page; the last page has no `next_cursor`."""
    job = desk.job(scrape_id)
    await strike(world, job.account)
    rows = desk.rows(job)
    begin = 0 if cursor is None else _offset(scrape_id, cursor)
    page = PostPage(scrape_id=scrape_id, posts=rows[begin : begin + PAGE_SIZE])
    if begin + PAGE_SIZE < len(rows):
        page["next_cursor"] = _cursor(scrape_id, begin + PAGE_SIZE)
    return page


@router.get(
    "/accounts/{platform}/{account_key}",
    summary="What is known of an account",
    response_description="The account as last seen.",
    responses=problem_responses(*ANYWHERE),
)
async def account_metadata(
    platform: Platform,
    account_key: Annotated[str, Path(description="The account's name.")],
    world: AnsweringWorld,
) -> AccountAnswer:
    """Public facts as last seen; followers and the like are absent where they are not known."""
    account = AccountRef(platform, account_key)
    await strike(world, account)
    _must_be_indexed(world, account)
    sightings = world.dataset.recent(account, as_of=world.clock.now())
    answer = AccountAnswer(
        platform=platform,
        account_key=account_key,
        handle=account_key,
        post_count=len(sightings),
    )
    if (followers := _followers(sightings)) is not None:
        answer["followers"] = followers
    if account in world.dataset.niches:
        answer["niche"] = world.dataset.niches[account]
    if (rate := _engagement_rate(sightings)) is not None:
        answer["engagement_rate"] = rate
    return answer


def _must_be_indexed(world: AnsweringWorld, account: AccountRef) -> None:
    if not world.dataset.posts(account):
        raise ProblemError(404, f"no such account: {account.platform}/{account.account_key}")


def _followers(sightings: list[Sighting]) -> int | None:
    captures = sorted((sighting.capture for sighting in sightings), key=lambda c: c.captured_at)
    known = [c.metrics["followers"] for c in captures if "followers" in c.metrics]
    return known[-1] if known else None


def _engagement_rate(sightings: list[Sighting]) -> float | None:
    needed = {"views", "likes", "comments"}
    metrics = [s.capture.metrics for s in sightings if needed <= s.capture.metrics.keys()]
    views = sum(shown["views"] for shown in metrics)
    engaged = sum(shown["likes"] + shown["comments"] for shown in metrics)
    return round(engaged / views, 6) if views else None


def _cursor(scrape_id: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{scrape_id}:{offset}".encode()).decode()


def _offset(scrape_id: str, cursor: str) -> int:
    try:
        owner, _, offset = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError):
        owner, offset = "", ""
    if owner != scrape_id or not offset.isdecimal():
        raise ProblemError(400, "cursor is not one of this scrape's")
    return int(offset)
