"""Encryption of tokens, and what may be one.

Belongs here: ``TokenCipher`` and ``require_token``, without a database.
Does not belong here: stored tokens (``test_tokens``).
"""

import pytest
from pydantic import SecretStr

from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.operations.secrets import (
    TokenCipher,
    TokenUnreadableError,
    new_key,
    require_token,
)
from tests.operations.world import ACCESS, CIPHER, KEY, OAUTH, REFRESH, new_token


def cipher(*keys: str) -> TokenCipher:
    return TokenCipher(SecretStr(",".join(keys)))


def encrypted(by: TokenCipher = CIPHER) -> str:
    return by.encrypt(SecretStr(ACCESS), account_id=OAUTH)


def opened(stored: str, by: TokenCipher = CIPHER) -> str:
    return by.decrypt(stored, account_id=OAUTH).get_secret_value()


def test_what_was_encrypted_can_be_decrypted():
    assert opened(encrypted()) == ACCESS


def test_what_is_stored_shows_nothing():
    assert ACCESS not in encrypted()


def test_the_same_token_is_never_stored_alike():
    assert encrypted() != encrypted()


def test_every_key_decrypts_and_the_first_encrypts():
    old, new = new_key(), new_key()
    both = cipher(new, old)
    assert opened(encrypted(cipher(old)), both) == ACCESS
    assert opened(encrypted(both), cipher(new)) == ACCESS


def test_renewed_is_under_the_first_key():
    old, new = new_key(), new_key()
    renewed = cipher(new, old).renewed(encrypted(cipher(old)), account_id=OAUTH)
    assert opened(renewed, cipher(new)) == ACCESS


def test_what_is_under_the_first_key_stays():
    stored = encrypted()
    assert cipher(KEY, new_key()).renewed(stored, account_id=OAUTH) == stored


@pytest.mark.parametrize(
    "stored", [encrypted(cipher(new_key())), "", "no-cipher", encrypted()[:-2]], ids=range(4)
)
def test_what_no_key_opens_is_reported_with_account_and_remedy(stored):
    with pytest.raises(
        TokenUnreadableError,
        match=rf"account {OAUTH} cannot be decrypted.*LAYERS_TOKEN_KEYS.*reauth {OAUTH}\.",
    ) as caught:
        opened(stored)
    assert KEY not in str(caught.value)


def test_a_token_copied_to_another_account_opens_nothing():
    with pytest.raises(TokenUnreadableError, match="stored for another account"):
        CIPHER.decrypt(encrypted(), account_id="instagram:other")


@pytest.mark.parametrize("keys", ["", " ", ",", " , "])
def test_no_key_is_refused_with_the_command_that_makes_one(keys):
    with pytest.raises(SettingsError, match=r"LAYERS_TOKEN_KEYS: no key.*account new-key"):
        cipher(keys)


@pytest.mark.parametrize(
    "wrong",
    ["hunter2", KEY[:-1], KEY + "=", f"'{KEY}'", KEY.replace("=", "é"), f"{KEY[:20]} {KEY[21:]}"],
    ids=range(6),
)
def test_a_malformed_key_is_named_by_its_place_alone(wrong):
    with pytest.raises(SettingsError, match=r"LAYERS_TOKEN_KEYS: key 2 of 2.*new-key") as caught:
        cipher(KEY, wrong)
    assert wrong not in str(caught.value)
    assert KEY not in str(caught.value)


def test_spaces_and_empty_places_between_keys_are_fine():
    assert opened(encrypted(), cipher(f" {new_key()}", "", f"{KEY} ", "")) == ACCESS


def test_a_cipher_shows_no_key():
    assert KEY not in repr(CIPHER) + str(vars(CIPHER))


def test_a_token_shows_nothing():
    shown = f"{new_token()!r} {new_token()} {vars(new_token())}"
    assert ACCESS not in shown
    assert REFRESH not in shown


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(" abc", "spaces", id="a space"),
        pytest.param("Bearer abc", "spaces", id="with its header"),
        pytest.param("abc\n", "line breaks", id="a line break"),
        pytest.param("a\x1bbc", "control characters", id="a control character"),
        pytest.param("a\u200bbc", "beyond ASCII", id="an invisible letter"),
        pytest.param("a" * 4097, "4,097 characters, more than 4,096", id="too long"),
        pytest.param("@ada", "name of an account", id="a creator's handle"),
        pytest.param("tiktok:ada", "name of an account", id="a creator of SIFT's"),
        pytest.param("Instagram:ada", "name of an account", id="in capitals"),
    ],
)
def test_what_cannot_be_a_token_is_refused_and_not_repeated(token, reason):
    with pytest.raises(InputRefusedError, match=f"access token .*{reason}") as caught:
        require_token(SecretStr(token), what="access token")
    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize("token", ["a", "IGQVJ-_.~|%=", "act.1!4321.u2", "a" * 4096])
def test_what_platforms_give_is_a_token(token):
    assert require_token(SecretStr(token), what="token").get_secret_value() == token
