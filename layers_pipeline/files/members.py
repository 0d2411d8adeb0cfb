"""What lies in a file that people hand over: itself, unpacked, or the files of an archive.

Belongs here: ZIP, gzip and xz, and how much may come out of them.
Does not belong here: what the content says (``formats``).
"""

import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from layers_pipeline.errors import InputRefusedError

TABLES: Final = (".csv", ".tsv", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".xlsx", ".xlsm")
PACKED: Final = (".gz", ".xz")
SUFFIXES: Final = (*TABLES, *(name + ".gz" for name in TABLES[:6]), ".json.xz", ".zip")
MOST_BYTES: Final = 4 * 2**30
"""What may come out of one packed file."""
MOST_MEMBERS: Final = 1_000
"""Files of one archive."""
BLOCK: Final = 2**20
DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One table of a file.

    Args:
        path: Where it is, as messages name it: the file, and in an archive the name in it.
        name: Its name, without folders and without what it is packed with.
        content: What came out of the packing; None: the file itself is to be opened.
    """

    path: Path
    name: str
    content: bytes | None = None

    @property
    def suffix(self) -> str:
        """The kind of table that its name tells, small."""
        return PurePosixPath(self.name.lower()).suffix

    def opened(self) -> IO[bytes]:
        """Its content to be read from the beginning."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def read(self) -> bytes:
        """Its content as bytes."""
        return self.path.read_bytes() if self.content is None else self.content

    def size(self) -> int:
        """How many bytes it has."""
        return self.path.stat().st_size if self.content is None else len(self.content)


def require_file(path: Path) -> None:
    """Refuse what cannot be opened, or is of no kind that is read here.

    Raises:
        InputRefusedError: Says why, with the remedy.
    """
    if not path.name.lower().endswith(SUFFIXES):
        known = ", ".join(SUFFIXES)
        raise InputRefusedError(f"{path}: unknown kind of file: save it as one of {known}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> InputRefusedError:
    """The refusal of a file that a reader failed on."""
    why = first_line(error)
    return InputRefusedError(f"{path}: cannot be read: {why}. Check that it is there and complete.")


def first_line(error: Exception) -> str:
    """What an error of another library says, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__


def members_of(path: Path) -> list[Member]:
    """The tables of a file, those of an archive by name.

    Raises:
        InputRefusedError: It cannot be opened, is damaged, or holds too much or nothing.
    """
    require_file(path)
    name = path.name
    try:
        if name.lower().endswith(".zip"):
            return _archive(path)
        if name.lower().endswith(PACKED):
            packed = gzip.GzipFile if name.lower().endswith(".gz") else lzma.LZMAFile
            with packed(path) as opened:
                content = _taken(opened, path, MOST_BYTES)
            return [Member(path=path, name=path.stem, content=content)]
    except DAMAGE as error:
        raise unreadable(path, error) from error
    return [Member(path=path, name=name)]


def _archive(path: Path) -> list[Member]:
    found, left = [], MOST_BYTES
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if _is_table(entry)]
        if len(entries) > MOST_MEMBERS:
            raise InputRefusedError(
                f"{path}: holds {len(entries):,} files, and {MOST_MEMBERS:,} are read at most. "
                "Unpack it and import a part."
            )
        for entry in sorted(entries, key=lambda entry: entry.filename):
            shown = path / entry.filename
            if entry.flag_bits & 1:
                raise InputRefusedError(f"{shown}: is encrypted. Unpack it and import its files.")
            try:
                with archive.open(entry) as opened:
                    content = _taken(opened, shown, left)
            except (NotImplementedError, RuntimeError) as error:
                raise unreadable(shown, error) from error
            left -= len(content)
            found.append(_unpacked(Member(path=shown, name=shown.name, content=content), left))
    if not found:
        raise InputRefusedError(f"{path}: holds no table ({', '.join(TABLES)}). Export it again.")
    return found


def _is_table(entry: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(entry.filename)
    is_shadow = "__MACOSX" in name.parts or name.name.startswith(".")
    wanted = tuple(suffix for suffix in SUFFIXES if suffix != ".zip")
    return not entry.is_dir() and not is_shadow and name.name.lower().endswith(wanted)


def _unpacked(member: Member, left: int) -> Member:
    """A member of an archive that is itself packed, without its packing."""
    if not member.name.lower().endswith(PACKED):
        return member
    inner = (
        zlib.decompressobj(31) if member.name.lower().endswith(".gz") else lzma.LZMADecompressor()
    )
    content = inner.decompress(member.read(), left + 1)
    if len(content) > left:
        raise _too_much(member.path)
    return Member(path=member.path, name=member.path.stem, content=content)


def _taken(opened: IO[bytes] | gzip.GzipFile | lzma.LZMAFile, path: Path, left: int) -> bytes:
    """All of a stream, unless more comes than may."""
    parts, taken = [], 0
    while part := opened.read(BLOCK):
        taken += len(part)
        if taken > left:
            raise _too_much(path)
        parts.append(part)
    return b"".join(parts)


def _too_much(path: Path) -> InputRefusedError:
    return InputRefusedError(
        f"{path}: unpacks to more than {MOST_BYTES // 2**30} GiB. Split it and import the parts."
    )
