"""What a scenario file says of the size of its world.

Belongs here: how many accounts and ads.
Does not belong here: what happens in it (``scenario_events``).
"""

from datetime import timedelta

from pydantic import Field

from sandbox.service.scenario_events import Offset, Part


class PlannedAccounts(Part):
    """How many accounts hold a token, and of what size they are; as ``holders.Plan``."""

    instagram: int = Field(default=0, ge=0)
    tiktok: int = Field(default=0, ge=0)
    posts: int = Field(default=15, ge=0)
    stories: int = Field(default=2, ge=0)
    deletions: int = Field(default=1, ge=0)
    oddities: int = Field(default=0, ge=0)
    history: Offset = timedelta(days=30)


class PlannedAds(Part):
    """How many ads show the posts; as ``ads.invented.AdPlan``."""

    accounts: int = Field(default=2, ge=0, le=900)
    ads: int = Field(default=18, ge=0, le=9_000)
