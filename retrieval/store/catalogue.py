"""The catalogue: which documents are indexed, with their passages, vectors and facts.

It is the truth about what search may show. Chroma and BM25 are built from it and can be rebuilt from it. Knows nothing
of ranking or of reading files.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.english.facts import Fact, draw_facts
from retrieval.passage import Audience, Passage, Vectors
from retrieval.reading.documents import Document
from retrieval.reading.loss import Loss, measure_loss
from retrieval.store.catalogue_file import CatalogueFile
from retrieval.store.reading_log import ReadingLog
from retrieval.store.vectors import Stored
from retrieval.store.verified_rows import VerifiedRows

_COLUMNS = (
    "p.id, p.text, p.heading, d.title, p.source, d.audience, d.updated, d.url, p.page, p.position, p.units, "
    "p.unit_vectors "
    "FROM passages p JOIN documents d USING (source)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage with the vectors of its units, in the order of `split_units`: (units, width), rows of length 1."""

    passage: Passage
    unit_vectors: Vectors


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as the catalogue lists it: where it came from, and the digest of its content."""

    source: str
    item: str
    digest: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A document as one of several versions. `superseded_by` is the source of a newer one.

    `origin` is the name of where it comes from; every source begins with it, except those of the folder.
    """

    source: str
    origin: str
    title: str
    audience: Audience
    updated: date | None
    superseded_by: str | None


class Catalogue:
    """The documents. Each is written in one transaction.

    `file` holds them; `reading_log` and `verified` are other tables of that file.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raise `sqlite3.DatabaseError` if it is damaged."""
        self.file = CatalogueFile(path)
        self.reading_log = ReadingLog(self.file)
        self.verified = VerifiedRows(self.file)

    def close(self) -> None:
        self.file.close()

    def list_documents(self, origin: str) -> dict[str, Listed]:
        """Return every document from this origin, by its source."""
        rows = self.file.read("SELECT source, item, digest FROM documents WHERE origin = ?", (origin,))
        return {source: Listed(source, item, digest) for source, item, digest in rows}

    def record_document(self, document: Document, origin: str, item: str, entries: Sequence[Entry]) -> None:
        """Replace the document and its passages: readers see the old ones or the new ones."""
        updated = document.updated.isoformat() if document.updated else None
        values = (document.source, origin, item, document.digest, document.title, document.audience.value, updated)
        loss = measure_loss(document, [entry.passage for entry in entries])
        with self.file.transaction() as connection:
            written = self.last_written() + 1
            connection.execute("INSERT OR REPLACE INTO settings VALUES ('written', ?)", (str(written),))
            connection.execute("DELETE FROM documents WHERE source = ?", (document.source,))
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                (*values, document.url, written, loss.words, loss.lost),
            )
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [_to_row(position, entry) for position, entry in enumerate(entries)],
            )
            connection.executemany(
                "INSERT INTO remarks VALUES (?, ?, ?)",
                [(document.source, remark.kind.value, remark.word) for remark in document.remarks],
            )
            facts = [fact for entry in entries for fact in draw_facts(entry.passage)]
            connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", map(astuple, facts))

    def delete_document(self, source: str) -> None:
        """Delete a document with its passages and facts. Do nothing if there is none."""
        with self.file.transaction() as connection:
            connection.execute("DELETE FROM documents WHERE source = ?", (source,))

    def list_editions(self) -> list[Edition]:
        """Return all documents except verified answers, by source."""
        columns = "source, origin, title, audience, updated, superseded_by"
        rows = self.file.read(f"SELECT {columns} FROM documents WHERE origin != 'verified' ORDER BY source", ())
        return [_to_edition(row) for row in rows]

    def find_editions(self, sources: Sequence[str]) -> dict[str, Edition]:
        """Return the documents of these sources that exist, by source."""
        columns = "source, origin, title, audience, updated, superseded_by"
        rows = self.file.read_many(f"SELECT {columns} FROM documents WHERE source IN", sources)
        return {edition.source: edition for edition in map(_to_edition, rows)}

    def find_held(self, audiences: frozenset[Audience]) -> frozenset[Audience]:
        """Return the audiences among these that any document is meant for."""
        statement = "SELECT 1 FROM documents WHERE audience = ? LIMIT 1"
        return frozenset(audience for audience in audiences if self.file.read(statement, (audience.value,)))

    def list_groups(self) -> frozenset[Audience]:
        """Return the user groups that documents are meant for."""
        rows = self.file.read(
            "SELECT DISTINCT audience FROM documents WHERE audience >= 'group:' AND audience < 'group;'", ()
        )
        return frozenset(Audience(row[0]) for row in rows)

    def record_superseded(self, newer: Mapping[str, str | None]) -> None:
        """Note for each source which newer document says the same; None if none does."""
        with self.file.transaction() as connection:
            connection.executemany(
                "UPDATE documents SET superseded_by = ? WHERE source = ?", [(new, old) for old, new in newer.items()]
            )

    def read_text(self, source: str) -> str:
        """Return a document's passages as one text; "" if there is no such document."""
        rows = self.file.read("SELECT text FROM passages WHERE source = ? ORDER BY position", (source,))
        return "\n".join(row[0] for row in rows)

    def find_known(self, ids: Sequence[str]) -> set[str]:
        """Return the ids that belong to passages."""
        return {row[0] for row in self.file.read_many("SELECT id FROM passages WHERE id IN", ids)}

    def list_stored(self, source: str) -> list[Stored]:
        """Return what the vector index holds of a document."""
        rows = self.file.read(
            "SELECT p.id, d.audience, p.units FROM passages p JOIN documents d USING (source) WHERE p.source = ?",
            (source,),
        )
        return [Stored(passage_id, Audience(audience), units) for passage_id, audience, units in rows]

    def get_entries(self, ids: Sequence[str]) -> dict[str, Entry]:
        """Return the entries that exist, by id."""
        return {row[0]: _to_entry(row) for row in self.file.read_many(f"SELECT {_COLUMNS} WHERE p.id IN", ids)}

    def find_facts(
        self, subjects: Collection[str], audiences: frozenset[Audience], kinds: Collection[str] = ()
    ) -> list[Fact]:
        """Return what documents for these audiences say about these subjects, by subject. No kinds: all."""
        asked = {"f.subject": subjects, "d.audience": audiences} | ({"f.kind": kinds} if kinds else {})
        where = " AND ".join(f"{column} IN ({', '.join('?' * len(values))})" for column, values in asked.items())
        rows = self.file.read(
            "SELECT f.* FROM facts f JOIN passages p ON p.id = f.passage JOIN documents d USING (source) "
            f"WHERE {where} ORDER BY f.subject, f.kind, f.rowid",
            [value for values in asked.values() for value in values],
        )
        return [Fact(*row) for row in rows]

    def walk_entries(self, batch_size: int = 500) -> Iterator[list[Entry]]:
        """Yield all entries by id, in batches, so that memory stays flat."""
        last = ""
        while rows := self.file.read(f"SELECT {_COLUMNS} WHERE p.id > ? ORDER BY p.id LIMIT ?", (last, batch_size)):
            last = rows[-1][0]
            yield [_to_entry(row) for row in rows]

    def walk_texts(self, audiences: frozenset[Audience], batch_size: int = 500) -> Iterator[str]:
        """Yield the text of every passage for these audiences, in batches."""
        last = ""
        where = f"d.audience IN ({', '.join('?' * len(audiences))}) AND p.id > ? ORDER BY p.id LIMIT ?"
        query = f"SELECT p.id, p.text FROM passages p JOIN documents d USING (source) WHERE {where}"
        while rows := self.file.read(query, (*audiences, last, batch_size)):
            last = rows[-1][0]
            yield from (text for _, text in rows)

    def walk_since(self, written: int) -> list[Passage]:
        """Return the passages of the documents that were written after the one with this number."""
        rows = self.file.read(f"SELECT {_COLUMNS} WHERE d.written > ? ORDER BY p.id", (written,))
        return [_to_entry(row).passage for row in rows]

    def last_written(self) -> int:
        """Return the number of the document written last. Numbers rise with each write, and none is given twice."""
        return int(self.file.find_setting("written") or 0)

    def find_state(self) -> tuple[int, int]:
        """Return what changes whenever a document comes, changes or goes: `last_written`, and how many there are."""
        ((documents,),) = self.file.read("SELECT count(*) FROM documents", ())
        return self.last_written(), int(documents)

    def list_sources(self) -> set[str]:
        """Return the sources of all documents, verified answers included."""
        return {row[0] for row in self.file.read("SELECT source FROM documents", ())}

    def list_written(self, after: int) -> dict[str, Audience]:
        """Return the documents that were written after the one with this number, by source, with their audience."""
        rows = self.file.read("SELECT source, audience FROM documents WHERE written > ? ORDER BY written", (after,))
        return {source: Audience(audience) for source, audience in rows}

    def read_vectors(self, sources: Sequence[str]) -> dict[str, dict[str, Vectors]]:
        """Return the passages of these documents by source, each with the vectors of its units by its id."""
        found: dict[str, dict[str, Vectors]] = {source: {} for source in sources}
        statement = "SELECT source, id, units, unit_vectors FROM passages WHERE units > 0 AND source IN"
        for source, passage_id, units, vectors in self.file.read_many(statement, sources):
            found[source][passage_id] = _to_vectors(vectors, units)
        return found

    def count_since(self, written: int) -> int:
        """Return how many passages `walk_since` gives."""
        statement = "SELECT count(*) FROM passages JOIN documents USING (source) WHERE written > ?"
        return int(self.file.read(statement, (written,))[0][0])

    def describe_documents(self) -> str:
        """Return what changes whenever a document comes, changes or goes. Verified answers do not count."""
        statement = "SELECT coalesce(max(written), 0), count(*) FROM documents WHERE origin != 'verified'"
        return "{}:{}".format(*self.file.read(statement, ())[0])

    def count(self) -> tuple[int, int]:
        """Return the number of documents, without verified answers, and of all passages."""
        ((documents, passages),) = self.file.read(
            "SELECT (SELECT count(*) FROM documents WHERE origin != 'verified'), (SELECT count(*) FROM passages)", ()
        )
        return int(documents), int(passages)

    def count_readable(self, audiences: frozenset[Audience]) -> int:
        """Return the number of documents, without verified answers, that are meant for one of these audiences."""
        marks = ", ".join("?" * len(audiences))
        statement = f"SELECT count(*) FROM documents WHERE origin != 'verified' AND audience IN ({marks})"
        return int(self.file.read(statement, tuple(audiences))[0][0])

    def list_losses(self) -> list[Loss]:
        """Return the documents that gave no passage or lost so many words that somebody should look at them."""
        rows = self.file.read(
            "SELECT d.source, d.words, d.lost, count(p.id) FROM documents d LEFT JOIN passages p USING (source) "
            "WHERE d.origin != 'verified' GROUP BY d.source ORDER BY d.source",
            (),
        )
        return [loss for loss in (Loss(*row) for row in rows) if loss.is_worth_a_look]

    def count_units(self) -> int:
        """Return the number of quotable units, each of which has one vector."""
        return int(self.file.read("SELECT coalesce(sum(units), 0) FROM passages", ())[0][0])


def _to_row(position: int, entry: Entry) -> tuple[str | int | bytes | None, ...]:
    passage = entry.passage
    # Half precision moves a cosine by less than 1e-3 and halves the largest column.
    blob = entry.unit_vectors.astype(np.float16).tobytes()
    words = (passage.text, passage.heading)
    return (passage.id, passage.source, position, *words, passage.page, len(entry.unit_vectors), blob)


def _to_entry(row: tuple[Any, ...]) -> Entry:
    passage_id, text, heading, title, source, audience, updated, url, page, position, units, unit_vectors = row
    day = date.fromisoformat(updated) if updated else None
    passage = Passage(passage_id, text, heading, title, source, Audience(audience), day, url, page, position)
    return Entry(passage, _to_vectors(unit_vectors, units))


def _to_vectors(stored: bytes, units: int) -> Vectors:
    return np.frombuffer(stored, dtype=np.float16).astype(np.float32).reshape(units, -1)


def _to_edition(row: tuple[Any, ...]) -> Edition:
    source, origin, title, audience, updated, superseded_by = row
    day = date.fromisoformat(updated) if updated else None
    return Edition(source, origin, title, Audience(audience), day, superseded_by)
