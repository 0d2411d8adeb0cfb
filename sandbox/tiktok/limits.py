"""How many calls an app may make in a second; switched off until somebody sets a limit.

Belongs here: counting calls over the last real second.
Does not belong here: how a refusal is worded, simulated time.
"""

import time
from collections import deque
from threading import Lock
from typing import Final

WINDOW_S: Final = 1.0


class CallWindow:
    """Counts the calls of the last real second; safe to use from several threads.

    Refused calls do not count. Real time, because a client paces itself in real time.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        """Calls in any one second; none: as many as wanted."""
        self._lock = Lock()
        self._calls: deque[float] = deque()

    def admits(self) -> bool:
        """Whether one more call is within the limit; if so, it counts."""
        if self.limit is None:
            return True
        now_s = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now_s - WINDOW_S:
                self._calls.popleft()
            if len(self._calls) >= self.limit:
                return False
            self._calls.append(now_s)
            return True
