"""The accounts of the simulated platforms, by name.

Belongs here: what names an account.
Does not belong here: what an account publishes (``dataset``), its tokens.
"""

from typing import Literal, NamedTuple

Platform = Literal["instagram", "tiktok"]


class AccountRef(NamedTuple):
    """Names one account."""

    platform: Platform
    account_key: str
