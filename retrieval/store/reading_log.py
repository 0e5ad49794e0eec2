"""What was read of each source: its items and their fingerprints, what could not be read, and when it was last read.

An item is a file, a page or a row as its source lists it. The log is part of the catalogue's file.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retrieval.passage import Audience
from retrieval.reading.documents import Remark, RemarkKind, Unreadable
from retrieval.store.catalogue_file import CatalogueFile


@dataclass(frozen=True, slots=True)
class Sync:
    """When a source was last read, in UTC, and why that failed; `problem` is "" if it did not fail."""

    at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """So many documents for `audience` got this remark when they were read; `example` is one's source."""

    remark: Remark
    audience: Audience
    documents: int
    example: str


class ReadingLog:
    """The log of all sources. `origin` is the name of a source."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def list_items(self, origin: str) -> dict[str, str]:
        """Return item → fingerprint of every item of this origin that was read, or found to be unreadable."""
        return dict(self._file.read("SELECT name, fingerprint FROM items WHERE origin = ?", (origin,)))

    def list_problems(self, origin: str) -> dict[str, list[Unreadable]]:
        """Return item → what could not be read of it."""
        problems: dict[str, list[Unreadable]] = defaultdict(list)
        for item, path, reason in self._file.read(
            "SELECT item, path, reason FROM problems WHERE origin = ?", (origin,)
        ):
            problems[item].append(Unreadable(path, reason))
        return dict(problems)

    def record_item(self, origin: str, name: str, fingerprint: str, problems: Sequence[Unreadable] = ()) -> None:
        """Note that an item was read, and what could not be read of it."""
        with self._file.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (origin, name, fingerprint))
            connection.executemany(
                "INSERT INTO problems VALUES (?, ?, ?, ?)",
                [(origin, name, each.path, each.reason) for each in problems],
            )

    def delete_items(self, origin: str, names: Sequence[str]) -> None:
        """Forget that these items were read, so that the next sync reads them again."""
        with self._file.transaction() as connection:
            connection.executemany(
                "DELETE FROM items WHERE origin = ? AND name = ?", [(origin, name) for name in names]
            )

    def count_remarks(self, origin: str | None = None) -> list[Remarked]:
        """Return what is to be said of the heads of a source's documents, or of all: the commonest words first."""
        rows = self._file.read(
            "SELECT r.kind, min(r.word), d.audience, count(*), min(d.source) FROM remarks r JOIN documents d "
            "USING (source) WHERE d.origin = coalesce(nullif(?, ''), d.origin) "
            "GROUP BY r.kind, lower(r.word), d.audience ORDER BY count(*) DESC, min(d.source)",
            (origin or "",),
        )
        return [Remarked(Remark(RemarkKind(row[0]), row[1]), Audience(row[2]), *row[3:]) for row in rows]

    def delete(self, origin: str) -> None:
        """Delete everything noted about a source."""
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM items WHERE origin = ?", (origin,))
            connection.execute("DELETE FROM syncs WHERE origin = ?", (origin,))

    def record_sync(self, origin: str, sync: Sync) -> None:
        """Note the last sync of a source."""
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO syncs VALUES (?, ?, ?)", (origin, sync.at.isoformat(), sync.problem)
            )

    def list_syncs(self) -> dict[str, Sync]:
        """Return the last sync of every origin that has had one."""
        rows = self._file.read("SELECT origin, at, problem FROM syncs", ())
        return {origin: Sync(datetime.fromisoformat(at), problem) for origin, at, problem in rows}
