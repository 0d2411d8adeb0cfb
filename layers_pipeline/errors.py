"""Every error raised on purpose, as one tree; a class tells the caller what to do next.

Belongs here: exception classes, how their messages are put together, the exit code of each.
Does not belong here: catching, logging or retrying anything.

The tree, with the exit code by which a shell distinguishes the branches:

* LayersError                     1  something else failed
  * RunFailedError                1  see the run's log
    + AccountsFailedError         6
  + SettingsError                 2  correct the setting (as for options that cannot be read)
  + InputRefusedError             2  mend the input
  + NotInstalledError             2  install the extra
  + NotFoundError                 3  check the name, or create it first
  * StoreError                    4  the store cannot be reached, or is damaged
    + PublicationError            4
    + LakeConflictError           5  repeat: other processes were in the way
    + LockTimeoutError            5
    + LockLostError               5
  * SourceError                   6  a platform refused, or did not answer
    + SourceThrottledError        6
    + SourceUnavailableError      6
    + SourceMalformedError        6
    * SourceRejectedError         6
      + SourceUnauthorizedError   6
      + SourceForbiddenError      6
"""

from typing import Literal


class LayersError(Exception):
    """Base of every error that this project raises on purpose."""

    exit_code: int = 1


class SettingsError(LayersError):
    """A setting is missing or wrong: correct it and start again."""

    exit_code = 2


class InputRefusedError(LayersError):
    """Input was refused whole and nothing was written: mend the input and repeat."""

    exit_code = 2


class NotInstalledError(LayersError):
    """An optional part is not installed: install the extra that the message names."""

    exit_code = 2


class NotFoundError(LayersError):
    """The named thing does not exist: check the name, or create it first."""

    exit_code = 3


class RunFailedError(LayersError):
    """A run did not succeed: see its log in the Dagster UI, mend the cause, run it again."""


class AccountsFailedError(RunFailedError):
    """Every account of a sync failed: mend what the platforms said, or try again later."""

    exit_code = 6


class StoreError(LayersError):
    """A store could not be read or written: the run can be repeated safely."""

    exit_code = 4


class LakeConflictError(StoreError):
    """Other writers won every attempt to commit: repeat the run."""

    exit_code = 5


class LockTimeoutError(StoreError):
    """Another process held a lock for too long: repeat once it has finished."""

    exit_code = 5


class LockLostError(StoreError):
    """A lock that was held ended meanwhile: nothing was committed; repeat the run."""

    exit_code = 5


class PublicationError(StoreError):
    """The analysts' file could not be made; the previous generation stays in place."""


class SourceError(LayersError):
    """A source failed for one account.

    Args:
        source: Which source spoke, for example ``sift``.
        message: What it said, without secrets.
    """

    exit_code = 6

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source


class SourceThrottledError(SourceError):
    """The source asked us to slow down: wait ``retry_after_s`` seconds.

    Args:
        source: Which source spoke.
        message: What it said, without secrets.
        retry_after_s: How long to wait.
        scope: Who is to wait: the one account, or everybody who uses our app.
    """

    def __init__(
        self,
        source: str,
        message: str,
        *,
        retry_after_s: float,
        scope: Literal["account", "app"] = "account",
    ) -> None:
        super().__init__(source, f"{message}, retry after {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s
        self.scope: Literal["account", "app"] = scope


class SourceUnavailableError(SourceError):
    """The source did not answer, or failed on its side: try again later."""


class SourceRejectedError(SourceError):
    """The source refused the request itself: stop, and mend the request or the account."""


class SourceUnauthorizedError(SourceRejectedError):
    """The source does not accept our credentials: renew them before the next try."""


class SourceForbiddenError(SourceRejectedError):
    """The source may not show this account (private, or not permitted)."""


class SourceMalformedError(SourceError):
    """The answer is not what the source's contract promises: keep it and report it."""
