"""How a row of the Graph API's table of faults is made.

Belongs here: what a fault is, where it can strike, and the common forms of rows.
Does not belong here: the rows (``graph_faults``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sandbox.faults import Fault
from sandbox.graph.errors import Refusal, token_refused

Place = Literal["list", "stories", "user", "node", "insights", "token", "batch"]
PLACES: Final[tuple[Place, ...]] = (
    "list",
    "stories",
    "user",
    "node",
    "insights",
    "token",
    "batch",
)
READS: Final[tuple[Place, ...]] = ("list", "stories", "user", "node", "insights")
PAGES: Final[tuple[Place, ...]] = ("list", "stories")
THROTTLED: Final = (400, 403)
REDUCE_ABOVE: Final = 25
"""A request for more than so many objects is too much for ``reduce_data``."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A fault with the request that it strikes."""

    fault: Fault
    subject: str
    metrics: tuple[str, ...]
    now: datetime

    @property
    def metric(self) -> str:
        """The metric that the refusal is about."""
        return self.fault.metric or next(iter(self.metrics), "views")


@dataclass(frozen=True, kw_only=True)
class GraphFault:
    """One kind of fault.

    Without a ``refusal`` the answer is bent instead, by whoever makes it.
    """

    means: str
    refusal: Callable[[Strike], Refusal] | None = None
    places: tuple[Place, ...] = READS
    whole_batch: bool = False
    """Strikes a batch as one request, never its elements."""


def always(refusal: Refusal) -> Callable[[Strike], Refusal]:
    """The same refusal, whatever is struck."""
    return lambda _strike: refusal


def token_row(subcode: int | None) -> GraphFault:
    """The token opens nothing, for the reason of this subcode."""
    return GraphFault(
        means=f"190 / {subcode or 'no subcode'}: the token opens nothing until consent is renewed.",
        refusal=always(token_refused(subcode)),
        places=(*READS, "token"),
        whole_batch=True,
    )


def error_row(code: int, message: str, means: str, *statuses: int) -> GraphFault:
    """A plain error of this code."""
    refusal = Refusal(message=message, code=code, statuses=statuses or (400,))
    return GraphFault(means=means, refusal=always(refusal), places=(*READS, "token"))


def throttle_row(
    code: int,
    message: str,
    *,
    whose: Literal["", "app", "account", "page"] = "",
    subcode: int | None = None,
    statuses: tuple[int, ...] = THROTTLED,
) -> GraphFault:
    """A throttle; ``wait_min`` of the fault stands in its usage header."""

    def refusal(strike: Strike) -> Refusal:
        return Refusal(
            message=message,
            code=code,
            subcode=subcode,
            statuses=statuses,
            throttles=whose,
            wait_min=strike.fault.wait_min,
        )

    return GraphFault(means=f"{code}: {message}", refusal=refusal)


def transient_row(code: int, message: str, *, places: tuple[Place, ...] = READS) -> GraphFault:
    """A trouble that passes: HTTP 500."""
    refusal = Refusal(message=message, code=code, statuses=(500,), transient=code != 1 or None)
    return GraphFault(means=f"{code}: {message}", refusal=always(refusal), places=places)


def html_row(status: int, title: str) -> GraphFault:
    """A page of the load balancer."""
    refusal = Refusal(message=title, statuses=(status,), is_html=True)
    return GraphFault(
        means=f"HTTP {status} with a page of HTML instead of JSON.",
        refusal=always(refusal),
        places=(*READS, "token"),
        whole_batch=True,
    )


def insights_row(means: str, refusal: Callable[[Strike], Refusal]) -> GraphFault:
    """A refusal of insights only."""
    return GraphFault(means=means, refusal=refusal, places=("insights",))


def bent_row(means: str, *places: Place, whole_batch: bool = False) -> GraphFault:
    """An answer that is bent instead of refused."""
    return GraphFault(means=means, places=places or READS, whole_batch=whole_batch)
