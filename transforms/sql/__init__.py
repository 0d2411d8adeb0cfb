"""SQL models and macros as files: each one select that runs in the DuckDB shell.

Belongs here: finding the files.
Does not belong here: running them.
"""

from importlib.resources import files


def sql_of(folder: str, name: str) -> str:
    """The text of one model or macro.

    Args:
        folder: ``macros``; ``views``, of the analysts' file and those that people look at.
        name: Stem of the file.
    """
    return (files("transforms.sql") / folder / f"{name}.sql").read_text(encoding="utf-8")
