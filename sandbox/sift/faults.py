"""What can be made to go wrong in the simulated SIFT.

Belongs here: its kinds of faults, and what each does to a request about the account.
Does not belong here: which account has which (``sandbox.faults``), what a job's fate means.
"""

import asyncio
from typing import Final

from sandbox.faults import Fault
from sandbox.problems import ProblemError
from sandbox.simulation.dataset import AccountRef
from sandbox.world import World

JOB_FAULTS: Final = frozenset({"job_fails", "job_never_ends"})
"""They seal the fate of jobs submitted from now on."""
REQUEST_FAULTS: Final = frozenset(
    {"throttled", "server_error", "slow", "truncated_json", "private", "vanished"}
)
"""They strike every request about the account."""
SIFT_FAULT_KINDS: Final = JOB_FAULTS | REQUEST_FAULTS


class TruncatedAnswerError(Exception):
    """Ends a request with HTTP 200 and half of a JSON document."""


async def strike(world: World, account: AccountRef) -> None:
    """Let the account's fault, if any, happen to the request being answered.

    Raises:
        ProblemError: The fault is a refusal.
        TruncatedAnswerError: The fault is half an answer.
    """
    fault = world.faults.take(account, REQUEST_FAULTS)
    if fault is not None:
        await _happen(f"{account.platform}/{account.account_key}", fault)


async def _happen(name: str, fault: Fault) -> None:
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
