"""The documents of the SIFT contract, as its OpenAPI description shows them.

Belongs here: fields, their meaning and their limits.
Does not belong here: where values come from.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from sandbox.simulation.accounts import Platform

POSTS_MAX: Final = 50

MediaType = Literal["tiktok_video", "tiktok_photo", "reel", "feed_image", "feed_carousel"]

ScrapeStatus = Literal["queued", "running", "succeeded", "failed", "expired"]
Count = Annotated[int, Field(ge=0)]


class ScrapeOrder(BaseModel):
    """Which account's posts are wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Platform = Field(description="Where the account is.", examples=["tiktok"])
    account_key: str = Field(
        min_length=1, max_length=200, description="The account's name.", examples=["thao.cooks"]
    )
    limit: int = Field(
        default=POSTS_MAX, ge=1, le=POSTS_MAX, description="How many of the most recent posts."
    )


class ScrapeAnswer(TypedDict):
    """A scrape job as it stands; `message` is absent unless there is something to say."""

    scrape_id: Annotated[str, Field(description="Names the job.", examples=["scr_5f2b1c"])]
    status: Annotated[ScrapeStatus, Field(description="Posts can be read while `succeeded`.")]
    platform: Platform
    account_key: str
    limit: int
    submitted_at: datetime
    finished_at: NotRequired[Annotated[datetime, Field(description="Absent while under way.")]]
    message: NotRequired[Annotated[str, Field(description="Why it failed or expired.")]]


class PostRow(TypedDict):
    """One post as captured once. A metric that the platform did not show is absent, never null."""

    post_id: Annotated[str, Field(description="The platform's id, as text.")]
    platform: Platform
    account_key: str
    captured_at: Annotated[datetime, Field(description="When the platform showed this, UTC.")]
    published_at: Annotated[datetime, Field(description="When the post appeared, UTC.")]
    media_type: MediaType
    permalink: Annotated[str, Field(description="The post's page on the platform.")]
    media_url: Annotated[str, Field(description="A permanent copy of the media.")]
    caption: NotRequired[Annotated[str, Field(description="As written. Absent where empty.")]]
    views: NotRequired[Count]
    likes: NotRequired[Count]
    comments: NotRequired[Count]
    shares: NotRequired[Count]
    saves: NotRequired[Count]
    followers: NotRequired[Annotated[int, Field(ge=0, description="Of the account, just then.")]]


class PostPage(TypedDict):
    """Up to 20 posts, newest first over all pages."""

    scrape_id: str
    posts: list[PostRow]
    next_cursor: NotRequired[
        Annotated[str, Field(description="Ask for the next page with it. Absent on the last.")]
    ]


class AccountAnswer(TypedDict):
    """What is publicly known of an account; what is not known is absent."""

    platform: Platform
    account_key: str
    handle: str
    post_count: Annotated[int, Field(ge=0, description="Posts indexed so far.")]
    followers: NotRequired[Count]
    niche: NotRequired[Annotated[str, Field(examples=["cooking"])]]
    engagement_rate: NotRequired[
        Annotated[
            float, Field(ge=0, description="(likes + comments) / views, over posts with all.")
        ]
    ]


class HealthAnswer(TypedDict):
    """Whether the service answers."""

    status: Literal["ok"]
