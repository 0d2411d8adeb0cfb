"""Leave of creators on Instagram to boost their posts.

Belongs here: ``/{ig-user}/branded_content_ad_permissions``.
Does not belong here: the posts themselves.
"""

from sandbox.graph.ads.faults import struck
from sandbox.graph.ads.pages import page_of
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, gone
from sandbox.graph.names import username_of
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.digests import digest


def read_permissions(context: CallContext, brand_id: str) -> Json:
    """What each creator lets a brand do; all of them, or the one that is named.

    Raises:
        GraphError: There is no such brand, or the token is somebody else's.
    """
    brand = AccountRef("instagram", brand_id)
    holder = context.holder.account
    if brand not in context.desk.known_accounts or holder not in (brand, context.ad_account):
        raise GraphError(gone(brand_id))
    bent = struck(context, holder, "permissions")
    wanted = context.call.params.get("creator_username", "")
    rows = [
        _row(context, brand, creator)
        for creator in context.desk.dataset.accounts
        if creator.platform == "instagram" and creator != brand
        if wanted in ("", _name(creator))
    ]
    shown, paging = page_of(context, rows, bent=bent)
    return {"data": list(shown)} | ({"paging": paging} if paging else {})


def _row(context: CallContext, brand: AccountRef, creator: AccountRef) -> Json:
    mark = int.from_bytes(digest("permission", *brand, *creator)[:6])
    return {
        "id": f"18{mark:015d}",
        "creator_username": _name(creator),
        "creator_id": creator.account_key,
        "brand_ig_user": {"id": brand.account_key},
        "permission_status": context.desk.world.ads.permission(brand, creator),
    }


def _name(creator: AccountRef) -> str:
    key = creator.account_key
    return username_of(key) if key.isdecimal() else key
