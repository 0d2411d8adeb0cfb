"""Names that people see of accounts.

Belongs here: the name of an account.
Does not belong here: other fields (``users``, ``media``).
"""


def username_of(account_key: str) -> str:
    """The public name of an account."""
    return f"creator.{account_key[-8:]}"
