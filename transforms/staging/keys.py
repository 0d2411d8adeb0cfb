"""Keys of accounts and posts as people's files write them, as the one key that is meant.

Belongs here: what a handle, an address or a spreadsheet's text says of a key; what is no key.
Does not belong here: posts that only their address shows to be one (``transforms.facts.post_ids``).
"""

from typing import Final

import polars as pl

from transforms.staging.parsing import shown_text

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


def read_account_keys(rows: pl.DataFrame, column: str = "account_key") -> pl.DataFrame:
    """The account that each text names; of a handle or a profile's address the handle.

    Handles are written small, as platforms do not tell their capitals apart; an id that is no
    handle stays as it is.

    Returns:
        One row per row, in their order: value, and breach (the rule that the text breaks).
    """
    shown = rows.select(text=_unquoted(column))
    named = pl.coalesce(
        pl.col("text").str.extract(PROFILE, 1), pl.col("text").str.extract(HANDLE, 1)
    )
    return _checked(column, shown.with_columns(key=pl.coalesce(named.str.to_lowercase(), "text")))


def account_key_of(text: str) -> str | None:
    """The account that one text names, as ``read_account_keys``; none if it names none."""
    one = pl.DataFrame({"account_key": [text]}, schema={"account_key": pl.String})
    return read_account_keys(one)["value"].item()


def read_post_keys(rows: pl.DataFrame, column: str = "post_key") -> pl.DataFrame:
    """The post that each text names: of an address its id, of Instagram's number the shortcode.

    Args:
        rows: Reads platform and the column.

    Returns:
        As ``read_account_keys``.
    """
    text, key = pl.col("text"), pl.col("key")
    of_address = pl.coalesce(
        text.str.extract(POST_OF_TIKTOK, 1),
        text.str.extract(STORY, 1),
        text.str.extract(POST_OF_INSTAGRAM, 1),
    )
    is_instagram = shown_text("platform").str.to_lowercase() == "instagram"
    # Step by step: as one expression each part would be worked out wherever it is used.
    found = (
        rows.select(text=_unquoted(column), is_instagram=is_instagram)
        .with_columns(key=pl.when(text.str.contains(ADDRESS)).then(of_address).otherwise(text))
        .with_columns(number=pl.when("is_instagram").then(key.str.extract(MEDIA_NUMBER, 1)))
        .with_columns(key=pl.coalesce(shortcode_of(pl.col("number")), key))
    )
    return _checked(column, found)


def shortcode_of(number: pl.Expr) -> pl.Expr:
    """The shortcode of Instagram's inner number of a post, given as text; null for none.

    It writes the number in base 64, without leading zeros.
    """
    value = number.cast(pl.Int64, strict=False)
    places = [
        pl.lit(DIGITS).str.slice((value // 64**place) % 64, 1) for place in reversed(range(PLACES))
    ]
    code = pl.concat_str(places).str.strip_chars_start(DIGITS[0])
    return pl.when(value.is_not_null()).then(code)


def _unquoted(column: str) -> pl.Expr:
    """The text without surrounding space, and without what protects it in a spreadsheet."""
    text = shown_text(column)
    return pl.coalesce(text.str.extract(SPREADSHEET, 1).str.strip_chars(), text)


def _checked(column: str, read: pl.DataFrame) -> pl.DataFrame:
    """The keys, and the rule that a text breaks: no_key (it says nothing), or not_a_key.

    Args:
        column: Whose keys they are.
        read: text, and key (what was read of it).
    """
    text, key = pl.col("text"), pl.col("key")
    is_nothing = (text == "") | text.str.contains(NO_KEY)
    is_other = (
        key.is_null()
        | key.str.contains(UNUSABLE)
        | (key.str.len_chars() > LONGEST)
        | key.str.contains(r"^[\[{]")
    )
    breach = (
        pl.when(text.is_null())
        .then(None)
        .when(is_nothing)
        .then(pl.lit(f"{column}|no_key"))
        .when(is_other)
        .then(pl.lit(f"{column}|not_a_key"))
    )
    judged = read.select("key", breach=breach)
    return judged.select(value=pl.when(pl.col("breach").is_null()).then("key"), breach="breach")
