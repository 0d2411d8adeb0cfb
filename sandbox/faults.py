"""What goes wrong, for whom, and how often: one board of faults for every simulated API.

Belongs here: which fault is switched on for an account, an item or a metric, and when it strikes.
Does not belong here: which kinds an API knows and how it words them (its own ``faults``).
"""

from collections.abc import Collection
from datetime import datetime
from threading import Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.simulation.accounts import AccountRef


class Fault(BaseModel):
    """One fault of one account; each API says which kinds it knows and what else they heed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="What goes wrong, in the API's list of kinds.")
    times: int | None = Field(
        default=None, ge=1, description="How many requests it strikes; absent: until removed."
    )
    skip: int = Field(default=0, ge=0, description="How many requests pass before it strikes.")
    subject: str = Field(default="", description="Only requests about this item; empty: any.")
    metric: str = Field(default="", description="Only requests for this metric; empty: any.")
    wait_min: int = Field(default=5, ge=0, description="Minutes that a throttle asks to wait.")
    retry_after_s: int = Field(
        default=5, ge=0, description="SIFT, `throttled`: the Retry-After header, in seconds."
    )
    status: Literal[500, 502, 503, 504] = Field(
        default=503, description="SIFT, `server_error`: the HTTP status."
    )
    delay_s: float = Field(
        default=1.0, ge=0, le=600, description="SIFT, `slow`: real seconds before the answer."
    )

    def is_about(self, subject: str, metrics: Collection[str]) -> bool:
        """Whether it can strike a request about an item and for some metrics."""
        return self.subject in ("", subject) and (not self.metric or self.metric in metrics)


class FaultBoard:
    """Which account has which faults, in order; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[AccountRef, list[Fault]] = {}
        self._blocked: dict[AccountRef, datetime] = {}

    def put(self, account: AccountRef, fault: Fault) -> None:
        """Switch a fault on, beside the account's others."""
        with self._lock:
            self._faults.setdefault(account, []).append(fault)

    def put_alone(self, account: AccountRef, fault: Fault) -> None:
        """Switch a fault on, in place of the account's others."""
        with self._lock:
            self._faults[account] = [fault]

    def clear(self, account: AccountRef | None = None) -> None:
        """Switch every fault of an account off, or all of them."""
        with self._lock:
            self._faults = {} if account is None else self._faults | {account: []}
            self._blocked = {
                one: until for one, until in self._blocked.items() if account not in (None, one)
            }

    def block(self, account: AccountRef, *, until: datetime) -> None:
        """Refuse every request about an account until a moment, as a fault that struck may do."""
        with self._lock:
            self._blocked[account] = until

    def is_blocked(self, account: AccountRef, *, at: datetime) -> bool:
        """Whether an account is refused at a moment."""
        until = self._blocked.get(account)
        return until is not None and at < until

    def of(self, account: AccountRef) -> tuple[Fault, ...]:
        """The account's faults as they stand."""
        return tuple(self._faults.get(account, ()))

    def take(
        self,
        account: AccountRef,
        kinds: Collection[str],
        *,
        subject: str = "",
        metrics: Collection[str] = (),
    ) -> Fault | None:
        """The first fault of these kinds that strikes this request; counts as one of its times.

        Args:
            account: Whom the request is about.
            kinds: Kinds that can strike at this place.
            subject: The item that the request is about, if any.
            metrics: The metrics that it asks for, if any.
        """
        with self._lock:
            faults = self._faults.get(account, [])
            for place, fault in enumerate(faults):
                if fault.kind not in kinds or not fault.is_about(subject, metrics):
                    continue
                if fault.skip:
                    faults[place] = fault.model_copy(update={"skip": fault.skip - 1})
                    continue
                if fault.times == 1:
                    del faults[place]
                elif fault.times is not None:
                    faults[place] = fault.model_copy(update={"times": fault.times - 1})
                return fault
            return None
