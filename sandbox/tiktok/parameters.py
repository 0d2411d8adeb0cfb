"""Reading the parameters of the simulated TikTok Business API: JSON texts, numbers, dates.

Belongs here: what is a well-formed parameter, and the refusal of one that is not.
Does not belong here: what is done with it.
"""

import json
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sandbox.tiktok.codes import BAD_PARAMETER, TikTokRefusalError, unacceptable

VIDEO_IDS_MAX: Final = 20


def refused(name: str, why: str) -> TikTokRefusalError:
    """The refusal of one parameter."""
    return TikTokRefusalError(BAD_PARAMETER, f"{name}: {why}")


@lru_cache(maxsize=256)
def fields_asked(text: str, known: Collection[str], *defaults: str) -> tuple[str, ...]:
    """Names of fields in a JSON array; the defaults where there is none.

    Raises:
        TikTokRefusalError: 40002, it is no array of known names, or lacks ``item_id``.
    """
    names = _json("fields", text) if text else list(defaults)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise refused("fields", "Not a valid list of strings.")
    for number, name in enumerate(names):
        if name not in known:
            raise TikTokRefusalError(BAD_PARAMETER, unacceptable(number, f"{name:.80}", known))
    if "item_id" in known and "item_id" not in names:
        raise refused("fields", "item_id is required.")
    return tuple(dict.fromkeys(names))


def filters_asked(text: str) -> tuple[tuple[str, ...] | None, bool]:
    """The video ids of a JSON object of filters, if any, and whether only ads are wanted.

    Raises:
        TikTokRefusalError: 40002, it is no such object, or has more than 20 ids.
    """
    filters = _json("filters", text) if text else {}
    if not isinstance(filters, dict) or not filters.keys() <= {"video_ids", "ad_post_only"}:
        raise refused("filters", "Not a valid object of video_ids and ad_post_only.")
    ids = filters.get("video_ids")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(i, str) for i in ids)):
        raise refused("filters.video_ids", "Not a valid list of strings.")
    if ids is not None and len(ids) > VIDEO_IDS_MAX:
        raise refused("filters.video_ids", f"At most {VIDEO_IDS_MAX} ids.")
    return None if ids is None else tuple(dict.fromkeys(ids)), filters.get("ad_post_only") is True


def whole_number(
    params: Mapping[str, str], name: str, default: int, *, least: int, most: int
) -> int:
    """A whole number within its limits; the default where it is absent.

    Raises:
        TikTokRefusalError: 40002, it is no number or outside its limits.
    """
    text = params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text[:20]) <= most):
        raise refused(name, f"Must be a whole number from {least} to {most}.")
    return int(text)


def day(params: Mapping[str, str], name: str, default: date) -> date:
    """A date written YYYY-MM-DD; the default where it is absent.

    Raises:
        TikTokRefusalError: 40002, it is no date.
    """
    text = params.get(name, "")
    try:
        return date.fromisoformat(text) if text else default
    except ValueError as error:
        raise refused(name, "Must be a date as YYYY-MM-DD.") from error


def _json(name: str, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError as error:
        raise refused(name, "Not valid JSON.") from error
