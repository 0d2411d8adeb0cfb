"""Faults that can be switched on for one account, whichever platform API it is asked through.

Belongs here: the kinds, how long each lasts, and the refusals that are the same for every API.
Does not belong here: routes, and what a job's fate means to one API.
"""

import asyncio
from collections.abc import Collection
from threading import Lock
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.problems import ProblemError
from sandbox.simulation.dataset import AccountRef

FaultKind = Literal[
    "throttled",
    "server_error",
    "slow",
    "truncated_json",
    "private",
    "vanished",
    "job_fails",
    "job_never_ends",
]
JOB_FAULTS: Final = frozenset({"job_fails", "job_never_ends"})
REQUEST_FAULTS: Final = frozenset(
    {"throttled", "server_error", "slow", "truncated_json", "private", "vanished"}
)


class Fault(BaseModel):
    """One fault of one account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind = Field(
        description="What goes wrong. `job_fails` and `job_never_ends` seal the fate of jobs "
        "submitted from now on; the others strike every request about the account."
    )
    times: int | None = Field(
        default=None,
        ge=1,
        description="How many requests it strikes, or jobs; until it is deleted where absent.",
    )
    retry_after_s: int = Field(
        default=5, ge=0, description="`throttled`: the Retry-After header, in seconds."
    )
    status: Literal[500, 502, 503, 504] = Field(
        default=503, description="`server_error`: the HTTP status."
    )
    delay_s: float = Field(
        default=1.0, ge=0, le=600, description="`slow`: real seconds before the answer."
    )


class TruncatedAnswerError(Exception):
    """Ends a request with HTTP 200 and half of a JSON document."""


class FaultBoard:
    """Which account has which fault, at most one each; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[AccountRef, Fault] = {}

    def put(self, account: AccountRef, fault: Fault) -> None:
        """Switch a fault on, in place of the account's previous one."""
        with self._lock:
            self._faults[account] = fault

    def remove(self, account: AccountRef) -> None:
        """Switch the account's fault off, if there is one."""
        with self._lock:
            self._faults.pop(account, None)

    def take(self, account: AccountRef, kinds: Collection[str]) -> Fault | None:
        """The account's fault if it is of these kinds; counts as one of its times."""
        with self._lock:
            fault = self._faults.get(account)
            if fault is None or fault.kind not in kinds:
                return None
            if fault.times == 1:
                del self._faults[account]
            elif fault.times is not None:
                self._faults[account] = fault.model_copy(update={"times": fault.times - 1})
            return fault

    async def strike(self, account: AccountRef) -> None:
        """Let the account's fault, if any, happen to the request being answered.

        Raises:
            ProblemError: The fault is a refusal.
            TruncatedAnswerError: The fault is half an answer.
        """
        fault = self.take(account, REQUEST_FAULTS)
        if fault is not None:
            await _happen(account, fault)


async def _happen(account: AccountRef, fault: Fault) -> None:
    name = f"{account.platform}/{account.account_key}"
    match fault.kind:
        case "slow":
            await asyncio.sleep(fault.delay_s)
        case "throttled":
            raise ProblemError(429, f"slow down: {name}", Retry_After=str(fault.retry_after_s))
        case "server_error":
            raise ProblemError(fault.status, f"failed on our side: {name}")
        case "truncated_json":
            raise TruncatedAnswerError
        case "private":
            raise ProblemError(403, f"account is private: {name}")
        case "vanished":
            raise ProblemError(404, f"account is gone: {name}")
        case "job_fails" | "job_never_ends":
            return
