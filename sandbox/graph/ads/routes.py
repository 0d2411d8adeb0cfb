"""Which reading about ads a path means, and who may make it.

Belongs here: paths, and the ad account that each is about.
Does not belong here: what the readings hold.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sandbox.graph.ads.faults import RUN_UNREADABLE, struck, switched
from sandbox.graph.ads.insights import (
    checked_windows,
    row_json,
    rows_of,
)
from sandbox.graph.ads.objects import (
    EFFECTIVE,
    STATUSES,
    account_json,
    ad_json,
    ad_set_json,
    campaign_json,
    creative_json,
)
from sandbox.graph.ads.pages import limit_of, page_of
from sandbox.graph.ads.parameters import Filter, fields_asked, filters_asked, listed, whole
from sandbox.graph.ads.permissions import read_permissions
from sandbox.graph.ads.query import AdScope, InsightsQuery, Level, ids_of, query_of
from sandbox.graph.ads.report_status import status_json
from sandbox.graph.ads.reports import Report
from sandbox.graph.ads.usage import check_ads_version, note_throttle
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, Refusal, gone, invalid, unknown_path
from sandbox.graph.fields import Wanted
from sandbox.simulation.ads.accounts import AdAccount, AdSet, Campaign
from sandbox.simulation.ads.ad import Ad

PREFIX: Final = "act_"
PERMISSIONS: Final = "branded_content_ad_permissions"
NOT_GRANTED: Final = Refusal(
    message="(#200) Ad account owner has NOT grant ads_management or ads_read permission",
    code=200,
    statuses=(403,),
)
DATE_FORMAT_ENDED: Final = invalid("The date_format parameter is deprecated in v26.0+.")
RUN_FIELDS: Final = (
    *("id", "account_id", "time_ref", "time_completed", "async_status"),
    *("async_percent_completion", "is_running", "date_start", "date_stop"),
)


def is_about_ads(context: CallContext) -> bool:
    """Whether a call is answered here: its token is an ad account's, or its path names one."""
    parts = context.call.parts
    return (
        context.holder.account.platform == "meta_ads"
        or (parts[:1] != () and parts[0].startswith(PREFIX))
        or parts[-1:] == (PERMISSIONS,)
        or parts == ("me", "adaccounts")
    )


def read_ads(context: CallContext) -> Json:
    """What a call about ads is answered.

    Raises:
        GraphError: It is refused.
    """
    call, holder = context.call, context.holder.account
    if holder.platform == "meta_ads":
        context.ad_account = holder
        check_ads_version(context)
    if "date_format" in call.params:
        raise GraphError(DATE_FORMAT_ENDED)
    node, edge = (*call.parts, "", "")[:2]
    if len(call.parts) > 2 or not node:  # noqa: PLR2004 - node and edge
        raise GraphError(unknown_path("/".join(call.parts)))
    if call.method == "POST":
        return _ordered(context, node, edge)
    if call.method != "GET":
        raise GraphError(gone(node, method=call.method.lower()))
    if edge == PERMISSIONS:
        return read_permissions(context, node)
    if node == "me":
        return _mine(context, edge)
    return (
        _of_account(context, node, edge) if node.startswith(PREFIX) else _of_id(context, node, edge)
    )


def _mine(context: CallContext, edge: str) -> Json:
    world, holder = context.desk.world, context.holder.account
    accounts = world.ads.opened_by(holder)
    if not edge and accounts:
        return {"id": accounts[0].business_id, "name": "System user"}
    if edge == "accounts":
        return {"data": []}
    if edge != "adaccounts":
        raise GraphError(unknown_path(edge))
    bent = struck(context, holder, "accounts", rows=limit_of(context))
    wanted = fields_asked(context.call.params, "account_id,id")
    return _listed(context, accounts, lambda one: account_json(context, one, wanted), bent)


def _listed(context: CallContext, rows: Sequence, written: Callable[..., Json], bent: str) -> Json:
    shown, paging = page_of(context, rows, bent=bent)
    return {"data": [written(one) for one in shown]} | ({"paging": paging} if paging else {})


def _opened(context: CallContext, account_id: str) -> AdAccount:
    """The ad account of this id, if the token opens it.

    Raises:
        GraphError: It does not.
    """
    ads = context.desk.world.ads
    every = {one.account_id for one in ads.accounts if one.platform == "meta_ads"}
    if account_id not in every:
        raise GraphError(gone(f"{PREFIX}{account_id}"))
    opened = {one.account_id: one for one in ads.opened_by(context.holder.account)}
    if account_id not in opened or context.holder.account.platform != "meta_ads":
        raise GraphError(NOT_GRANTED)
    context.ad_account = opened[account_id].ref
    return opened[account_id]


def _of_account(context: CallContext, node: str, edge: str) -> Json:
    account = _opened(context, node.removeprefix(PREFIX))
    if not edge:
        struck(context, account.ref, "account")
        wanted = fields_asked(context.call.params, "account_id,id")
        return account_json(context, account, wanted)
    if edge == "insights":
        scope = AdScope(account=account, level="account", object_id=account.account_id)
        return _insights(context, scope)
    if edge == "ads":
        return _ads(context, account)
    if edge in ("campaigns", "adsets"):
        return _groups(context, account, edge)
    raise GraphError(unknown_path(edge))


def _ads(context: CallContext, account: AdAccount) -> Json:
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
    return _listed(context, ads, lambda one: ad_json(context, one, wanted), bent)


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


def _groups(context: CallContext, account: AdAccount, edge: str) -> Json:
    every = context.desk.world.ads.ads(account.ref, at=context.at)
    wanted = fields_asked(context.call.params, "id")
    bent = struck(context, account.ref, "ads", rows=limit_of(context))
    if edge == "campaigns":
        campaigns = {ad.ad_set.campaign.campaign_id: ad.ad_set.campaign for ad in every}
        rows: list[Campaign] = [campaigns[one] for one in sorted(campaigns)]
        return _listed(context, rows, lambda one: campaign_json(account, one, wanted), bent)
    sets = {ad.ad_set.ad_set_id: ad.ad_set for ad in every}
    groups: list[AdSet] = [sets[one] for one in sorted(sets)]
    return _listed(context, groups, lambda one: ad_set_json(context, account, one, wanted), bent)


def _of_id(context: CallContext, node: str, edge: str) -> Json:
    report = context.desk.reports.report(node, at=context.at)
    if report is not None:
        return _of_report(context, report, edge)
    scope, read = _found(context, node)
    _opened(context, scope.account.account_id)
    if edge == "insights":
        return _insights(context, scope)
    if edge:
        raise GraphError(unknown_path(edge))
    struck(context, scope.account.ref, "ad", subjects=[node])
    return read(fields_asked(context.call.params, "id"))


def _found(context: CallContext, node: str) -> tuple[AdScope, Callable[[tuple[Wanted, ...]], Json]]:
    """The ad, creative, ad set or campaign of an id, deleted or not, and how it is read.

    Raises:
        GraphError: There is none yet.
    """
    world = context.desk.world.ads
    every = (
        ad
        for account in world.accounts
        if account.platform == "meta_ads"
        for ad in world.ads(account.ref, at=context.at)
    )
    for ad in every:
        levels: list[Level] = [level for level, one in ids_of(ad).items() if one == node]
        level = levels[0] if levels else None
        if level is None and node == ad.creative_id:
            scope = AdScope(account=ad.account, level="ad", object_id=ad.ad_id)
            return scope, partial(creative_json, context, ad)
        if level is not None and level != "account":
            scope = AdScope(account=ad.account, level=level, object_id=node)
            return scope, partial(_node_json, context, ad, level)
    raise GraphError(gone(node))


def _node_json(context: CallContext, ad: Ad, level: Level, wanted: tuple[Wanted, ...]) -> Json:
    if level == "ad":
        return ad_json(context, ad, wanted)
    if level == "adset":
        return ad_set_json(context, ad.account, ad.ad_set, wanted)
    return campaign_json(ad.account, ad.ad_set.campaign, wanted)


def _query(context: CallContext, scope: AdScope) -> InsightsQuery:
    today = scope.account.day_of(context.at)
    query = query_of(context.call.params, level=scope.level, today=today)
    checked_windows(query.windows)
    return query


def _insights(context: CallContext, scope: AdScope) -> Json:
    note_throttle(context, scope.account.ref)
    query = _query(context, scope)
    return _rows(context, scope, query, context.at, is_report=False)


def _rows(
    context: CallContext, scope: AdScope, query: InsightsQuery, at: datetime, *, is_report: bool
) -> Json:
    account = scope.account.ref
    days = context.desk.world.ads.days(
        account,
        *query.span,
        at=at,
        late_fix=switched(context, account, "late_fix"),
    )
    deleted = not switched(context, account, "deleted_unlisted")
    rows = rows_of(days, scope, query, at=at, deleted=deleted)
    in_rows = {ad.ad_id for row in rows for ad in row.ads} if query.level == "ad" else set()
    bent = struck(
        context,
        account,
        "result" if is_report else "insights",
        subjects=in_rows | {scope.object_id},
        rows=limit_of(context),
        days=query.days,
    )
    return _listed(context, rows, lambda row: row_json(row, query, bent=bent), bent)


def _ordered(context: CallContext, node: str, edge: str) -> Json:
    """A report of insights, the one thing that is ordered here."""
    if edge != "insights":
        raise GraphError(gone(node, method="post"))
    if node.startswith(PREFIX):
        account = _opened(context, node.removeprefix(PREFIX))
        scope = AdScope(account=account, level="account", object_id=account.account_id)
    else:
        scope, _ = _found(context, node)
        _opened(context, scope.account.account_id)
    note_throttle(context, scope.account.ref)
    query = _query(context, scope)
    struck(context, scope.account.ref, "report", subjects=[scope.object_id], days=query.days)
    report = context.desk.reports.order(scope, query, at=context.at)
    return {"report_run_id": int(report.run_id)}


def _of_report(context: CallContext, report: Report, edge: str) -> Json:
    account = _opened(context, report.scope.account.account_id)
    if edge == "insights":
        note_throttle(context, account.ref)
        if not report.is_completed:
            raise GraphError(RUN_UNREADABLE)
        return _rows(context, report.scope, report.query, report.ordered_at, is_report=True)
    if edge:
        raise GraphError(unknown_path(edge))
    bent = struck(context, account.ref, "run", subjects=[report.run_id])
    found = status_json(report, bent=bent, at=context.at)
    wanted = {one.name for one in fields_asked(context.call.params, "id")} | {"id"}
    if not context.call.params.get("fields"):
        wanted = set(RUN_FIELDS) | set(found)
    return {name: value for name, value in found.items() if name in wanted}
