"""Which reading about ads a path means, and who may make it.

Belongs here: paths, and the ad account that each is about.
Does not belong here: what the readings hold.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from sandbox.graph.ads.ad_lists import read_ad_list, read_groups
from sandbox.graph.ads.faults import struck
from sandbox.graph.ads.objects import (
    account_json,
    ad_json,
    ad_set_json,
    campaign_json,
    creative_json,
)
from sandbox.graph.ads.pages import limit_of, listed_json
from sandbox.graph.ads.parameters import fields_asked
from sandbox.graph.ads.permissions import read_permissions
from sandbox.graph.ads.query import AdScope, Level, ids_of
from sandbox.graph.ads.readings import order_report, read_ad_insights, read_report
from sandbox.graph.ads.usage import check_ads_version
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, Refusal, gone, invalid, unknown_path
from sandbox.graph.fields import Wanted
from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad

PREFIX: Final = "act_"
PERMISSIONS: Final = "branded_content_ad_permissions"
NOT_GRANTED: Final = Refusal(
    message="(#200) Ad account owner has NOT grant ads_management or ads_read permission",
    code=200,
    statuses=(403,),
)
DATE_FORMAT_ENDED: Final = invalid("The date_format parameter is deprecated in v26.0+.")


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
    return listed_json(context, accounts, lambda one: account_json(context, one, wanted), bent)


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
        return read_ad_insights(context, scope)
    if edge == "ads":
        return read_ad_list(context, account)
    if edge in ("campaigns", "adsets"):
        return read_groups(context, account, edge)
    raise GraphError(unknown_path(edge))


def _of_id(context: CallContext, node: str, edge: str) -> Json:
    report = context.desk.reports.report(node, at=context.at)
    if report is not None:
        _opened(context, report.scope.account.account_id)
        return read_report(context, report, edge)
    scope, read = _found(context, node)
    _opened(context, scope.account.account_id)
    if edge == "insights":
        return read_ad_insights(context, scope)
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
    return order_report(context, scope)
