"""Attributes of elements that Python cannot spell as arguments.

Belongs here: ``aria-…`` and ``data-…``.
Does not belong here: components.
"""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """What people who do not see the page are told, as ``**aria(label="Menu")``."""
    return {f"aria-{name}": value for name, value in values.items()}
