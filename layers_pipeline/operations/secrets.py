"""Encryption of stored tokens, and what a token may look like.

Belongs here: keys, encrypting, decrypting, refusing what is no token. No message names a secret.
Does not belong here: where tokens are stored (``tokens``), how people hand them over.
"""

import re
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.redacting import KNOWN
from transforms.vocabulary import PLATFORMS

LONGEST_TOKEN: Final = 4096
"""Characters; platforms promise no length, and theirs have stayed under 600."""
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}=")
_MAKE_ONE: Final = "`layers-pipeline account new-key` makes a key and says where it goes."


class TokenUnreadableError(SettingsError):
    """A stored token cannot be decrypted: give the old key back, or the account a new token."""


class TokenCipher:
    """Encrypts with the first key and decrypts with each of them.

    What is encrypted carries its account's id, so that a token which is copied into another
    account's row opens nothing.

    Args:
        keys: Fernet keys, comma separated.

    Raises:
        SettingsError: There is no key, or one is malformed; says how to make one.
    """

    def __init__(self, keys: SecretStr) -> None:
        listed = [key.strip() for key in keys.get_secret_value().split(",") if key.strip()]
        if not listed:
            raise SettingsError(
                "settings: LAYERS_TOKEN_KEYS: no key is set, so tokens can be neither stored"
                f" nor read. {_MAKE_ONE}"
            )
        wrong = [str(place) for place, key in enumerate(listed, 1) if not _KEY.fullmatch(key)]
        if wrong:
            raise SettingsError(
                f"settings: LAYERS_TOKEN_KEYS: key {', '.join(wrong)} of {len(listed)} is not"
                f" 44 characters of url-safe base64. {_MAKE_ONE}"
            )
        fernets = [Fernet(key) for key in listed]
        self._first, self._all = fernets[0], MultiFernet(fernets)

    def encrypt(self, token: SecretStr, *, account_id: str) -> str:
        """The token of the account as it is stored."""
        KNOWN.add([token])
        content = f"{account_id}\n{token.get_secret_value()}"
        return self._first.encrypt(content.encode()).decode()

    def decrypt(self, stored: str, *, account_id: str) -> SecretStr:
        """The token of the account.

        Raises:
            TokenUnreadableError: No key opens it, or it was encrypted for another account.
        """
        try:
            owner, _, token = self._all.decrypt(stored).decode().partition("\n")
        except InvalidToken as error:
            raise _unreadable(account_id, "no key of LAYERS_TOKEN_KEYS opens it") from error
        if owner != account_id:
            raise _unreadable(account_id, "it was stored for another account")
        opened = SecretStr(token)
        KNOWN.add([opened])
        return opened

    def renewed(self, stored: str, *, account_id: str) -> str:
        """The same token under the first key; unchanged where that is the one it has.

        Raises:
            TokenUnreadableError: No key opens it, or it was encrypted for another account.
        """
        token = self.decrypt(stored, account_id=account_id)
        try:
            self._first.decrypt(stored)
        except InvalidToken:
            return self.encrypt(token, account_id=account_id)
        return stored


def new_key() -> str:
    """A fresh random key for LAYERS_TOKEN_KEYS."""
    return Fernet.generate_key().decode()


def require_token(token: SecretStr, *, what: str) -> SecretStr:
    """The token, if it can be one: 1 to 4096 visible ASCII characters, and no account's name.

    Raises:
        InputRefusedError: It cannot be one; says what is wrong with it, never what it is.
    """
    wrong = _fault(token.get_secret_value())
    if wrong:
        raise InputRefusedError(f"{what} {wrong}. Give the token alone, as the platform shows it.")
    return token


def _fault(text: str) -> str | None:
    if not text:
        return "is empty"
    if len(text) > LONGEST_TOKEN:
        return f"has {len(text):,} characters, more than {LONGEST_TOKEN:,}"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "has spaces, line breaks, control characters or letters beyond ASCII"
    if text.startswith("@") or text.partition(":")[0].lower() in PLATFORMS:
        return (
            "is the name of an account. Accounts without a token are read through SIFT"
            " (layers-pipeline creator allow)"
        )
    return None


def _unreadable(account_id: str, why: str) -> TokenUnreadableError:
    return TokenUnreadableError(
        f"the stored token of account {account_id} cannot be decrypted: {why}."
        " Add the key that it was stored with to LAYERS_TOKEN_KEYS, behind the first, or give"
        f" the account a new token: layers-pipeline account reauth {account_id}."
    )
