"""Elements of a batch of the Graph API.

Belongs here: headers of a batch's elements.
Does not belong here: what single answers share with other APIs (``sources.graph``), requests.
"""


def headers_of(found: object) -> dict[str, str]:
    """The headers of an element of a batch, names in lower case."""
    pairs = found if isinstance(found, list) else []
    return {
        str(pair.get("name")).lower(): str(pair.get("value"))
        for pair in pairs
        if isinstance(pair, dict)
    }
