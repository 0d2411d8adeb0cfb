"""Ad accounts, campaigns, ad sets, ads and creatives with the fields that are asked for.

Belongs here: what each field holds, and what Meta calls the state of an ad.
Does not belong here: which objects a call means, insights.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, unknown_field
from sandbox.graph.fields import Wanted
from sandbox.simulation.ads.accounts import AdAccount, AdSet, Campaign
from sandbox.simulation.ads.ad import Ad, AdState
from sandbox.simulation.digests import digest

STATUS: Final[Mapping[AdState, str]] = {
    "in_review": "ACTIVE",
    "active": "ACTIVE",
    "paused": "PAUSED",
    "ad_set_paused": "ACTIVE",
    "disapproved": "ACTIVE",
    "unauthorised": "ACTIVE",
    "archived": "ARCHIVED",
    "deleted": "DELETED",
}
"""What somebody wants an ad to be."""
EFFECTIVE: Final[Mapping[AdState, str]] = {
    **STATUS,
    "in_review": "PENDING_REVIEW",
    "ad_set_paused": "ADSET_PAUSED",
    "disapproved": "DISAPPROVED",
    "unauthorised": "WITH_ISSUES",
}
"""What it is."""
STATUSES: Final = frozenset(
    {
        *("ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "CAMPAIGN_PAUSED", "ADSET_PAUSED"),
        *("DISAPPROVED", "IN_PROCESS", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED"),
        "WITH_ISSUES",
    }
)
ABSENT: Final = frozenset(
    {
        *("issues_info", "source_ad_id", "bid_amount", "conversion_domain", "ad_review_feedback"),
        *("facebook_branded_content", "instagram_branded_content", "object_id", "template_url"),
        *("asset_feed_spec", "image_hash", "image_url", "link_url", "body", "title", "url_tags"),
        *("stop_time", "lifetime_budget", "end_time", "call_to_action_type", "end_advertiser"),
        *("object_story_spec", "object_story_id", "recommendations", "tracking_specs"),
        *("targeting", "adlabels", "conversion_specs", "bid_info", "bid_type", "disable_reason"),
        *("effective_instagram_story_id", "instagram_story_id", "instagram_actor_id"),
    }
)
"""Fields that there are, and that nothing here has."""


def account_json(context: CallContext, account: AdAccount, wanted: tuple[Wanted, ...]) -> Json:
    """An ad account with the fields that are asked for."""
    return _filled("AdAccount", _account_fields(context, account), wanted) | {
        "id": f"act_{account.account_id}"
    }


def _account_fields(context: CallContext, account: AdAccount) -> Mapping[str, Callable[[], object]]:
    hours = account.offset.utcoffset(None).total_seconds() / 3600
    return {
        "id": lambda: f"act_{account.account_id}",
        "account_id": lambda: account.account_id,
        "name": lambda: account.name,
        "currency": lambda: account.currency,
        "timezone_name": lambda: account.zone_name,
        "timezone_id": lambda: 1,
        "timezone_offset_hours_utc": lambda: int(hours),
        "account_status": lambda: 1,
        "amount_spent": lambda: str(_spent(context, account)),
        "balance": lambda: "0",
        "spend_cap": lambda: "0",
        "min_daily_budget": lambda: 100,
        "business": lambda: {"id": account.business_id, "name": "Sandbox brand"},
        "business_name": lambda: "Sandbox brand",
        "owner": lambda: account.business_id,
        "created_time": lambda: moment_json(account, account.created_at),
        "age": lambda: round((context.at - account.created_at).total_seconds() / 86_400, 2),
        "user_tasks": lambda: ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"],
    }


def _spent(context: CallContext, account: AdAccount) -> int:
    """In minor units, over all time."""
    ads = context.desk.world.ads
    first = min((ad.created_at for ad in ads.every_ad(account.ref)), default=context.at)
    days = (account.day_of(first), account.day_of(context.at))
    return sum(row.numbers.spend for row in ads.days(account.ref, *days, at=context.at))


def ad_json(context: CallContext, ad: Ad, wanted: tuple[Wanted, ...]) -> Json:
    """An ad with the fields that are asked for."""
    state, nested = ad.state(context.at), {one.name: one.fields for one in wanted}
    fields: Mapping[str, Callable[[], object]] = {
        "id": lambda: ad.ad_id,
        "name": lambda: ad.name,
        "account_id": lambda: ad.account.account_id,
        "campaign_id": lambda: ad.ad_set.campaign.campaign_id,
        "adset_id": lambda: ad.ad_set.ad_set_id,
        "status": lambda: STATUS[state],
        "configured_status": lambda: STATUS[state],
        "effective_status": lambda: EFFECTIVE[state],
        "created_time": lambda: moment_json(ad.account, ad.created_at),
        "updated_time": lambda: moment_json(ad.account, ad.changed_at(context.at)),
        "preview_shareable_link": lambda: f"https://fb.me/{ad.ad_id[-10:]}",
        "creative": lambda: creative_json(context, ad, nested.get("creative", ())),
        "campaign": lambda: campaign_json(ad.account, ad.ad_set.campaign, nested["campaign"]),
        "adset": lambda: ad_set_json(context, ad.account, ad.ad_set, nested["adset"]),
    }
    return _filled("Adgroup", fields, wanted) | {"id": ad.ad_id}


def campaign_json(account: AdAccount, campaign: Campaign, wanted: tuple[Wanted, ...]) -> Json:
    """A campaign with the fields that are asked for."""
    fields: Mapping[str, Callable[[], object]] = {
        "id": lambda: campaign.campaign_id,
        "name": lambda: campaign.name,
        "account_id": lambda: account.account_id,
        "status": lambda: "ACTIVE",
        "configured_status": lambda: "ACTIVE",
        "effective_status": lambda: "ACTIVE",
        "objective": lambda: "OUTCOME_SALES",
        "created_time": lambda: moment_json(account, campaign.created_at),
        "updated_time": lambda: moment_json(account, campaign.created_at),
        "start_time": lambda: moment_json(account, campaign.created_at),
    }
    return _filled("Campaign", fields, wanted) | {"id": campaign.campaign_id}


def ad_set_json(
    context: CallContext, account: AdAccount, ad_set: AdSet, wanted: tuple[Wanted, ...]
) -> Json:
    """An ad set with the fields that are asked for."""
    paused_at = ad_set.paused_at
    is_paused = paused_at is not None and paused_at <= context.at
    status = "PAUSED" if is_paused else "ACTIVE"
    changed_at = paused_at if paused_at is not None and is_paused else ad_set.created_at
    fields: Mapping[str, Callable[[], object]] = {
        "id": lambda: ad_set.ad_set_id,
        "name": lambda: ad_set.name,
        "account_id": lambda: account.account_id,
        "campaign_id": lambda: ad_set.campaign.campaign_id,
        "status": lambda: status,
        "configured_status": lambda: status,
        "effective_status": lambda: status,
        "optimization_goal": lambda: "OFFSITE_CONVERSIONS",
        "attribution_spec": lambda: [
            {"event_type": "CLICK_THROUGH", "window_days": ad_set.window_days}
        ],
        "daily_budget": lambda: "10000",
        "created_time": lambda: moment_json(account, ad_set.created_at),
        "updated_time": lambda: moment_json(account, changed_at),
        "start_time": lambda: moment_json(account, ad_set.created_at),
    }
    return _filled("AdCampaign", fields, wanted) | {"id": ad_set.ad_set_id}


def creative_json(context: CallContext, ad: Ad, wanted: tuple[Wanted, ...]) -> Json:
    """The creative of an ad; without fields only its id."""
    return _filled("AdCreative", _creative_fields(context, ad), wanted) | {"id": ad.creative_id}


def _creative_fields(context: CallContext, ad: Ad) -> Mapping[str, Callable[[], object]]:
    """What a creative has; what it shows is absent where that is its own video."""
    fields: dict[str, Callable[[], object]] = {
        "id": lambda: ad.creative_id,
        "name": lambda: f"{ad.name} {ad.created_at:%Y-%m-%d}",
        "account_id": lambda: ad.account.account_id,
        "status": lambda: "ACTIVE",
        "object_type": lambda: _object_type(ad, context.at),
        "thumbnail_url": lambda: f"https://scontent.xx.fbcdn.net/v/{ad.creative_id}.jpg?oh=1",
        "actor_id": lambda: _page_of(ad),
    }
    if ad.shows_id is None:
        return fields | {"video_id": lambda: ad.creative_id[::-1]}
    fields |= {
        "effective_instagram_media_id": lambda: ad.shows_id,
        "source_instagram_media_id": lambda: ad.shows_id,
        "effective_object_story_id": lambda: f"{_page_of(ad)}_{ad.creative_id}",
        "instagram_user_id": lambda: _user_of(ad),
        "branded_content": lambda: {"ad_format": 2, "partners": [{"ig_user_id": _user_of(ad)}]},
    }
    post = ad.post
    return fields | ({} if post is None else {"instagram_permalink_url": lambda: post.permalink})


def _object_type(ad: Ad, at: datetime) -> str:
    if ad.shows_id is None:
        return "VIDEO"
    if ad.post is not None and not ad.post.lives(at):
        return "POST_DELETED"
    return "SHARE"


def _user_of(ad: Ad) -> str:
    key = ad.post.account.account_key if ad.post is not None else ad.ad_id
    return key if key.isdecimal() else f"1784{int.from_bytes(digest('ig user', key)[:4]):013d}"


def _page_of(ad: Ad) -> str:
    return f"10{int.from_bytes(digest('page of ads', _user_of(ad))[:4]):013d}"


def moment_json(account: AdAccount, at: datetime) -> str:
    """A moment as Meta writes it, in the account's zone."""
    return at.astimezone(account.offset).strftime("%Y-%m-%dT%H:%M:%S%z")


def _filled(
    kind: str, fields: Mapping[str, Callable[[], object]], wanted: tuple[Wanted, ...]
) -> Json:
    found: Json = {}
    for one in wanted:
        if one.name in fields:
            found[one.name] = fields[one.name]()
        elif one.name not in ABSENT and not (kind == "AdCreative" and one.name in CREATIVE_LATER):
            raise GraphError(unknown_field(one.name, kind))
    return found


CREATIVE_LATER: Final = frozenset(
    {
        *("effective_instagram_media_id", "source_instagram_media_id", "video_id"),
        *("effective_object_story_id", "instagram_user_id", "branded_content"),
        "instagram_permalink_url",
    }
)
"""Fields that only creatives of some kind have."""
