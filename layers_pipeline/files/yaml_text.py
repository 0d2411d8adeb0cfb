"""YAML files that people write, read as text with the line of every entry.

Belongs here: lists of entries, keys that are unknown or come twice, values as text.
Does not belong here: what an entry means (``steps.ingest``), formats of data (``formats``).

Values stay text: YAML by itself would read an id such as 0123 as an octal number, and 12:30 as a
number of seconds. Aliases are refused: a short file could grow without end by them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from layers_pipeline.errors import InputRefusedError

BYTES_MAX: Final = 5_000_000
TRUTHS: Final = {"true": True, "yes": True, "false": False, "no": False}
Value = str | list["Entry"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a list: its line in the file, and its values by key."""

    where: str
    values: dict[str, "Value | Entry"] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """A value that must be there.

        Raises:
            InputRefusedError: It is missing, or no single value.
        """
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise InputRefusedError(f"{self.where}: {key} is missing or no single value. Add it.")
        return value.strip()

    def whole(self, key: str, *, default: int) -> int:
        """A whole number; the default where it is left out."""
        if key not in self.values:
            return default
        text = self.text(key)
        if not text.isascii() or not text.isdigit() or len(text) > len(str(BYTES_MAX)):
            raise InputRefusedError(f"{self.where}: {key} {text[:40]!r} is no whole number.")
        return int(text)

    def truth(self, key: str, *, default: bool) -> bool:
        """True or false; the default where it is left out."""
        if key not in self.values:
            return default
        text = self.text(key)
        if text.lower() not in TRUTHS:
            raise InputRefusedError(f"{self.where}: {key} {text[:40]!r}: write true or false.")
        return TRUTHS[text.lower()]

    def entries(self, key: str) -> list["Entry"]:
        """A list of entries; empty where it is left out."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise InputRefusedError(f"{self.where}: {key} is no list. Begin each entry with '- '.")
        return value

    def inside(self, key: str) -> "Entry":
        """The keys under a key; none where it is left out."""
        value = self.values.get(key, Entry(where=f"{self.where}: {key}"))
        if not isinstance(value, Entry):
            raise InputRefusedError(f"{self.where}: {key} has no keys of its own. Indent them.")
        return value

    def require_keys(self, known: Collection[str]) -> None:
        """Refuse keys that nobody reads: a misspelt one would be passed over in silence."""
        unknown = sorted(set(self.values) - set(known))
        if unknown:
            raise InputRefusedError(
                f"{self.where}: {', '.join(map(repr, unknown[:5]))} is not known. Keys are"
                f" {', '.join(known)}."
            )


def read_yaml(path: Path) -> Entry:
    """The keys of a YAML file.

    Raises:
        InputRefusedError: It cannot be read, or is no YAML of keys; says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputRefusedError(f"{path}: it cannot be read ({error.strerror}).") from error
    if len(content) > BYTES_MAX:
        raise InputRefusedError(
            f"{path}: {len(content):,} bytes are more than {BYTES_MAX:,}. Split the file."
        )
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InputRefusedError(f"{path}: it is no UTF-8. Save it as UTF-8.") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or "it is nested too deeply"
        raise InputRefusedError(f"{path}{line}: it is no YAML: {said}. Mend it.") from error
    if root is None:
        raise InputRefusedError(f"{path}: it is empty.")
    entry = _Reader(path).value(root)
    if not isinstance(entry, Entry):
        raise InputRefusedError(f"{path}: it has no keys, such as 'layers:'. Add them.")
    return entry


class _Reader:
    """Turns nodes into entries, each node once."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, set[int]()

    def value(self, node: Node) -> "Value | Entry":
        if id(node) in self._seen:
            raise InputRefusedError(f"{self._where(node)}: aliases are not read. Write it out.")
        self._seen.add(id(node))
        match node:
            case ScalarNode():
                return str(node.value)
            case MappingNode():
                return Entry(where=self._where(node), values=dict(self._keys(node)))
            case SequenceNode():
                return [self._entry(one) for one in node.value]
            case _:
                raise InputRefusedError(f"{self._where(node)}: this is not understood.")

    def _keys(self, node: MappingNode) -> Iterator[tuple[str, "Value | Entry"]]:
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else ""
            if not name or name in seen:
                raise InputRefusedError(
                    f"{self._where(key)}: key {name!r} comes twice, or is none. Keep one."
                )
            seen.add(name)
            yield name, self.value(value)

    def _entry(self, node: Node) -> Entry:
        found = self.value(node)
        if not isinstance(found, Entry):
            raise InputRefusedError(f"{self._where(node)}: an entry has keys, such as 'name: x'.")
        return found

    def _where(self, node: Node) -> str:
        return f"{self._path}, line {node.start_mark.line + 1}"
