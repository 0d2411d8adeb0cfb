"""Every error raised on purpose, as one tree; a class tells the caller what to do next.

Belongs here: exception classes and how their messages are put together.
Does not belong here: catching, logging or retrying anything.
"""

from typing import Literal


class LayersError(Exception):
    """Base of every error that this project raises on purpose."""


class SettingsError(LayersError):
    """A setting is missing or wrong: correct it and start again."""


class InputRefusedError(LayersError):
    """Input was refused whole and nothing was written: mend the input and repeat."""


class NotFoundError(LayersError):
    """The named thing does not exist: check the name, or create it first."""


class StoreError(LayersError):
    """A store could not be read or written: the run can be repeated safely."""


class LakeConflictError(StoreError):
    """Other writers won every attempt to commit: repeat the run."""


class LockTimeoutError(StoreError):
    """Another process held a lock for too long: repeat once it has finished."""


class PublicationError(StoreError):
    """The analysts' file could not be made; the previous generation stays in place."""


class SourceError(LayersError):
    """A source failed for one account.

    Args:
        source: Which source spoke, for example ``sift``.
        message: What it said, without secrets.
    """

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
        self.scope = scope


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
