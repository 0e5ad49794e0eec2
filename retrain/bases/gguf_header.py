"""What a GGUF file says before its weights: metadata, tensors, and how long the whole file must be.

Reads some kilobytes without copying the vocabulary; the `gguf` package takes seconds. Knows nothing of models. After
the specification of GGUF versions 2 and 3 (ggml-org/ggml, docs/gguf.md).
"""

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

MAGIC = b"GGUF"
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_DEFAULT_ALIGNMENT = 32
_BLOCKS = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}


class GgufError(Exception):
    """A file that is not a complete GGUF. The message names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a GGUF. An array in `metadata` is a range of its length; a tensor's shape is (columns, rows)."""

    metadata: Mapping[str, Any]
    tensors: Mapping[str, tuple[int, ...]]
    whole_bytes: int

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture, such as "llama"."""
        return str(self.metadata.get("general.architecture", ""))

    def text(self, key: str) -> str:
        """Return a text of the metadata; "" if there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """Return a count that the metadata gives for this architecture, such as "context_length", or 0."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else 0


def read_header(path: Path) -> Header:
    """Read the head of a GGUF. Raises `GgufError` if it is unreadable, or the file is shorter than its head says."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content[:4] != MAGIC:
                raise GgufError(f"{path} is no GGUF file.")
            header = _Cursor(content).read_header()
            size = len(content)
    except OSError as error:
        raise GgufError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, struct.error, KeyError, UnicodeDecodeError, OverflowError) as error:
        raise GgufError(f"{path} is cut short or damaged: its head cannot be read.") from error
    if size < header.whole_bytes:
        raise GgufError(f"{path} is cut short: it has {size:,} bytes and says that it has {header.whole_bytes:,}.")
    return header


class _Cursor:
    """A position in a GGUF's head, with the functions that read from there."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._place = len(MAGIC)

    def read_header(self) -> Header:
        version = self._number("<I")
        if version not in (2, 3):
            raise ValueError(version)
        tensor_count, entries = self._number("<Q"), self._number("<Q")
        metadata = {self._text(): self._value(self._number("<I")) for _ in range(entries)}
        tensors, end = {}, 0
        for _ in range(tensor_count):
            name, dimensions = self._text(), self._number("<I")
            tensors[name] = tuple(self._number("<Q") for _ in range(dimensions))
            kind, offset = self._number("<I"), self._number("<Q")
            end = max(end, offset + _count_bytes(tensors[name], kind))
        alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
        return Header(metadata, tensors, math.ceil(self._place / alignment) * alignment + end)

    def _number(self, form: str) -> Any:
        value = struct.unpack_from(form, self._content, self._place)[0]
        self._place += struct.calcsize(form)
        return value

    def _text(self) -> str:
        start = self._place + 8
        self._skip_text()
        return self._content[start : self._place].decode()

    def _skip_text(self) -> None:
        self._place += 8 + struct.unpack_from("<Q", self._content, self._place)[0]
        if self._place > len(self._content):
            raise ValueError(self._place)

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        return self._skip_array() if kind == _ARRAY else self._number(_SCALARS[kind])

    def _skip_array(self) -> range:
        kind, count = self._number("<I"), self._number("<Q")
        if kind == _STRING:
            for _ in range(count):
                self._skip_text()
        else:
            self._place += count * struct.calcsize(_SCALARS[kind])
        return range(count)


def _count_bytes(shape: tuple[int, ...], kind: int) -> int:
    # A form newer than the package counts as nothing; llama.cpp will say whether it knows it.
    block, size = _BLOCKS.get(kind, (1, 0))
    return math.prod(shape) // block * size
