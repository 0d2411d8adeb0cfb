"""Ids of content: containers of posts and creatives, and ads content.

Belongs here: how the ids are put together, taken apart and checked.
Does not belong here: whether such a thing exists.
"""

import re
from typing import Final, get_args

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.checks import require_key, require_project_id
from transforms.vocabulary import CREATIVE_KINDS, PLATFORMS, CreativeKind

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHAPES: Final = ", ".join(
    [*(f"{kind}:SLUG" for kind in get_args(CreativeKind)), *(f"{name}:ID" for name in PLATFORMS)]
)


def creative_container_id(kind: str, slug: str) -> str:
    """The container id of a creative, the same in every project.

    Raises:
        InputRefusedError: There is no such kind, or it is no slug.
    """
    return require_container(f"{_kind(kind)}:{slug}")


def kind_of_creative(container_id: str) -> CreativeKind | None:
    """The kind of the creative that a container wraps; null for a post."""
    word = container_id.partition(":")[0]
    return next((kind for kind in CREATIVE_KINDS if kind == word), None)


def require_container(container_id: str) -> str:
    """The id, if a post or a creative can have it."""
    word, _, rest = container_id.partition(":")
    if word in CREATIVE_KINDS:
        if not _SLUG.fullmatch(rest):
            raise InputRefusedError(
                f"operations: creative {container_id[:200]!r}: {rest[:100]!r} is not a slug. Use 1"
                " to 100 of a-z, A-Z, 0-9, '.', '_' and '-', starting with a letter or digit."
            )
        return container_id
    if word not in PLATFORMS or not rest:
        raise InputRefusedError(
            f"operations: {container_id[:200]!r} is no container. Write {_SHAPES}."
        )
    return require_key(container_id, what="container")


def parts_of_ads_content(ads_content_id: str) -> tuple[str, str]:
    """Project and container of an ads content's id.

    Raises:
        InputRefusedError: It is not ``project/container``.
    """
    project_id, _, container_id = ads_content_id.partition("/")
    return require_project_id(project_id), require_container(container_id)


def _kind(kind: str) -> CreativeKind:
    for known in CREATIVE_KINDS:
        if kind == known:
            return known
    raise InputRefusedError(
        f"operations: kind of creative {kind!r} is not known."
        f" Use one of: {', '.join(CREATIVE_KINDS)}."
    )
