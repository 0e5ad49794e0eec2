"""Puts the text of included files in the place of the lines that include them, in reStructuredText and AsciiDoc.

Only plain files in the including file's folder or below it are read, none that is hidden, linked or says who may read
it. A line that includes anything else, or a part of a file, stays as it is. Knows nothing of formats beyond that line.
"""

import re
from pathlib import Path

_MOST_BYTES = 1_000_000
_MOST_DEPTH = 4
_LINES = {
    ".rst": re.compile(
        rb"^(?P<indent>[ \t]*)\.\.[ \t]+include::[ \t]+(?P<name>[^\s<>|]+)[ \t]*\r?$(?P<part>(?:\n[ \t]+:\w[^\n]*)*)",
        re.MULTILINE,
    ),
    ".adoc": re.compile(rb"^(?P<indent>)include::(?P<name>[^\s\[\]{}]+)\[(?P<part>[^\]\n]*)\][ \t]*\r?$", re.MULTILINE),
}
_LINES[".asciidoc"] = _LINES[".adoc"]
# "lines=1..4", "tag=intro", ":start-after:", ":literal:": a part of a file, or its text as an example.
_OF_PART = re.compile(rb"\b(?:lines?|tags?|start-\w+|end-\w+|literal|code|parser)\b")
_SAYS_AUDIENCE = re.compile(rb"^:?audience:", re.MULTILINE | re.IGNORECASE)


def include_files(path: Path, raw: bytes) -> bytes:
    """Return the bytes of a file with those of the files that it includes; at most `_MOST_BYTES` are added."""
    return _include(path, raw, path.parent.resolve(), _MOST_DEPTH, [_MOST_BYTES])


def _include(path: Path, raw: bytes, folder: Path, depth: int, room: list[int]) -> bytes:
    pattern = _LINES.get(path.suffix.lower())
    if pattern is None or depth == 0:
        return raw

    def read(match: re.Match[bytes]) -> bytes:
        target = path.parent / match["name"].decode("utf-8", "replace")
        text = None if _OF_PART.search(match["part"]) else _read(target, folder, room)
        if text is None:
            return match.group()
        text = _include(target, text, folder, depth - 1, room)
        return b"\n".join(match["indent"] + line if line.strip() else line for line in text.rstrip().split(b"\n"))

    return pattern.sub(read, raw)


def _read(target: Path, folder: Path, room: list[int]) -> bytes | None:
    """Return what is in a file that may be included, and take its bytes off the room that is left."""
    try:
        own = target.resolve(strict=True)
        below = own.relative_to(folder)
        if target.is_symlink() or not own.is_file() or any(part.startswith(".") for part in below.parts):
            return None
        if own.stat().st_size > room[0] or _SAYS_AUDIENCE.search(text := own.read_bytes()):
            return None
    except (OSError, ValueError):
        return None
    room[0] -= len(text)
    return text
