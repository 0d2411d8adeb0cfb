"""Leave to boost posts on TikTok: codes, identities, and what a Business Center holds.

Belongs here: ``tt_video/…``, ``identity/get``, ``bc/asset/get``.
Does not belong here: which ads use a code.
"""

from collections.abc import Iterator
from typing import Final

from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.spark import SparkCode
from sandbox.simulation.digests import digest
from sandbox.tiktok.ads.call import AdsCall, Json
from sandbox.tiktok.ads.objects import identity_of, utc_text
from sandbox.tiktok.parameters import refused

LIST_MOST: Final = 50
ASSET_TYPES: Final = ("ADVERTISER", "TT_ACCOUNT")


def video_info(call: AdsCall) -> Json:
    """What one code lets boost, and until when."""
    account = call.advertiser()
    code = call.world.ads.code(call.params.get("auth_code", ""))
    if code is None or call.now < code.starts_at:
        raise refused("auth_code", "The authorization code is invalid.")
    call.strike(account.ref, "spark", subjects=[code.item.item_id])
    return _told(call, account, code)


def video_list(call: AdsCall) -> Json:
    """Every code that an ad of the advertiser uses, page by page."""
    account = call.advertiser()
    call.strike(account.ref, "spark")
    used = _used(call, account)
    codes = [one for one in call.world.ads.spark_codes(at=call.now) if one.item.item_id in used]
    return call.page([_told(call, account, code) for code in codes], most=LIST_MOST)


def _used(call: AdsCall, account: AdAccount) -> set[str | None]:
    return {ad.shows_id for ad in call.world.ads.ads(account.ref, at=call.now)}


def _told(call: AdsCall, account: AdAccount, code: SparkCode) -> Json:
    item, key = code.item, code.item.account.account_key
    status = "IN_USE" if item.item_id in _used(call, account) else "NOT_USED"
    if code.is_over(call.now) or call.kind == "spark_expired":
        status = "EXPIRED"
    return {
        "item_info": {
            "item_id": item.item_id,
            "auth_code": code.code,
            "item_type": "CAROUSEL" if item.media_type == "tiktok_photo" else "VIDEO",
            "status": "HESITATE_RECOMMEND" if item.lives(call.now) else "USER_DELETE",
            "text": item.caption or "",
        },
        "auth_info": {
            "ad_auth_status": status,
            "auth_start_time": utc_text(code.starts_at),
            "auth_end_time": utc_text(code.ends_at),
        },
        "user_info": {
            "tiktok_name": key,
            "identity_id": identity_of(key),
            "identity_type": "AUTH_CODE" if item.captures else "TT_USER",
        },
    }


def identities(call: AdsCall) -> Json:
    """Accounts that lend their name to the advertiser's ads."""
    account = call.advertiser()
    call.strike(account.ref, "spark")
    wanted = call.params.get("identity_type", "")
    rows = [row for row in _identities(call, account) if wanted in ("", str(row["identity_type"]))]
    found = call.page(rows)
    return {"identity_list": found["list"], "page_info": found["page_info"]}


def _identities(call: AdsCall, account: AdAccount) -> Iterator[Json]:
    posts = [ad.post for ad in call.world.ads.ads(account.ref, at=call.now) if ad.post]
    owners = {post.account.account_key: bool(post.captures) for post in posts}
    for key in sorted(owners):
        yield {
            "identity_id": identity_of(key),
            "identity_type": "AUTH_CODE" if owners[key] else "TT_USER",
            "display_name": key,
            "can_pull_video": True,
            "can_push_video": False,
            "available_status": "AVAILABLE",
        }


def assets(call: AdsCall) -> Json:
    """What a Business Center holds: advertisers, or accounts that creators lent to it."""
    own = next((one for one in call.opened if one.business_id == call.params.get("bc_id")), None)
    if own is None:
        raise refused("bc_id", "The Business Center does not exist or is not yours.")
    kind = call.params.get("asset_type", "")
    if kind not in ASSET_TYPES:
        raise refused("asset_type", f"Must be one of {list(ASSET_TYPES)}.")
    call.strike(own.ref, "assets")
    if kind == "ADVERTISER":
        rows = [_asset(one.account_id, one.name, kind, "BOUND") for one in call.opened]
    else:
        rows = [
            _asset(identity_of(one.account_key), one.account_key, kind, lent(one))
            for one in call.world.dataset.accounts
            if one.platform == "tiktok"
        ]
    return call.page(rows, most=LIST_MOST)


def lent(account: AccountRef) -> str:
    """Whether an account's owner has lent it already: three in four have."""
    return "PENDING" if digest("bc asset", *account)[0] % 4 == 0 else "BOUND"


def _asset(asset_id: str, name: str, kind: str, status: str) -> Json:
    return {
        "asset_id": asset_id,
        "asset_name": name,
        "asset_type": kind,
        "relation_type": "OWNER_BC" if kind == "ADVERTISER" else "PARTNER",
        "relation_status": status,
        "owner_bc_name": "Sandbox brand",
    }
