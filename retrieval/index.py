"""The index: a folder of documents kept searchable, document by document, and mended when it is damaged.

Ties the catalogue (the truth), Chroma and BM25 together. A document becomes visible by one commit in the catalogue and
search shows only what stands there, so that no half document is ever found. Knows nothing of questions or evidence.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from retrieval.catalogue import Catalogue, Entry
from retrieval.chunks import CHUNKER_VERSION, TARGET_WORDS, build_passages
from retrieval.documents import Document, Unreadable, load_documents
from retrieval.embedder import Embedder
from retrieval.lexical import LexicalIndex, build_lexical_index
from retrieval.passage import Audience, Passage
from retrieval.sentences import split_units
from retrieval.vectors import VectorIndex, VectorsDamagedError, delete_vectors

log = logging.getLogger(__name__)

Progress = Callable[[int, str], None]

FOLDER_ORIGIN = "folder"


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one run over a folder did, in documents; `mended` says what had to be rebuilt, and why."""

    added: int
    changed: int
    removed: int
    unchanged: int
    unreadable: tuple[Unreadable, ...]
    mended: tuple[str, ...]


class Index:
    """The searchable passages below one folder. Safe to read from many threads while one writes."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Open or create the index; mend it where it is damaged or was made with other settings."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._embedder = embedder
        self._threads = threading.Lock()
        self._processes = FileLock(folder / "lock", thread_local=False)
        self._mended: list[str] = []
        with self._writing():
            self.catalogue = self._open_catalogue()
            self._empty_if_settings_changed()
            self.vectors = self._open_vectors()
            self._version = self.catalogue.version()
            self.lexical = self._build_lexical()

    @property
    def mended(self) -> tuple[str, ...]:
        """What was rebuilt since this index was opened, in sentences."""
        return tuple(self._mended)

    def close(self) -> None:
        self.vectors.close()
        self.catalogue.close()

    def ingest(self, folder: Path, *, default_audience: Audience, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what the folder holds. Raise `NotADirectoryError` where there is none.

        Only new and changed documents are read into passages and vectors. A file that has become unreadable loses its
        passages, since what they said may no longer hold. `progress` gets the number of files done and the last path.
        """
        with self._writing():
            known = self.catalogue.list_digests(FOLDER_ORIGIN)
            seen: dict[str, str] = {}
            unreadable: list[Unreadable] = []
            for done, loaded in enumerate(load_documents(folder, default_audience=default_audience), start=1):
                if isinstance(loaded, Unreadable):
                    unreadable.append(loaded)
                else:
                    seen[loaded.source] = loaded.digest
                    if known.get(loaded.source) != loaded.digest:
                        self._put(loaded, FOLDER_ORIGIN)
                if progress is not None:
                    progress(done, loaded.path if isinstance(loaded, Unreadable) else loaded.source)
            gone = sorted(known.keys() - seen.keys())
            for source in gone:
                self._remove(source)
            changed = [source for source in seen if known.get(source, seen[source]) != seen[source]]
            added = seen.keys() - known.keys()
            if added or changed or gone:
                self.lexical = self._build_lexical()
            return IngestReport(
                added=len(added),
                changed=len(changed),
                removed=len(gone),
                unchanged=len(seen) - len(added) - len(changed),
                unreadable=tuple(unreadable),
                mended=self.mended,
            )

    def put_document(self, document: Document, *, origin: str) -> None:
        """Index one document that is no file of the folder, at once; an ingest of the folder leaves it alone."""
        with self._writing():
            self._put(document, origin)
            self.lexical = self._build_lexical()

    def remove_document(self, source: str) -> None:
        """Take one document out of search; nothing happens where there is none."""
        with self._writing():
            self._remove(source)
            self.lexical = self._build_lexical()

    def refresh(self) -> None:
        """Take over what another process has written since the last look; costs a statement when it wrote nothing."""
        if self.catalogue.version() != self._version:
            with self._threads:
                self._version = self.catalogue.version()
                self.lexical = self._build_lexical()

    def mend_vectors(self, broken: VectorIndex, reason: str) -> None:
        """Build Chroma's directory anew from the catalogue, unless another thread has done so since `broken` failed."""
        with self._writing():
            if self.vectors is not broken:
                return
            broken.close()
            delete_vectors(self._folder / "chroma")
            self.vectors = self._fill_vectors(reason)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time, among the threads and among the processes."""
        with self._threads, self._processes:
            yield

    def _put(self, document: Document, origin: str) -> None:
        passages = build_passages(document)
        old = set(self.catalogue.list_passage_ids(document.source))
        entries = self._encode(passages)
        for entry in entries:
            self.vectors.upsert(entry.passage, entry.unit_vectors)
        updated = document.updated.isoformat() if document.updated else None
        self.catalogue.record_document(document.source, origin, document.digest, document.title, updated, entries)
        self.vectors.delete(sorted(old - {passage.id for passage in passages}))

    def _remove(self, source: str) -> None:
        ids = self.catalogue.list_passage_ids(source)
        self.catalogue.delete_document(source)
        self.vectors.delete(ids)

    def _encode(self, passages: Sequence[Passage]) -> list[Entry]:
        """Return the passages with their vectors; those whose text the catalogue holds already keep the old ones."""
        known = self.catalogue.get_entries([passage.id for passage in passages])
        new = [passage for passage in passages if passage.id not in known]
        units = [unit_texts(passage) for passage in new]
        vectors = self._embedder.encode([text for texts in units for text in texts])
        fresh: dict[str, Entry] = {}
        start = 0
        for passage, texts in zip(new, units, strict=True):
            fresh[passage.id] = Entry(passage, vectors[start : start + len(texts)])
            start += len(texts)
        return [fresh.get(p.id) or Entry(p, known[p.id].unit_vectors) for p in passages]

    def _open_catalogue(self) -> Catalogue:
        path = self._folder / "catalogue.sqlite3"
        try:
            return Catalogue(path)
        except sqlite3.DatabaseError as error:
            self._note(f"The catalogue could not be read ({error}); the documents must be read again.")
            for damaged in self._folder.glob("catalogue.sqlite3*"):
                damaged.unlink()
            return Catalogue(path)

    def _empty_if_settings_changed(self) -> None:
        settings = f"{self._embedder.identity} · chunks {CHUNKER_VERSION} of {TARGET_WORDS} words"
        before = self.catalogue.find_setting("settings")
        if before == settings:
            return
        if before is not None:
            self._note("The index was made with another embedder or chunker; the documents must be read again.")
            self.catalogue.close()
            for stale in self._folder.glob("catalogue.sqlite3*"):
                stale.unlink()
            delete_vectors(self._folder / "chroma")
            self.catalogue = self._open_catalogue()
        self.catalogue.record_setting("settings", settings)

    def _open_vectors(self) -> VectorIndex:
        units = self.catalogue.count_units()
        try:
            vectors = VectorIndex(self._folder / "chroma")
            if vectors.count() == units:
                return vectors
            reason = f"Chroma held {vectors.count()} vectors and the catalogue {units}"
            vectors.close()
        except VectorsDamagedError as error:
            reason = f"Chroma's directory could not be read ({error.reason})"
        delete_vectors(self._folder / "chroma")
        return self._fill_vectors(reason)

    def _fill_vectors(self, reason: str) -> VectorIndex:
        vectors = VectorIndex(self._folder / "chroma")
        for batch in self.catalogue.walk_entries():
            for entry in batch:
                vectors.upsert(entry.passage, entry.unit_vectors)
        self._note(f"{reason}; it was rebuilt from the catalogue.")
        return vectors

    def _build_lexical(self) -> LexicalIndex:
        passages = [entry.passage for batch in self.catalogue.walk_entries() for entry in batch]
        return build_lexical_index(
            [passage.id for passage in passages],
            [passage.audience for passage in passages],
            [f"{passage.heading} {passage.text}" for passage in passages],
        )

    def _note(self, sentence: str) -> None:
        log.warning(sentence)
        self._mended.append(sentence)


def unit_texts(passage: Passage) -> list[str]:
    """Return the texts whose vectors stand for the passage's units, in the order of `split_units`."""
    return [f"{passage.heading}: {unit.text}" for unit in split_units(passage.text)]
