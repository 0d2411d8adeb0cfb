"""How a row of the Graph API's table of faults is made.

Belongs here: what a fault is, where it can strike, and the common forms of rows.
Does not belong here: the rows (``faults``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal, get_args

from sandbox.faults import Fault
from sandbox.graph.errors import Refusal, token_refused

Place = Literal["list", "stories", "user", "node", "insights", "token", "batch"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)
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


@dataclass(frozen=True, kw_only=True)
class Told:
    """An error as others recorded it."""

    code: int
    message: str
    subcode: int | None = None
    type: str = "OAuthException"
    status: int = 400
    transient: bool | None = None
    title: str = ""

    def row(self, *places: Place, whole_batch: bool = False) -> GraphFault:
        """The fault that says so, whatever is struck."""
        refusal = Refusal(
            message=self.message,
            code=self.code,
            subcode=self.subcode,
            type=self.type,
            statuses=(self.status,),
            transient=self.transient,
            title=self.title,
        )
        numbers = f"{self.code} / {self.subcode}" if self.subcode else str(self.code)
        return GraphFault(
            means=f"{numbers}: {self.message}",
            refusal=always(refusal),
            places=places or READS,
            whole_batch=whole_batch,
        )


def always(refusal: Refusal) -> Callable[[Strike], Refusal]:
    """The same refusal, whatever is struck."""
    return lambda _strike: refusal


def request_row(means: str, refusal: Callable[[Strike], Refusal]) -> GraphFault:
    """A refusal of the whole request, whatever is asked for: of its token, say."""
    return GraphFault(means=means, refusal=refusal, places=(*READS, "token"), whole_batch=True)


def consent_row(subcode: int | None) -> GraphFault:
    """The token opens nothing, for the reason of this subcode."""
    means = f"190 / {subcode or 'no subcode'}: the token opens nothing until consent is renewed."
    return request_row(means, always(token_refused(subcode)))


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


def html_row(status: int) -> GraphFault:
    """A page of the load balancer."""
    refusal = Refusal(message=HTTPStatus(status).phrase, statuses=(status,), is_html=True)
    return request_row(f"HTTP {status} with a page of HTML instead of JSON.", always(refusal))


def insights_row(means: str, refusal: Callable[[Strike], Refusal]) -> GraphFault:
    """A refusal of insights only."""
    return GraphFault(means=means, refusal=refusal, places=("insights",))


def bent_row(means: str, *places: Place, whole_batch: bool = False) -> GraphFault:
    """An answer that is bent instead of refused."""
    return GraphFault(means=means, places=places or READS, whole_batch=whole_batch)
