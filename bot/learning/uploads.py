"""Imports the history that somebody uploaded: keeps the file while it is read, and deletes it afterwards."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from feedback.database import Database
from feedback.history.importing import ImportOrder, ImportReport, Tell, import_history
from feedback.history.imports import Use, find_served_teams
from feedback.history.roles import StaffHints


@dataclass(frozen=True, slots=True)
class UploadOrder:
    """What to do with uploaded files, and who asks for it."""

    by: str
    used_as: Use
    staff: StaffHints


@dataclass(frozen=True, slots=True)
class Uploads:
    """Imports uploaded files. `folder` holds what is being read, and what a kill left until the import continues."""

    db: Database
    folder: Path
    is_local: bool

    def take(self, name: str, content: bytes, order: UploadOrder, tell: Tell) -> ImportReport:
        """Import a file's content. `name` must be a plain file name; its ending tells the format.

        Raises `HistoryError` if there is nothing that can be read.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.folder, prefix="upload-") as scratch:
            path = Path(scratch) / name
            path.write_bytes(content)
            teams = frozenset[str]() if self.is_local else find_served_teams(self.db)
            read = ImportOrder(path, order.by, order.used_as, order.staff, teams, name)
            return import_history(self.db, self.folder, read, tell)
