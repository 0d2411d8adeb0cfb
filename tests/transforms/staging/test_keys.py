import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.staging.keys import DIGITS, account_key_of, read_account_keys, read_post_keys

CODE, NUMBER = "DJsj6pxV6v4", "3633436961589931000"


def read(column, text, platform="instagram"):
    rows = pl.DataFrame({"platform": [platform], column: [text]})
    reading = read_account_keys if column == "account_key" else read_post_keys
    return reading(rows).row(0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("oak.and.lamp", "oak.and.lamp"),
        ("@Oak.And.Lamp", "oak.and.lamp"),
        (" OAK ", "oak"),
        ("https://www.tiktok.com/@Oak.And.Lamp", "oak.and.lamp"),
        ("https://www.tiktok.com/@oak/video/7527622999746704844?lang=en", "oak"),
        ("instagram.com/Oak_Lamp/", "oak_lamp"),
        ("https://m.instagram.com/oak/reels/", "oak"),
        ('="17841400000000001"', "17841400000000001"),
        ("17841400000000001", "17841400000000001"),
        ("_000GhIJkLmNoPqRsTuVwXyZ-aBcDeFgHiJkLm", "_000GhIJkLmNoPqRsTuVwXyZ-aBcDeFgHiJkLm"),
        ("Nana", "nana"),
    ],
)
def test_an_account_is_one_whatever_is_written(text, key):
    assert read("account_key", text) == (key, None)
    assert account_key_of(text) == key


@pytest.mark.parametrize("column", ["account_key", "post_key"])
@pytest.mark.parametrize(
    "text", ["nan", "NaN", "None", "null", "undefined", "N/A", "-", "--", '=""']
)
def test_a_word_for_nothing_is_no_key(column, text):
    assert read(column, text) == (None, f"{column}|no_key")


@pytest.mark.parametrize("column", ["account_key", "post_key"])
@pytest.mark.parametrize(
    "text", ['{"name": "x"}', "[1]", "a\x07b", "a\u202eb", "a\ufffdb", "x" * 201]
)
def test_what_cannot_be_a_key_is_none(column, text):
    assert read(column, text) == (None, f"{column}|not_a_key")


@pytest.mark.parametrize(
    ("text", "platform", "key"),
    [
        ("7527622999746704844", "tiktok", "7527622999746704844"),
        (
            "https://www.tiktok.com/@a.b/video/7527622999746704844?x=1",
            "tiktok",
            "7527622999746704844",
        ),
        ("https://www.tiktok.com/@a.b/photo/7527622999746704844", "tiktok", "7527622999746704844"),
        (f"https://www.instagram.com/reel/{CODE}/?igsh=1", "instagram", CODE),
        (f"https://www.instagram.com/oak/p/{CODE}/", "instagram", CODE),
        (f"www.instagram.com/tv/{CODE}", "instagram", CODE),
        ("https://www.instagram.com/stories/oak/3141592653589793238/", "instagram", "CuZLd-iMknW"),
        (NUMBER, "instagram", CODE),
        (f"{NUMBER}_5926", "instagram", CODE),
        (NUMBER, "tiktok", NUMBER),
        ("17890000000009999", "instagram", "17890000000009999"),
        ('="17890000000009999"', "instagram", "17890000000009999"),
        (CODE, "instagram", CODE),
    ],
)
def test_a_post_is_one_whatever_is_written(text, platform, key):
    assert read("post_key", text, platform) == (key, None)


def test_an_address_that_names_no_post_is_no_key():
    assert read("post_key", "https://www.tiktok.com/@oak") == (None, "post_key|not_a_key")


@given(st.integers(10**18, 2**63 - 1))
def test_a_number_and_its_shortcode_are_one(number):
    code, rest = "", number
    while rest:
        code, rest = DIGITS[rest % 64] + code, rest // 64
    assert read("post_key", str(number)) == (code, None)
