"""Finds the files of a history and detects the encoding of each. Knows no format."""

import codecs
import zipfile
from collections.abc import Iterator
from pathlib import Path

import chardet

from feedback.history.message import HistoryError

SNIFFED_BYTES = 65_536
MAILDIR = ("cur", "new")
_SKIPPED = (".ds_store", "thumbs.db", "desktop.ini")


def find_files(path: Path) -> Iterator[Path]:
    """Yield each thing that is read as one: a file, a Maildir, or the folder of an unpacked Slack export."""
    if not path.is_dir() or is_maildir(path) or (path / "users.json").is_file():
        yield path
    else:
        for inner in sorted(path.iterdir()):
            if inner.is_symlink() or inner.name.startswith(".") or inner.name.casefold() in _SKIPPED:
                continue
            yield from find_files(inner)


def is_maildir(path: Path) -> bool:
    return all((path / name).is_dir() for name in MAILDIR)


def read_start(path: Path) -> bytes:
    """Return the first 64 KiB."""
    with path.open("rb") as file:
        return file.read(SNIFFED_BYTES)


def find_encoding(path: Path) -> str:
    """Return the encoding of a text file: by its mark, as UTF-8, or guessed. Raises `HistoryError` if it is no text."""
    start = read_start(path)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name
    if _is_utf8(path):
        return "utf-8"
    if b"\x00" in start:
        raise HistoryError("It holds no text")
    return chardet.detect(start)["encoding"] or "latin-1"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(1 << 20):
                if b"\x00" in piece:
                    return False
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def note_encoding(path: Path, encoding: str) -> list[str]:
    """Return a note for the report if the encoding had to be guessed."""
    if encoding.startswith("utf"):
        return []
    return [f"{path.name} is not UTF-8; it was read as {encoding}."]


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip. Raises `HistoryError` if it is truncated or no zip."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise HistoryError("The zip is incomplete or damaged; download it again") from error
