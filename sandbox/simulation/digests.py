"""Marks that follow from what they are of, the same in every process.

Belongs here: the one function that makes them.
Does not belong here: chance (``dice``), what a mark is used for.
"""

import hashlib


def digest(*parts: object) -> bytes:
    """Sixteen bytes that follow from the parts alone."""
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).digest()
