"""One call of the Graph API, from its path to its answer.

Belongs here: which reading a path means, who may read it, and the headers of every answer.
Does not belong here: HTTP, batches, what the readings hold.
"""

from typing import Final

from sandbox.graph.account_insights import read_account_insights
from sandbox.graph.ads.routes import is_about_ads, read_ads
from sandbox.graph.ads.usage import ad_usage_headers
from sandbox.graph.call import DELAYS_S, CallContext, GraphCall, Json, Reply
from sandbox.graph.desk import Child, GraphDesk
from sandbox.graph.errors import (
    IDS_ENDED,
    NO_PERMISSION,
    GraphError,
    Refusal,
    gone,
    invalid,
    unknown_path,
)
from sandbox.graph.fault_rows import Place
from sandbox.graph.fields import wanted_fields
from sandbox.graph.insights import InsightsWanted, read_insights
from sandbox.graph.lists import PageWanted, read_page
from sandbox.graph.media import child_fields, children_of, media_fields
from sandbox.graph.tokens import let_in, read_exchange
from sandbox.graph.usage import usage_headers
from sandbox.graph.users import page_fields, read_accounts, user_fields
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.items import Item

EXCHANGE_PATHS: Final = (("oauth", "access_token"), ("access_token",), ("refresh_access_token",))
VERSIONS: Final = frozenset(f"v{major}.0" for major in range(19, 28))
"""Versions that answer; those that have ended answer as the oldest that has not."""
EDGES: Final = ("media", "stories", "collaborative_media", "insights", "children")


def answered(desk: GraphDesk, call: GraphCall, *, in_batch: bool = False) -> Reply:
    """What one call is answered; a batch's element is a call of its own."""
    context = CallContext(desk=desk, call=call, at=desk.world.clock.now(), in_batch=in_batch)
    try:
        check_version(call)
        body, refusal = _read(context), None
    except GraphError as error:
        body, refusal = None, error.refusal
    return replied(context, body, refusal)


def check_version(call: GraphCall) -> None:
    """Let a call of a version pass that there is.

    Raises:
        GraphError: To the platform it is part of a path that leads nowhere.
    """
    if call.version not in VERSIONS:
        raise GraphError(unknown_path("/".join(call.parts)))


def replied(context: CallContext, body: object, refusal: Refusal | None) -> Reply:
    """The answer with its headers."""
    trace_id = context.desk.serials.next_trace_id()
    headers = {"Facebook-API-Version": context.call.version, "x-fb-trace-id": trace_id}
    if context.grant is not None:
        headers |= _usage(context, context.grant.account, refusal) | context.headers
    status = 200
    if refusal is not None:
        status = context.desk.serials.next_status(refusal.statuses)
        body = _html(refusal) if refusal.is_html else refusal.envelope(trace_id)
        headers |= {} if refusal.is_html else {"WWW-Authenticate": refusal.challenge}
    return Reply(
        status=status,
        body=body,
        headers=headers,
        delay_s=DELAYS_S.get(context.bent, 0.0),
        is_cut=context.bent == "truncated_json",
        is_null=context.bent == "null_element",
    )


def _usage(context: CallContext, account: AccountRef, refusal: Refusal | None) -> dict[str, str]:
    if account.platform == "meta_ads":
        return ad_usage_headers(context, refusal)
    return usage_headers(context, account, refusal)


def _html(refusal: Refusal) -> str:
    return f"<html><head><title>{refusal.message}</title></head><body></body></html>"


def _read(context: CallContext) -> Json:
    call = context.call
    if call.parts in EXCHANGE_PATHS:
        return read_exchange(context)
    let_in(context, call.token)
    if call.method == "GET" and "ids" in call.params and call.parts != ("me", "accounts"):
        raise GraphError(IDS_ENDED)
    return read_ads(context) if is_about_ads(context) else _read_organic(context)


def _read_organic(context: CallContext) -> Json:
    call = context.call
    if call.method != "GET":
        raise GraphError(gone("/".join(call.parts), method=call.method.lower()))
    if call.parts == ("me", "accounts"):
        return read_accounts(context)
    if len(call.parts) == 1:
        return _read_node(context, call.parts[0])
    if len(call.parts) == 2 and call.parts[1] in EDGES:  # noqa: PLR2004 - node and edge
        return _Read(context, call.parts[0]).edge(call.parts[1])
    if not call.parts:
        raise GraphError(invalid("Unsupported get request. Please read the documentation"))
    raise GraphError(unknown_path("/".join(call.parts[1:])))


def _read_node(context: CallContext, text: str) -> Json:
    if not text.isdecimal() and text != "me" and _account(context, text) is None:
        raise GraphError(unknown_path(text))
    return _Read(context, text).node()


def _account(context: CallContext, text: str) -> AccountRef | None:
    """The account that an id names, whoever asks."""
    if text in ("me", context.holder.account.account_key):
        return context.holder.account
    account = AccountRef("instagram", text)
    return account if account in context.desk.known_accounts else None


class _Read:
    """One object read with the parameters of a call.

    Args:
        context: The call.
        text: The id, or ``me``.
    """

    def __init__(self, context: CallContext, text: str) -> None:
        self.text = text
        self._context = context

    def node(self) -> Json:
        """The object itself."""
        context = self._context
        wanted = wanted_fields(context.call.params.get("fields", ""))
        account = _account(context, self.text)
        page_of = context.desk.page_account(self.text)
        self._struck("node" if account is None and page_of is None else "user")
        if account is not None:
            return user_fields(context, self._own(account, gone(self.text)), wanted)
        if page_of is not None:
            return page_fields(context, self._own(page_of, gone(self.text)), wanted)
        found = self._medium()
        if isinstance(found, Child):
            return child_fields(context, found, wanted)
        return media_fields(context, found, wanted)

    def edge(self, name: str) -> Json:
        """One of the object's edges."""
        account = _account(self._context, self.text)
        if account is not None:
            return self._of_user(account, name)
        if name == "insights":
            return self._insights()
        self._struck("node")
        found = self._medium()
        if name != "children" or isinstance(found, Child):
            raise GraphError(unknown_path(name))
        wanted = wanted_fields(self._context.call.params.get("fields", ""))
        return children_of(self._context, found, wanted)

    def _of_user(self, account: AccountRef, name: str) -> Json:
        own = self._own(account, NO_PERMISSION)
        if name == "insights":
            self._struck("user")
            return read_account_insights(self._context, own)
        if name not in ("media", "stories", "collaborative_media"):
            raise GraphError(unknown_path(name))
        return read_page(self._context, own, name, PageWanted.of(self._context.call.params))

    def _insights(self) -> Json:
        context = self._context
        wanted = InsightsWanted.of(context.call.params)
        bent = self._struck("insights", wanted.metrics)
        found = self._medium()
        if isinstance(found, Child):
            raise GraphError(gone(self.text))
        return read_insights(context, found, wanted, bent=bent)

    def _medium(self) -> Item | Child:
        """The medium of this id, if the token's holder has it and it can be seen.

        Raises:
            GraphError: There is none.
        """
        context = self._context
        item = context.desk.item(self.text)
        child = None if item else context.desk.child(context.holder.account, self.text)
        medium = child.parent if child else item
        if (
            medium is None
            or medium.account != context.holder.account
            or not medium.lives(context.at)
        ):
            raise GraphError(gone(self.text))
        return child or medium

    def _own(self, account: AccountRef, refusal: Refusal) -> AccountRef:
        if account != self._context.holder.account:
            raise GraphError(refusal)
        return account

    def _struck(self, place: Place, metrics: tuple[str, ...] = ()) -> str:
        context = self._context
        subject = context.holder.account.account_key if self.text == "me" else self.text
        return context.struck(place, subject=subject, metrics=metrics)
