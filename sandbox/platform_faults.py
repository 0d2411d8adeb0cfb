"""Faults of the platforms that hold tokens: what goes wrong, for whom, and how often.

Belongs here: which fault is switched on for an account, an item or a metric.
Does not belong here: how a platform words it (its own routes do).
"""

from threading import Lock

from pydantic import BaseModel, ConfigDict, Field

from sandbox.simulation.dataset import AccountRef


class PlatformFault(BaseModel):
    """One fault of one account; each platform says which kinds it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="What goes wrong, in the platform's list of kinds.")
    times: int | None = Field(
        default=None, ge=1, description="How many requests it strikes; absent: until removed."
    )
    skip: int = Field(default=0, ge=0, description="How many requests pass before it strikes.")
    subject: str = Field(default="", description="Only requests about this item; empty: any.")
    metric: str = Field(default="", description="Only requests for this metric; empty: any.")
    wait_min: int = Field(default=5, ge=0, description="Minutes that a throttle asks to wait.")


class PlatformFaultBoard:
    """Which account has which faults, any number each; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[AccountRef, list[PlatformFault]] = {}

    def put(self, account: AccountRef, fault: PlatformFault) -> None:
        """Switch a fault on, beside the account's others."""
        with self._lock:
            self._faults.setdefault(account, []).append(fault)

    def clear(self, account: AccountRef | None = None) -> None:
        """Switch every fault of an account off, or all of them."""
        with self._lock:
            self._faults = {} if account is None else self._faults | {account: []}

    def of(self, account: AccountRef) -> tuple[PlatformFault, ...]:
        """The account's faults as they stand."""
        return tuple(self._faults.get(account, ()))

    def take(
        self,
        account: AccountRef,
        *kinds: str,
        subject: str = "",
        metrics: tuple[str, ...] = (),
    ) -> PlatformFault | None:
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
                if fault.kind not in kinds or not _fits(fault, subject, metrics):
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


def _fits(fault: PlatformFault, subject: str, metrics: tuple[str, ...]) -> bool:
    return fault.subject in ("", subject) and (not fault.metric or fault.metric in metrics)
