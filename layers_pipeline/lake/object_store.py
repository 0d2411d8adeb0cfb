"""How a lake in an S3-compatible object store is reached: address, credentials, sizes of files.

Belongs here: the settings as the libraries of the lake take them, questions to the store itself.
Does not belong here: tables (``store``), DuckDB's way to the same store (``serving.remote``).

Credentials pass from the settings to the libraries and appear nowhere else: they are no part of an
address, and no library repeats them in what it says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSelector, FileType, S3FileSystem

from layers_pipeline.errors import SettingsError
from layers_pipeline.settings import Settings

S3: Final = "s3://"
ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
STATUS: Final = re.compile(r"\b[45]\d\d [A-Z][A-Za-z ]+")
MESSAGE: Final = re.compile(r"<Message>([^<]*)</Message>")


def options_of(settings: Settings) -> dict[str, str]:
    """What deltalake and Polars want to know of the lake's store, by the names that both read.

    What the settings leave open is left to the libraries: they ask the machine's own role.

    Raises:
        SettingsError: An address cannot be used, or holds credentials.
    """
    if not settings.lake_location.startswith(S3):
        return {}
    _require_addresses(settings)
    said = {
        "AWS_ENDPOINT_URL": settings.s3_endpoint,
        "AWS_REGION": settings.s3_region,
        "AWS_ACCESS_KEY_ID": settings.s3_access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "AWS_SESSION_TOKEN": settings.s3_session_token.get_secret_value(),
        "AWS_ALLOW_HTTP": "true" if settings.s3_endpoint.startswith("http://") else "",
    }
    return {name: value for name, value in said.items() if value}


def _require_addresses(settings: Settings) -> None:
    lake, endpoint = urlsplit(settings.lake_location), settings.s3_endpoint
    if "@" in lake.netloc:
        raise SettingsError(
            "LAYERS_LAKE_URL: the address holds credentials, which would be shown wherever it is. "
            "Write s3://BUCKET/FOLDER, and the key in LAYERS_S3_ACCESS_KEY_ID and "
            "LAYERS_S3_SECRET_ACCESS_KEY."
        )
    if endpoint and (
        not endpoint.startswith(("http://", "https://")) or "@" in urlsplit(endpoint).netloc
    ):
        raise SettingsError(
            "LAYERS_S3_ENDPOINT: write http:// or https://, host and port alone, such as "
            "https://s3.example:9000."
        )


def told(error: Exception) -> str:
    """What a library says of an error, in one line; of a store's answer, what the store says."""
    text = ANSI.sub("", str(error)).strip()
    first = text.split("\n")[0].removeprefix("Kernel error: ").rstrip(".")
    if "S3 error" not in text:
        return first
    answered = [found for pattern in (STATUS, MESSAGE) for found in pattern.findall(text)]
    return ": ".join([first, *answered[:2]]).rstrip(".")


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file as the store lists it, below the folder that was asked for."""

    name: str
    bytes: int
    mtime_ns: int


class StoredFiles:
    """Files below an address of an object store, by their names.

    Args:
        root: The address, without a slash at its end.
        options: As of ``options_of``.
    """

    def __init__(self, root: str, options: Mapping[str, str]) -> None:
        self.root, self._options = root, options
        self._files = DeltaStorageHandler(root, dict(options))

    def listed(self, folder: str) -> list[StoredFile]:
        """The files directly in a folder; none where there is no such folder."""
        asked = FileSelector(folder, allow_not_found=True, recursive=False)
        return [
            StoredFile(name=one.path.rsplit("/", 1)[-1], bytes=one.size, mtime_ns=one.mtime_ns or 0)
            for one in self._files.get_file_info_selector(asked)
            if one.size is not None
        ]

    def folders(self) -> list[str]:
        """Names of the folders directly below the address; one request for each thousand."""
        asked = FileSelector("", allow_not_found=True, recursive=False)
        return [
            one.path.rstrip("/").rsplit("/", 1)[-1]
            for one in self._files.get_file_info_selector(asked)
            if one.type == FileType.Directory
        ]

    def size(self, name: str) -> int | None:
        """The bytes of a file; None where there is none."""
        (found,) = self._files.get_file_info([name])
        return None if found.size is None else int(found.size)

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file; it is there once the last of its bytes is."""
        # Not by deltalake: findings/deltalake_filesystem_cannot_write.sh
        with _filesystem(self._options).open_output_stream(f"{self._below}/{name}") as file:
            for part in chunks:
                file.write(part)

    @property
    def _below(self) -> str:
        """Bucket and folder."""
        return self.root.removeprefix(S3)

    def chunks(self, name: str, *, size: int) -> Iterator[bytes]:
        """The bytes of a file, in parts of at most so many.

        Raises:
            OSError: It is not there, or the store does not answer.
        """
        with self._files.open_input_stream(name) as file:
            while part := file.read(size):
                yield part


def _filesystem(options: Mapping[str, str]) -> S3FileSystem:
    """The same store, as pyarrow reaches it."""
    said = {
        "access_key": options.get("AWS_ACCESS_KEY_ID"),
        "secret_key": options.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": options.get("AWS_SESSION_TOKEN"),
        "region": options.get("AWS_REGION"),
        "endpoint_override": options.get("AWS_ENDPOINT_URL"),
    }
    return S3FileSystem(**{name: value for name, value in said.items() if value})


def size_of(root: str, name: str, *, options: Mapping[str, str]) -> int:
    """The bytes of a file below a table's root, as the store itself says.

    Raises:
        FileNotFoundError: It is not there.
    """
    size = StoredFiles(root, options).size(name)
    if size is None:
        raise FileNotFoundError(f"{root}/{name}")
    return size
