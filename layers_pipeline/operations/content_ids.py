"""Ids of content: containers of posts and creatives, and ads content.

Belongs here: how the ids are put together, taken apart and checked.
Does not belong here: whether such a thing exists.
"""

import re
from typing import Final, get_args

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.validators import require_key, require_project_id, require_word
from transforms.facts.content_ids import parts
from transforms.vocabulary import CREATIVE_KINDS, PLATFORMS, CreativeKind

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHAPES: Final = ", ".join(
    [*(f"{kind}:SLUG" for kind in get_args(CreativeKind)), *(f"{name}:ID" for name in PLATFORMS)]
)


def creative_container_id(kind: str, slug: str) -> str:
    """The container id of a creative, the same in every project."""
    word = require_word(kind, CREATIVE_KINDS, what="kind of creative")
    return require_container(f"{word}:{slug}")


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
                f"creative {container_id[:200]!r}: {rest[:100]!r} is not a slug. Use 1"
                " to 100 of a-z, A-Z, 0-9, '.', '_' and '-', starting with a letter or digit."
            )
        return container_id
    if word not in PLATFORMS or not rest:
        raise InputRefusedError(f"{container_id[:200]!r} is no container. Write {_SHAPES}.")
    return require_key(container_id, what="container")


def parts_of_ads_content(ads_content_id: str) -> tuple[str, str]:
    """Project and container of an ads content's id."""
    project_id, container_id = parts(ads_content_id)
    return require_project_id(project_id), require_container(container_id)
