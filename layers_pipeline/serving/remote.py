"""DuckDB's way to files of the lake in an object store: its extension httpfs.

Belongs here: loading the extension from its package, handing DuckDB the credentials.
Does not belong here: what is read (``database``), the settings (``lake.object_store``).

Nothing is downloaded: the extension comes with the extra ``s3``. Credentials live in a secret of
the connection, in memory alone: no published file holds them.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import duckdb

from layers_pipeline.errors import NotInstalledError, StoreError
from layers_pipeline.serving.macros import sql_literal

PACKAGE: Final = "duckdb_extension_httpfs"
SHOWN: Final = """
    select count(*) from duckdb_views() where not internal and contains(sql, '''s3://')
"""
KEY: Final = "AWS_ACCESS_KEY_ID"


def extension() -> Path | None:
    """The extension of this DuckDB's version; None where its package is not installed."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}"
    path = folder / "httpfs.duckdb_extension"
    return path if path.exists() else None


def can_reach(options: Mapping[str, str]) -> bool:
    """Whether DuckDB itself can read the store: with the extension, and a key of its own."""
    return KEY in options and extension() is not None


def reach(connection: duckdb.DuckDBPyConnection, options: Mapping[str, str]) -> None:
    """Let every cursor of a connection read files of an object store.

    Args:
        options: As of ``lake.object_store.options_of``.

    Raises:
        NotInstalledError: The extension is not there.
        StoreError: DuckDB refuses what the settings say.
    """
    path = extension()
    if path is None:
        raise NotInstalledError(
            f"the published file shows files of an object store, and DuckDB {duckdb.__version__} "
            "has no extension to read them. Install the extra: pip install 'layers-pipeline[s3]'."
        )
    endpoint = urlsplit(options.get("AWS_ENDPOINT_URL", ""))
    said = {
        "key_id": options.get(KEY, ""),
        "secret": options.get("AWS_SECRET_ACCESS_KEY", ""),
        "session_token": options.get("AWS_SESSION_TOKEN", ""),
        "region": options.get("AWS_REGION", ""),
        "endpoint": endpoint.netloc + endpoint.path.rstrip("/"),
        "url_style": "path" if endpoint.netloc else "",
        "use_ssl": "false" if endpoint.scheme == "http" else "",
    }
    given = ", ".join(f"{name} {sql_literal(value)}" for name, value in said.items() if value)
    connection.execute(f"load {sql_literal(str(path))}")
    try:
        connection.execute(f"create or replace temporary secret lake (type s3, {given})")
    except duckdb.Error:
        # What DuckDB says may repeat the statement, and with it the key.
        raise StoreError(
            "DuckDB refuses the object store's key. Correct LAYERS_S3_ACCESS_KEY_ID, "
            "LAYERS_S3_SECRET_ACCESS_KEY, LAYERS_S3_REGION and LAYERS_S3_ENDPOINT."
        ) from None


def reach_what_is_shown(connection: duckdb.DuckDBPyConnection, options: Mapping[str, str]) -> None:
    """The same if the attached files show any of an object store, else nothing."""
    if connection.execute(SHOWN).fetchall()[0][0]:
        reach(connection, options)
