"""Authorisations of Spark posts: since when and until when a post may run as an ad.

Belongs here: asking TikTok what a creator's code allows.
Does not belong here: keeping codes and rights (``operations.rights``), what follows from them.

A code is a secret: whoever has it may run the post. It stands in no message and no log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import SecretStr

from layers_pipeline.errors import SourceMalformedError
from layers_pipeline.sources.tiktok.api import Calling, Exchange
from layers_pipeline.sources.tiktok.errors import SOURCE
from layers_pipeline.sources.tiktok_ads.errors import good_data

INFO: Final = "/tt_video/info/"
OVER: Final = ("EXPIRED", "DELETED")
TIME: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class SparkAuthorisation:
    """What a code allows."""

    item_id: str
    """TikTok's id of the post."""
    starts_at: datetime
    ends_at: datetime
    status: str
    """TikTok's word for how the authorisation stands; empty: not told."""

    @property
    def is_over(self) -> bool:
        """Whether TikTok says that it holds no more, whatever its end."""
        return self.status in OVER


async def spark_authorisation(
    calling: Calling, *, advertiser_id: str, token: SecretStr, code: SecretStr
) -> SparkAuthorisation:
    """Ask what a Spark code allows.

    Args:
        calling: How requests are made.
        advertiser_id: The ad account that is to run the post.
        token: The account's access token.
        code: The code as the creator gave it; httpx percent-encodes it.

    Raises:
        SourceError: TikTok does not know the code, or did not answer.
    """
    exchange = Exchange(calling, account_key=advertiser_id, token=token, secrets=(code,))
    params = {"advertiser_id": advertiser_id, "auth_code": code.get_secret_value()}
    data = good_data(await exchange.ask("GET", INFO, params=params))
    item, allowed = _object(data, "item_info"), _object(data, "auth_info")
    item_id = item.get("item_id")
    if not isinstance(item_id, str | int) or not str(item_id):
        raise SourceMalformedError(SOURCE, "authorisation of a post without item_id")
    return SparkAuthorisation(
        item_id=str(item_id),
        starts_at=_instant(allowed, "auth_start_time"),
        ends_at=_instant(allowed, "auth_end_time"),
        status=str(allowed.get("ad_auth_status") or ""),
    )


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    if not isinstance(found, dict):
        raise SourceMalformedError(SOURCE, f"authorisation of a post without {key}")
    return found


def _instant(row: dict[str, Any], key: str) -> datetime:
    try:
        return datetime.strptime(str(row.get(key)), TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise SourceMalformedError(SOURCE, f"authorisation whose {key} is no time") from error
