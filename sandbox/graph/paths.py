"""Paths of the Graph API: with a version in front or without.

Belongs here: taking a path to pieces.
Does not belong here: what a path means.
"""

import re
from collections.abc import Mapping
from typing import Final

from sandbox.graph.call import GraphCall

VERSION: Final = re.compile(r"v[0-9]+\.[0-9]+")
DEFAULT_VERSION: Final = "v26.0"


def call_of(
    path: str,
    params: Mapping[str, str],
    *,
    method: str,
    base_url: str,
    version: str = DEFAULT_VERSION,
) -> GraphCall:
    """The call that a path and its parameters make.

    Args:
        path: With or without a version, slashes at its ends or none.
        params: Of the query and of the form.
        method: The HTTP method; a parameter of this name overrules it.
        base_url: Scheme and host of the sandbox.
        version: What a path without a version means.
    """
    parts = [part for part in path.split("/") if part]
    if parts and VERSION.fullmatch(parts[0]):
        version = parts.pop(0)
    overruled = params.get("method", method).upper()
    return GraphCall(
        method="GET" if overruled == "HEAD" else overruled,
        parts=tuple(parts),
        params=params,
        version=version,
        base_url=base_url,
    )
