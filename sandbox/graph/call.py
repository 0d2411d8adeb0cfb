"""One reading of the Graph API: what was asked, and what is answered.

Belongs here: the records that every part of the simulated API hands on, and how faults strike.
Does not belong here: HTTP, and what any path means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.graph.desk import GraphDesk
from sandbox.graph.errors import NO_TOKEN, GraphError
from sandbox.graph.fault_rows import REDUCE_ABOVE, Place, Strike
from sandbox.graph.faults import GRAPH_FAULTS, kinds_at, plain_kind
from sandbox.simulation.accounts import AccountRef
from sandbox.tokens import Grant

Json = dict[str, Any]
DELAYS_S: Mapping[str, float] = {"slow": 1.0, "hang": 60.0}


@dataclass(frozen=True, kw_only=True)
class GraphCall:
    """What is asked for, wherever it stood in the request."""

    method: str = "GET"
    parts: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    version: str
    base_url: str
    """Scheme and host of the sandbox, as the caller wrote them."""

    @property
    def token(self) -> str:
        """The access token; empty where none was sent."""
        return self.params.get("access_token", "")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered; ``body`` is JSON, or text where it is a page of HTML."""

    status: int
    body: Any
    headers: Mapping[str, str]
    delay_s: float = 0.0
    is_cut: bool = False
    is_null: bool = False
    """Stands as null in its batch."""


@dataclass(kw_only=True)
class CallContext:
    """One call being answered."""

    desk: GraphDesk
    call: GraphCall
    at: datetime
    in_batch: bool = False
    grant: Grant | None = None
    bent: str = ""
    """The fault that bends the whole answer, such as ``truncated_json``."""
    struck_metric: str = ""
    """The metric that the last fault is about."""
    ad_account: AccountRef | None = None
    """The ad account that the call is about, if any."""
    headers: dict[str, str] = field(default_factory=dict)
    """What the answer has beside its usual headers."""

    @property
    def holder(self) -> Grant:
        """Whose token it is.

        Raises:
            GraphError: Nobody's yet.
        """
        if self.grant is None:
            raise GraphError(NO_TOKEN)
        return self.grant

    def struck(
        self,
        place: Place,
        *,
        subject: str = "",
        metrics: tuple[str, ...] = (),
        amount: int = 1,
    ) -> str:
        """Let a fault of the account happen here.

        Args:
            place: What is asked for.
            subject: The id that it is asked of.
            metrics: The metrics asked for.
            amount: How many objects are asked for at once.

        Returns:
            The plain kind of a fault that bends the answer; empty if there is none.

        Raises:
            GraphError: The fault is a refusal.
        """
        kinds = kinds_at(place, in_batch=self.in_batch, is_large=amount > REDUCE_ABOVE)
        fault = self.desk.world.faults.take(
            self.holder.account, kinds, subject=subject, metrics=metrics
        )
        if fault is None:
            return ""
        kind, self.struck_metric = plain_kind(fault.kind), fault.metric
        refusal = GRAPH_FAULTS[kind].refusal
        if refusal is not None:
            strike = Strike(fault=fault, subject=subject, metrics=metrics, now=self.at)
            raise GraphError(refusal(strike))
        if kind in DELAYS_S or kind in ("truncated_json", "null_element"):
            self.bent = kind
        return kind

    def is_named(self, subject: str) -> bool:
        """Whether a fault of the account names this object.

        A page that expands its objects is struck once as a whole, and for each of these again.
        """
        faults = self.desk.world.faults.of(self.holder.account)
        return any(fault.subject == subject for fault in faults)

    def switched(self, kind: str) -> bool:
        """Whether the account has a switch on; asking uses none of its times."""
        faults = self.desk.world.faults.of(self.holder.account)
        return any(fault.kind == kind for fault in faults)
