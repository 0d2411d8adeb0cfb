"""Accounts and the Facebook pages that they are connected with.

Belongs here: what each field of an Instagram account and of a page holds.
Does not belong here: media.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.desk import page_id_of
from sandbox.graph.errors import GraphError, unknown_field, unknown_user
from sandbox.graph.fields import Wanted, wanted_fields
from sandbox.graph.lists import PageWanted, read_page
from sandbox.graph.names import username_of
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.digests import digest

USER_ABSENT: Final = frozenset(
    {
        "legacy_instagram_user_id",
        "owner_business",
        "shopping_product_tag_eligibility",
        "shopping_review_status",
    }
)
DISCOVERED: Final = frozenset(
    {
        "biography",
        "followers_count",
        "follows_count",
        "id",
        "ig_id",
        "media",
        "media_count",
        "name",
        "profile_picture_url",
        "username",
        "website",
    }
)
"""Fields of accounts that are looked up by their name."""
PAGE_DEFAULT: Final = "access_token,category,category_list,name,id,tasks"
TASKS: Final = ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")


def user_fields(context: CallContext, account: AccountRef, wanted: tuple[Wanted, ...]) -> Json:
    """One Instagram account with the fields that are asked for, and its id.

    Raises:
        GraphError: A field does not exist, or one of its media cannot be read.
    """
    found: Json = {}
    for field in wanted:
        name = field.name
        if name in ("media", "stories"):
            found[name] = read_page(
                context, account, name, PageWanted.of(field.arguments, field.fields)
            )
        elif name == "business_discovery":
            found[name] = _discovered(context, field)
        elif name in USER:
            found[name] = USER[name](context, account)
        elif name not in USER_ABSENT:
            raise GraphError(unknown_field(name, "ShadowIGUser"))
    return found | {"id": account.account_key}


def _discovered(context: CallContext, field: Wanted) -> Json:
    """Another account by its name: what the public sees, its posts page by page without links.

    Raises:
        GraphError: Nobody has the name, or a field is not for the public.
    """
    username = field.arguments.get("username", "")
    account = context.desk.account_named(username)
    if account is None:
        raise GraphError(unknown_user(username))
    if hidden := [one.name for one in field.fields if one.name not in DISCOVERED]:
        raise GraphError(unknown_field(hidden[0], "ShadowIGUser"))
    found = user_fields(context, account, field.fields)
    if "media" in found and "paging" in found["media"]:
        found["media"]["paging"] = {"cursors": found["media"]["paging"]["cursors"]}
    return found


def _media_count(context: CallContext, account: AccountRef) -> int:
    return context.desk.listing(account, at=context.at).total


def _picture(context: CallContext, account: AccountRef) -> str:
    mark = digest("picture", account.account_key, context.desk.serials.next()).hex()
    return f"https://scontent-lax3-1.cdninstagram.com/v/t51.2885-15/{mark[:9]}_n.jpg?oh={mark}"


USER: Final[Mapping[str, Callable[[CallContext, AccountRef], object]]] = {
    "account_type": lambda _context, _account: "BUSINESS",
    "biography": lambda _context, _account: "Made up by the sandbox.",
    "followers_count": lambda context, account: context.desk.world.dataset.followers(
        account, at=context.at
    ),
    "follows_count": lambda _context, account: digest("follows", account.account_key)[0],
    "has_profile_pic": lambda _context, _account: True,
    "id": lambda _context, account: account.account_key,
    "ig_id": lambda _context, account: int.from_bytes(digest("ig_id", account.account_key)[:4]),
    "is_published": lambda _context, _account: True,
    "media_count": _media_count,
    "name": lambda _context, account: f"Creator {account.account_key[-8:]}",
    "profile_picture_url": _picture,
    "user_id": lambda _context, account: account.account_key,
    "username": lambda _context, account: username_of(account.account_key),
    "website": lambda _context, _account: "https://example.com/",
}


def page_fields(context: CallContext, account: AccountRef, wanted: tuple[Wanted, ...]) -> Json:
    """One Facebook page with the fields that are asked for, and its id.

    Raises:
        GraphError: A field does not exist.
    """
    user = ("instagram_business_account", "connected_instagram_account")
    plain: Json = {
        "access_token": context.holder.access,
        "category": "Digital creator",
        "category_list": [{"id": "1617", "name": "Digital creator"}],
        "id": page_id_of(account),
        "name": f"Page of {username_of(account.account_key)}",
        "tasks": list(TASKS),
    }
    found: Json = {}
    for field in wanted:
        if field.name in user:
            found[field.name] = user_fields(context, account, field.fields)
        elif field.name in plain:
            found[field.name] = plain[field.name]
        else:
            raise GraphError(unknown_field(field.name, "Page"))
    return found | {"id": plain["id"]}


def read_accounts(context: CallContext) -> Json:
    """The pages that the token's holder manages: one."""
    account = context.holder.account
    context.struck("user", subject=account.account_key)
    wanted = wanted_fields(context.call.params.get("fields", "") or PAGE_DEFAULT)
    mark = digest("page cursor", account.account_key).hex()
    cursors = {"before": f"QVFI{mark}", "after": f"QVFI{mark}"}
    if context.call.params.get("after"):
        return {"data": []}
    return {"data": [page_fields(context, account, wanted)], "paging": {"cursors": cursors}}
