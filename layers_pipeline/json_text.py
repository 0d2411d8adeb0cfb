"""JSON text of what a source answered, written the same way by every client.

Belongs here: how a parsed value becomes text again.
Does not belong here: reading JSON, which each client does as strictly as its platform allows.
"""

import json

from pydantic_core import PydanticSerializationError, to_json


def json_text(found: object) -> str:
    """The value as JSON without white space, in ASCII, so that any store takes it.

    pydantic writes it several times faster than the standard library, but refuses half of a
    surrogate pair, which JSON allows and platforms send where they cut a caption short.
    """
    try:
        return to_json(found, ensure_ascii=True).decode()
    except PydanticSerializationError:
        return json.dumps(found, separators=(",", ":"))
