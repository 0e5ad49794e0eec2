"""Owns files: uploads, which are announced, filled with bytes, completed and shared; and the canvases of channels.

Knows nothing of HTTP or of messages.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.workspace.errors import SlackError

CANVAS_TYPE = "application/vnd.slack-docs"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file or a canvas, with its bytes once they came."""

    id: str
    name: str
    title: str
    length: int
    alt_text: str = ""
    content: bytes | None = None
    canvas_of: str = ""  # the channel whose canvas it is, "" for an upload
    changed: int = 0

    @property
    def mimetype(self) -> str:
        if self.canvas_of:
            return CANVAS_TYPE
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class FileStore:
    """All files and canvases, by id."""

    def __init__(self, ids: Callable[[str], str]) -> None:
        self._ids = ids
        self._files: dict[str, StoredFile] = {}

    def announce(self, name: str, length: int, alt_text: str = "") -> StoredFile:
        file = StoredFile(self._ids("F"), name, name, length, alt_text)
        self._files[file.id] = file
        return file

    def fill(self, file_id: str, content: bytes) -> StoredFile:
        """Raises SlackError: file_not_found."""
        self._files[file_id] = replace(self.get(file_id), content=content)
        return self._files[file_id]

    def complete(self, file_id: str, title: str) -> StoredFile:
        """Raises SlackError: file_not_found, also if the bytes never came."""
        file = self.get(file_id)
        if file.content is None:
            raise SlackError("file_not_found")
        self._files[file_id] = replace(file, title=title or file.name)
        return self._files[file_id]

    def write_canvas(self, channel: str, title: str, html: str, changed: int, file_id: str = "") -> StoredFile:
        """A new canvas of a channel, or the next state of one; `changed` in seconds since 1970."""
        content, new_id = html.encode(), file_id or self._ids("F")
        file = StoredFile(new_id, title, title, len(content), content=content, canvas_of=channel, changed=changed)
        self._files[new_id] = file
        return file

    def delete(self, file_id: str) -> None:
        """Raises SlackError: file_not_found."""
        del self._files[self.get(file_id).id]

    def list_canvases(self, channel: str) -> list[StoredFile]:
        """The canvases of a channel, in the order of their making."""
        return [file for file in self._files.values() if file.canvas_of == channel]

    def get(self, file_id: str) -> StoredFile:
        file = self._files.get(file_id)
        if file is None:
            raise SlackError("file_not_found")
        return file
