"""The accounts of the simulated platforms, by name.

Belongs here: what names an account.
Does not belong here: what an account publishes (``dataset``) or pays for (``ads``), its tokens.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Platform = Literal["instagram", "tiktok"]
AdPlatform = Literal["meta_ads", "tiktok_ads"]
"""Where ad accounts are kept; they have tokens and faults of their own."""
NETWORKS: Final[Mapping[Platform | AdPlatform, Platform]] = {
    "instagram": "instagram",
    "tiktok": "tiktok",
    "meta_ads": "instagram",
    "tiktok_ads": "tiktok",
}


class AccountRef(NamedTuple):
    """Names one account, of a platform or of its ads."""

    platform: Platform | AdPlatform
    account_key: str

    @property
    def network(self) -> Platform:
        """Where its posts are, or those that its ads show."""
        return NETWORKS[self.platform]
