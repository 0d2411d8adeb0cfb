"""Paths for libraries that read signs of URLs into them.

Belongs here: another path to the same folder, without such signs.
Does not belong here: which folders there are (``settings``).
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

OF_URLS: Final = frozenset("%?#")
OPENED: Final = Path("/proc/self/fd")
"""Where the system shows a process the files that it holds open, by number."""


@lru_cache(maxsize=64)
def plain_path(folder: str) -> str:
    """A path to a folder, which is made, that can stand in a URL as it is.

    Where the folder's own path has a sign with a meaning there, it is reached by the number under
    which this process holds it open, for as long as the process lives. A path that is plain, or a
    system that does not show numbers, gives the path itself.
    """
    if not OF_URLS.intersection(folder) or not OPENED.exists():
        return folder
    Path(folder).mkdir(parents=True, exist_ok=True)
    return f"{OPENED}/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}"
