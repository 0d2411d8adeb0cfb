"""Taking over tokens from people, unseen: from a variable, else from one line of input.

Belongs here: reading a token without showing it, refusing what is none.
Does not belong here: commands, storing and encrypting (``operations``).
"""

import getpass
import os
import sys
import warnings

from pydantic import SecretStr

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.secrets import LONGEST_TOKEN, require_token


def handed_over(variable: str, what: str) -> SecretStr:
    """The token that a person hands over now, from a variable or else one line of input.

    Raises:
        InputRefusedError: It cannot be a token; says what is wrong with it, never what it is.
    """
    given = os.environ.get(variable)
    try:
        return require_token(SecretStr(_asked(what) if given is None else given), what=what)
    except InputRefusedError as error:
        where = f"Set {variable}, or write it as one line on standard input."
        raise InputRefusedError(f"{error} {where}") from None


def _asked(what: str) -> str:
    """One line from standard input; from a terminal, unseen."""
    if not sys.stdin.isatty():
        # Bytes beyond ASCII are refused later; an error of decoding would show them.
        line = sys.stdin.buffer.readline(2 * LONGEST_TOKEN)
        return line.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"{what}: ")
        except getpass.GetPassWarning:
            raise InputRefusedError(
                f"{what}: this terminal would show what is typed. Use the variable instead."
            ) from None
