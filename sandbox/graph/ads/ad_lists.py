"""Lists of an account's ads, ad sets and campaigns.

Belongs here: which of them a list holds.
Does not belong here: their fields (``objects``), pages.
"""

from datetime import UTC, datetime

from sandbox.graph.ads.faults import struck
from sandbox.graph.ads.objects import (
    EFFECTIVE,
    STATUSES,
    ad_json,
    ad_set_json,
    campaign_json,
)
from sandbox.graph.ads.pages import limit_of, listed_json
from sandbox.graph.ads.parameters import Filter, fields_asked, filters_asked, listed, whole
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, invalid
from sandbox.simulation.ads.accounts import AdAccount, AdSet, Campaign
from sandbox.simulation.ads.ad import Ad


def read_ad_list(context: CallContext, account: AdAccount) -> Json:
    """Ads that can be listed: never deleted ones, archived ones if asked for by name."""
    params, at = context.call.params, context.at
    states, filters = _states(params.get("effective_status", "")), _ad_filters(context)
    since = datetime.fromtimestamp(whole(params, "updated_since", 0), UTC)
    ads = [
        ad
        for ad in context.desk.world.ads.ads(account.ref, at=at)
        if ad.state(at) != "deleted"
        and (EFFECTIVE[ad.state(at)] in states if states else True)
        and (states or _names_states(filters) or not ad.is_hidden(at))
        and all(one.admits(_listed_value(one.field, ad, at)) for one in filters)
        and ad.changed_at(at) >= since
    ]
    ids = [ad.ad_id for ad in ads]
    bent = struck(context, account.ref, "ads", subjects=ids, rows=limit_of(context))
    wanted = fields_asked(params, "id")
    if bent == "creative_absent":
        wanted = tuple(one for one in wanted if one.name != "creative")
    return listed_json(context, ads, lambda one: ad_json(context, one, wanted), bent)


def _states(text: str) -> frozenset[str]:
    states = frozenset(listed(text))
    if states - STATUSES:
        raise GraphError(invalid("effective_status[0] must be one of the values documented."))
    return states


def _ad_filters(context: CallContext) -> tuple[Filter, ...]:
    return filters_asked(context.call.params.get("filtering", ""))


def _names_states(filters: tuple[Filter, ...]) -> bool:
    return any(one.field.endswith("effective_status") for one in filters)


def _listed_value(field: str, ad: Ad, at: datetime) -> str:
    values = {
        "id": ad.ad_id,
        "name": ad.name,
        "effective_status": EFFECTIVE[ad.state(at)],
        "campaign.id": ad.ad_set.campaign.campaign_id,
        "adset.id": ad.ad_set.ad_set_id,
    }
    name = field.removeprefix("ad.")
    if name not in values:
        raise GraphError(invalid(f"Filtering field {field!r:.60} is not valid."))
    return values[name]


def read_groups(context: CallContext, account: AdAccount, edge: str) -> Json:
    """The campaigns or ad sets of an account, page by page."""
    every = context.desk.world.ads.ads(account.ref, at=context.at)
    wanted = fields_asked(context.call.params, "id")
    bent = struck(context, account.ref, "ads", rows=limit_of(context))
    if edge == "campaigns":
        campaigns = {ad.ad_set.campaign.campaign_id: ad.ad_set.campaign for ad in every}
        rows: list[Campaign] = [campaigns[one] for one in sorted(campaigns)]
        return listed_json(context, rows, lambda one: campaign_json(account, one, wanted), bent)
    sets = {ad.ad_set.ad_set_id: ad.ad_set for ad in every}
    groups: list[AdSet] = [sets[one] for one in sorted(sets)]
    return listed_json(
        context, groups, lambda one: ad_set_json(context, account, one, wanted), bent
    )
