"""A folder of files as a source. Knows paths and links; knows nothing of what the files hold."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from retrieval.passage import Audience
from retrieval.reading.documents import (
    Document,
    Found,
    Item,
    Part,
    ReadFile,
    RejectedError,
    Rules,
    Unreadable,
    build_document,
)
from retrieval.reading.formats import READERS_VERSION, read_parts, require_format
from retrieval.sources.includes import include_files


def list_folder(folder: Path, rules: Rules, *, prefix: str = "", max_bytes: int | None = None) -> Iterator[Found]:
    """Yield every file below the folder in path order, as an item or as the reason why it is none.

    Hidden files and folders are skipped, and so are symbolic links: they may lead out of the folder or round in a loop.
    Raise `NotADirectoryError` if there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder of documents at {folder}.")
    for path in list_files(folder):
        yield find_item(path, f"{prefix}{path.relative_to(folder).as_posix()}", rules, max_bytes=max_bytes)


def find_item(
    path: Path, source: str, rules: Rules, *, updated: date | None = None, max_bytes: int | None = None
) -> Found:
    """Return one file as an item named `source`. `updated` is its day if the file does not name one."""
    try:
        size = path.stat().st_size
        require_format(path.name, size)
        if max_bytes is not None and size > max_bytes:
            raise RejectedError(f"The file is too large: {size:,} bytes, and the limit is {max_bytes:,}.")
        raw = include_files(path, path.read_bytes())
    except RejectedError as error:
        return Unreadable(source, str(error))
    except OSError:
        return Unreadable(source, "The file cannot be opened.")
    # The bytes are read again when they are needed: a list of items must not hold a folder in memory.
    return Item(source, fingerprint(raw, rules, updated), lambda read: _read_file(read, path, source, rules, updated))


def fingerprint(raw: bytes, rules: Rules, *more: object) -> str:
    """Return a fingerprint that tells whether these bytes were read before, by these readers and under these rules."""
    covered = f"{READERS_VERSION}\0{rules}\0{more}\0".encode()
    return hashlib.sha256(covered + raw).hexdigest()


def read_bytes(
    read: ReadFile,
    name: str,
    raw: bytes,
    source: str,
    rules: Rules,
    *,
    updated: date | None = None,
    url: str | None = None,
) -> Iterator[Document | Unreadable]:
    """Yield the documents in the bytes of a file called `name`, or why there are none."""
    try:
        for part in read(name, raw):
            yield build_document(_complete(part, updated, url), source, rules)
    except RejectedError as error:
        yield Unreadable(source, str(error))


def load_documents(
    folder: Path, *, default_audience: Audience = Audience.STAFF, max_bytes: int | None = None
) -> Iterator[Document | Unreadable]:
    """Yield every document below the folder, or the reason why a file is none."""
    for found in list_folder(folder, Rules(default_audience), max_bytes=max_bytes):
        if isinstance(found, Unreadable):
            yield found
        else:
            yield from found.read(read_parts)


def list_files(folder: Path) -> list[Path]:
    """Return the regular files below the folder. `os.walk` enters no linked folder."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                found.append(path)
    return sorted(found)


def _read_file(
    read: ReadFile, path: Path, source: str, rules: Rules, updated: date | None
) -> Iterator[Document | Unreadable]:
    try:
        raw = include_files(path, path.read_bytes())
    except OSError:
        yield Unreadable(source, "The file cannot be opened.", is_kept=True)
        return
    yield from read_bytes(read, path.name, raw, source, rules, updated=updated)


def _complete(part: Part, updated: date | None, url: str | None) -> Part:
    """Give a part the day and the address that its source knows, if the file itself names none."""
    return replace(part, updated=part.updated or updated, url=part.url or url)
