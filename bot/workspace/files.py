"""Owns uploaded files: announced, then filled with bytes, then completed and shared.

Knows nothing of HTTP or of messages.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.workspace.errors import SlackError


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    name: str
    title: str
    length: int
    alt_text: str = ""
    content: bytes | None = None

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class FileStore:
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
        """Raises SlackError: file_not_found, also where the bytes never came."""
        file = self.get(file_id)
        if file.content is None:
            raise SlackError("file_not_found")
        self._files[file_id] = replace(file, title=title or file.name)
        return self._files[file_id]

    def get(self, file_id: str) -> StoredFile:
        file = self._files.get(file_id)
        if file is None:
            raise SlackError("file_not_found")
        return file
