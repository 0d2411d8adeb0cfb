"""Advertisers, campaigns, ad groups and ads as TikTok tells them.

Belongs here: fields, states, and which ads a list holds.
Does not belong here: reports, Spark codes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad, AdState
from sandbox.simulation.digests import digest
from sandbox.tiktok.ads.call import AdsCall, Json, checked
from sandbox.tiktok.parameters import refused

SECONDARY: Final[Mapping[AdState, str]] = {
    "in_review": "AD_STATUS_AUDIT",
    "active": "AD_STATUS_DELIVERY_OK",
    "paused": "AD_STATUS_DISABLE",
    "ad_set_paused": "AD_STATUS_ADGROUP_DISABLE",
    "disapproved": "AD_STATUS_AUDIT_DENY",
    "unauthorised": "AD_STATUS_ASSET_AUTHORIZATION_LOST",
    "archived": "AD_STATUS_DELETE",
    "deleted": "AD_STATUS_DELETE",
}
"""TikTok has no archive: what is archived elsewhere is deleted here."""
PRIMARY: Final[Mapping[str, frozenset[AdState]]] = {
    "STATUS_ALL": frozenset(SECONDARY),
    "STATUS_NOT_DELETE": frozenset(SECONDARY) - {"archived", "deleted"},
    "STATUS_DELETE": frozenset({"archived", "deleted"}),
    "STATUS_DELIVERY_OK": frozenset({"active"}),
    "STATUS_DISABLE": frozenset({"paused", "ad_set_paused"}),
    "STATUS_NOT_DELIVERY": frozenset(SECONDARY) - {"active", "archived", "deleted"},
    "STATUS_AUDIT": frozenset({"in_review"}),
    "STATUS_AUDIT_DENY": frozenset({"disapproved"}),
}
DEFAULT_STATUS: Final = "STATUS_NOT_DELETE"
IDS_MOST: Final = 100
ADVERTISER_FIELDS: Final[Mapping[str, Callable[[AdAccount], object]]] = {
    "advertiser_id": lambda one: one.account_id,
    "name": lambda one: one.name,
    "currency": lambda one: one.currency,
    "timezone": lambda one: one.zone_name,
    "display_timezone": lambda one: one.display_zone,
    "status": lambda _one: "STATUS_ENABLE",
    "create_time": lambda one: int(one.created_at.timestamp()),
    "owner_bc_id": lambda one: one.business_id,
    "company": lambda _one: "Sandbox brand",
    "country": lambda one: "JP" if one.currency == "JPY" else "US",
    "role": lambda _one: "ROLE_ADVERTISER",
    "balance": lambda _one: 0,
}


def advertisers(call: AdsCall) -> Json:
    """Every advertiser that the token opens; a page has them all."""
    call.strike(call.holder, "account")
    rows = [{"advertiser_id": one.account_id, "advertiser_name": one.name} for one in call.opened]
    return {"list": rows}


def advertiser_info(call: AdsCall) -> Json:
    """Advertisers by their ids."""
    ids = call.texts("advertiser_ids")
    if not ids or len(ids) > IDS_MOST:
        raise refused("advertiser_ids", f"From 1 to {IDS_MOST} ids.")
    fields = checked(call.texts("fields") or tuple(ADVERTISER_FIELDS), ADVERTISER_FIELDS, "fields")
    found = [call.advertiser_of(one) for one in ids]
    call.strike(found[0].ref, "account")
    return {"list": [{name: ADVERTISER_FIELDS[name](one) for name in fields} for one in found]}


def utc_text(at: datetime) -> str:
    """A moment as TikTok writes it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def is_spark(ad: Ad) -> bool:
    """Whether it shows a post, instead of a video of its own."""
    return ad.shows_id is not None


def identity_of(key: str) -> str:
    """The id under which an account lends its name to ads."""
    return f"7{int.from_bytes(digest('identity', key)[:7]) % 10**18:018d}"


def _identity_type(ad: Ad) -> str:
    if not is_spark(ad):
        return "CUSTOMIZED_USER"
    return "AUTH_CODE" if ad.post is None or ad.post.captures else "TT_USER"


def _owner(ad: Ad) -> str:
    return ad.post.account.account_key if ad.post else ad.account.account_id


def _format(ad: Ad) -> str:
    is_photo = ad.post is not None and ad.post.media_type == "tiktok_photo"
    return "CAROUSEL_ADS" if is_photo else "SINGLE_VIDEO"


AdField = Callable[[Ad, datetime], object]
AD_FIELDS: Final[Mapping[str, AdField]] = {
    "advertiser_id": lambda ad, _at: ad.account.account_id,
    "campaign_id": lambda ad, _at: ad.ad_set.campaign.campaign_id,
    "campaign_name": lambda ad, _at: ad.ad_set.campaign.name,
    "adgroup_id": lambda ad, _at: ad.ad_set.ad_set_id,
    "adgroup_name": lambda ad, _at: ad.ad_set.name,
    "ad_id": lambda ad, _at: ad.ad_id,
    "ad_name": lambda ad, _at: ad.name,
    "create_time": lambda ad, _at: utc_text(ad.created_at),
    "modify_time": lambda ad, at: None if ad.is_smart else utc_text(ad.changed_at(at)),
    "operation_status": lambda ad, at: "DISABLE" if ad.state(at) == "paused" else "ENABLE",
    "secondary_status": lambda ad, at: SECONDARY[ad.state(at)],
    "identity_type": lambda ad, _at: _identity_type(ad),
    "identity_id": lambda ad, _at: identity_of(_owner(ad)),
    "identity_authorized_bc_id": lambda _ad, _at: None,
    "tiktok_item_id": lambda ad, _at: ad.shows_id,
    "video_id": lambda ad, _at: None if is_spark(ad) else f"v10033g50000{ad.creative_id}",
    "dark_post_status": lambda ad, _at: "OFF" if is_spark(ad) else "ON",
    "branded_content_disabled": lambda _ad, _at: False,
    "ad_format": lambda ad, _at: _format(ad),
    "landing_page_url": lambda _ad, _at: "https://example.com/",
    "ad_text": lambda ad, _at: ad.name,
    "is_aco": lambda _ad, _at: False,
    "is_new_structure": lambda _ad, _at: True,
    "optimization_event": lambda _ad, _at: "ON_WEB_ORDER",
}
GROUP_FIELDS: Final = (
    *("advertiser_id", "campaign_id", "campaign_name", "adgroup_id", "adgroup_name"),
    *("create_time", "modify_time", "operation_status", "secondary_status"),
    *("click_attribution_window", "view_attribution_window"),
)
CAMPAIGN_FIELDS: Final = (
    *("advertiser_id", "campaign_id", "campaign_name", "create_time", "modify_time"),
    *("operation_status", "secondary_status", "objective_type"),
)


def ads(call: AdsCall) -> Json:
    """Ads page by page; deleted ones only where they are asked for."""
    account = call.advertiser()
    fields = checked(call.texts("fields") or tuple(AD_FIELDS), AD_FIELDS, "fields")
    wanted = _wanted(call)
    found = [ad for ad in call.world.ads.ads(account.ref, at=call.now) if wanted(ad)]
    call.strike(account.ref, "ads", subjects=[ad.ad_id for ad in found])
    rows = [_filled(ad, fields, call.now) for ad in reversed(found)]
    return call.page(rows)


def _filled(ad: Ad, fields: tuple[str, ...] | Any, at: datetime) -> Json:  # noqa: ANN401
    row = {name: AD_FIELDS[name](ad, at) for name in fields}
    return {name: value for name, value in row.items() if name != "modify_time" or value}


def _wanted(call: AdsCall) -> Callable[[Ad], bool]:
    """Which ads the filters let pass.

    Raises:
        TikTokRefusalError: 40002, a filter is wrong.
    """
    given = call.json("filtering", {})
    if not isinstance(given, dict):
        raise refused("filtering", "Not a valid object.")
    primary = given.get("primary_status") or DEFAULT_STATUS
    if primary not in PRIMARY:
        raise refused("filtering.primary_status", "Not a status.")
    ids = {name: _ids(given, name) for name in ("ad_ids", "adgroup_ids", "campaign_ids")}
    secondary, after = given.get("secondary_status"), given.get("modified_after")
    at = call.now

    def passes(ad: Ad) -> bool:
        own = {
            "ad_ids": ad.ad_id,
            "adgroup_ids": ad.ad_set.ad_set_id,
            "campaign_ids": ad.ad_set.campaign.campaign_id,
        }
        return (
            ad.state(at) in PRIMARY[primary]
            and secondary in (None, SECONDARY[ad.state(at)])
            and all(some is None or own[name] in some for name, some in ids.items())
            and (not after or (not ad.is_smart and utc_text(ad.changed_at(at)) >= str(after)))
        )

    return passes


def _ids(given: Mapping[str, Any], name: str) -> frozenset[str] | None:
    ids = given.get(name)
    if ids is None:
        return None
    if not isinstance(ids, list) or len(ids) > IDS_MOST:
        raise refused(f"filtering.{name}", f"Not a list of at most {IDS_MOST} ids.")
    return frozenset(map(str, ids))


def ad_groups(call: AdsCall) -> Json:
    """Ad groups page by page."""
    account = call.advertiser()
    call.strike(account.ref, "ads")
    found = call.world.ads.ads(account.ref, at=call.now)
    groups = {ad.ad_set.ad_set_id: ad.ad_set for ad in found}
    rows = []
    for group_id in sorted(groups):
        group = groups[group_id]
        is_off = group.paused_at is not None and group.paused_at <= call.now
        changed_at = group.paused_at if group.paused_at and is_off else group.created_at
        rows.append(
            {
                "advertiser_id": account.account_id,
                "campaign_id": group.campaign.campaign_id,
                "campaign_name": group.campaign.name,
                "adgroup_id": group_id,
                "adgroup_name": group.name,
                "create_time": utc_text(group.created_at),
                "modify_time": utc_text(changed_at),
                "operation_status": "DISABLE" if is_off else "ENABLE",
                "secondary_status": f"ADGROUP_STATUS_{'DISABLE' if is_off else 'DELIVERY_OK'}",
                "click_attribution_window": f"{_window(group.window_days)}",
                "view_attribution_window": "ONE_DAY",
            }
        )
    return call.page(rows)


def _window(days: int) -> str:
    return {7: "SEVEN_DAYS", 28: "TWENTY_EIGHT_DAYS"}[days]


def campaigns(call: AdsCall) -> Json:
    """Campaigns page by page."""
    account = call.advertiser()
    call.strike(account.ref, "ads")
    found = call.world.ads.ads(account.ref, at=call.now)
    every = {ad.ad_set.campaign.campaign_id: ad.ad_set.campaign for ad in found}
    rows = [
        {
            "advertiser_id": account.account_id,
            "campaign_id": campaign_id,
            "campaign_name": every[campaign_id].name,
            "create_time": utc_text(every[campaign_id].created_at),
            "modify_time": utc_text(every[campaign_id].created_at),
            "operation_status": "ENABLE",
            "secondary_status": "CAMPAIGN_STATUS_ENABLE",
            "objective_type": "WEB_CONVERSIONS",
        }
        for campaign_id in sorted(every)
    ]
    return call.page(rows)
