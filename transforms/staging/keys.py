"""Keys of accounts and posts as people's files write them, as the one key that is meant.

Belongs here: what a handle, an address or a spreadsheet's text says of a key; what is no key.
Does not belong here: posts that only their address shows to be one (``transforms.facts.post_ids``).
"""

from typing import Final

import polars as pl

from transforms.staging.parsing import ParsedColumn, shown_text

SPREADSHEET: Final = r"""^=?\s*["'](.*?)["']$"""
"""``="178…"`` and ``'178…'``: how a spreadsheet is made to leave digits alone."""
HANDLE: Final = r"^@?([A-Za-z0-9._]{1,30})$"
PROFILE: Final = (
    r"(?i)^(?:https?://)?(?:www\.|m\.)?(?:instagram\.com|tiktok\.com)/@?"
    r"([A-Za-z0-9._]{1,30})(?:/(?:reels|video|photo)?/?[0-9]*)?/?(?:[?#].*)?$"
)
ADDRESS: Final = r"(?i)^(?:https?://)?(?:[a-z0-9-]+\.)*(?:instagram|tiktok)\.com/"
POST_OF_TIKTOK: Final = r"/(?:video|photo|v)/([0-9]{15,20})"
POST_OF_INSTAGRAM: Final = r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,})"
STORY: Final = r"/stories/[^/]+/([0-9]{15,20})"
NO_KEY: Final = r"(?i)^(?:nan|none|null|undefined|n/a|#n/a|<na>|nat|nil|[-\u2013\u2014]+)$"
"""Words that programs write where there was nothing."""
UNUSABLE: Final = r"[\p{C}\p{Zl}\p{Zp}\x{FFFD}]|[\p{Zs}&&[^ ]]"
"""Characters that no key has: controls, other spaces, what a broken character was read as."""
LONGEST: Final = 200
MEDIA_NUMBER: Final = r"^([0-9]{19})(?:_[0-9]+)?$"
"""Instagram's inner number of a post, alone or before that of its account."""
DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PLACES: Final = 11
"""Of a shortcode: sixty-four to the eleventh is more than any number of 63 bits."""


def read_account_key(column: str = "account_key") -> ParsedColumn:
    """The account that a text names; of a handle or a profile's address the handle.

    Handles are written small, as platforms do not tell their capitals apart; an id that is no
    handle stays as it is.
    """
    text = _unquoted(column)
    named = pl.coalesce(text.str.extract(PROFILE, 1), text.str.extract(HANDLE, 1))
    return _checked(column, pl.coalesce(named.str.to_lowercase(), text), of=text)


def account_key_of(text: str) -> str | None:
    """The account that one text names, as ``read_account_key``; none if it names none."""
    one = pl.DataFrame({"account_key": [text]}, schema={"account_key": pl.String})
    return one.select(read_account_key().value).item()


def read_post_key(column: str = "post_key") -> ParsedColumn:
    """The post that a text names: of an address its id, of Instagram's inner number the shortcode.

    Reads platform and the column.
    """
    text = _unquoted(column)
    is_address = text.str.contains(ADDRESS)
    of_address = pl.coalesce(
        text.str.extract(POST_OF_TIKTOK, 1),
        text.str.extract(STORY, 1),
        text.str.extract(POST_OF_INSTAGRAM, 1),
    )
    key = pl.when(is_address).then(of_address).otherwise(text)
    is_instagram = shown_text("platform").str.to_lowercase() == "instagram"
    number = pl.when(is_instagram).then(key.str.extract(MEDIA_NUMBER, 1))
    return _checked(column, pl.coalesce(shortcode_of(number), key), of=text)


def shortcode_of(number: pl.Expr) -> pl.Expr:
    """The shortcode of Instagram's inner number of a post, given as text; null for none.

    It writes the number in base 64, without leading zeros.
    """
    value = number.cast(pl.Int64, strict=False)
    places = [
        ((value // 64**place) % 64).replace_strict(
            list(range(64)), list(DIGITS), default=None, return_dtype=pl.String
        )
        for place in reversed(range(PLACES))
    ]
    return pl.concat_str(places).str.strip_chars_start("A")


def _unquoted(column: str) -> pl.Expr:
    """The text without surrounding space, and without what protects it in a spreadsheet."""
    text = shown_text(column)
    return pl.coalesce(text.str.extract(SPREADSHEET, 1).str.strip_chars(), text)


def _checked(column: str, key: pl.Expr, *, of: pl.Expr) -> ParsedColumn:
    """The key, and the rule that its text breaks: no_key (it says nothing), or not_a_key."""
    is_nothing = (of == "") | of.str.contains(NO_KEY)
    is_other = (
        key.is_null()
        | key.str.contains(UNUSABLE)
        | (key.str.len_chars() > LONGEST)
        | key.str.contains(r"^[\[{]")
    )
    breach = (
        pl.when(of.is_null())
        .then(None)
        .when(is_nothing)
        .then(pl.lit(f"{column}|no_key"))
        .when(is_other)
        .then(pl.lit(f"{column}|not_a_key"))
    )
    return ParsedColumn(value=pl.when(breach.is_null()).then(key), breach=breach)
