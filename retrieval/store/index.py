"""The index: the documents of all sources kept searchable, document by document, and mended when it is damaged.

Ties the catalogue (the truth), Chroma and BM25 together. A document becomes visible by one commit in the catalogue and
search shows only what stands there, so that no half document is ever found. Knows nothing of questions or evidence.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from retrieval.encoders.embedder import UNITS_VERSION, Embedder
from retrieval.english.sentences import build_stretch
from retrieval.passage import Audience, Passage
from retrieval.reading.chunks import CHUNKER_VERSION, TARGET_WORDS, build_passages
from retrieval.reading.documents import AudienceWords, Document, Found, ReadFile, Rules, StoppedError
from retrieval.reading.formats import read_parts
from retrieval.sources.folder import list_folder
from retrieval.store.catalogue import Catalogue, Entry
from retrieval.store.catalogue_file import is_damage
from retrieval.store.exact import EXACT_UNITS, ExactVectors
from retrieval.store.lexical import LexicalIndex
from retrieval.store.source_sync import IngestReport, Progress, SourceSync, SyncSteps
from retrieval.store.vectors import VectorIndex, VectorsDamagedError, delete_vectors
from retrieval.store.versions import find_superseded
from retrieval.store.word_ranking import WordRanking

log = logging.getLogger(__name__)

FOLDER_ORIGIN = "folder"
# This many passages, a second or two of work, are encoded before the index checks again whether it is told to stop.
ENCODED_TOGETHER = 64


class Index:
    """The searchable passages of all sources. Threads may read it while one writes."""

    def __init__(
        self, folder: Path, embedder: Embedder, read_file: ReadFile = read_parts, *, exact_units: int = EXACT_UNITS
    ) -> None:
        """Open or create the index. Mend it if it is damaged or was made with other settings.

        `read_file` reads the bytes of files; the default has no limit on time. An index of fewer than `exact_units` is
        searched exactly, a larger one by Chroma.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._embedder = embedder
        self._read_file = read_file
        self._is_stopped = threading.Event()
        self._threads = threading.Lock()
        self._processes = FileLock(folder / "lock", thread_local=False)
        self._sync_threads = threading.Lock()
        self._sync_processes = FileLock(folder / "sync.lock", thread_local=False)
        self._mended: list[str] = []
        with self._writing():
            self.catalogue = self._open_catalogue()
            self._empty_if_settings_changed()
            self.vectors = self._open_vectors()
            self._version = self.catalogue.file.version()
            self._words = WordRanking(self.catalogue, folder / "words")
        self.exact = ExactVectors(self.catalogue, exact_units)

    @property
    def lexical(self) -> LexicalIndex:
        """The ranking of passages by words, as it stands now."""
        return self._words.current

    @property
    def mended(self) -> tuple[str, ...]:
        """What was rebuilt since this index was opened, in sentences."""
        return tuple(self._mended)

    def stop(self) -> None:
        """End the running sync, and every later one, soon with `StoppedError`. What is done of it stays."""
        self._is_stopped.set()

    def close(self) -> None:
        """Close the files. A sync must have ended."""
        self.vectors.close()
        self.catalogue.close()

    def ingest(
        self, folder: Path, *, default_audience: Audience, words: AudienceWords = (), progress: Progress | None = None
    ) -> IngestReport:
        """Make the index hold what the folder holds. Raise `NotADirectoryError` where there is none."""
        return self.sync(FOLDER_ORIGIN, list_folder(folder, Rules(default_audience, words=words)), progress=progress)

    def sync(self, origin: str, found: Iterable[Found], *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what a source lists, and read the list as it comes.

        Only new or changed items are read into passages and vectors. A file that has become unreadable loses its
        passages, because they may no longer hold, and is not tried again until it changes. Every document is complete
        as soon as it is written, so an interrupted run loses nothing: the next one continues. What vanished is removed
        at the end, unless part of the list is missing. Raise `SourceGoneError` if nothing at all is listed any more,
        and `StoppedError` if the index is told to stop. `progress` gets the number of items done and the last one's
        name.
        """
        with self._syncing():
            steps = SyncSteps(self._read_file, self._write_document, self._remove_document, self._check_stop)
            sync = SourceSync(self.catalogue, origin, steps)
            try:
                sync.run(found, progress)
            finally:
                if sync.is_changed:
                    self._settle()
            return sync.report(self.mended)

    def forget(self, origin: str) -> int:
        """Remove everything of a source from search. Return how many documents there were."""
        with self._syncing():
            known = self.catalogue.list_documents(origin)
            for source in known:
                self._remove_document(source)
            self.catalogue.reading_log.delete(origin)
            self._settle()
            return len(known)

    def replace_origin(self, origin: str, documents: Sequence[Document], contexts: Mapping[str, str]) -> None:
        """Make an origin that no source lists hold exactly these documents, at once.

        `contexts` gives by source the words that say what a document is about if its own do not: a question.
        """
        wanted = {document.source: document for document in documents}
        with self._writing():
            known = self.catalogue.list_documents(origin)
            gone = sorted(known.keys() - wanted.keys())
            new = [d for s, d in wanted.items() if s not in known or known[s].digest != d.digest]
            for source in gone:
                self._delete_document(source)
            for document in new:
                self._put_document(document, origin, document.source, contexts.get(document.source, ""))
            if gone or new:
                self._words.follow()

    def refresh(self) -> None:
        """Take over what another process has written since the last call. Costs one statement if it wrote nothing."""
        if self.catalogue.file.version() != self._version:
            with self._threads:
                self._version = self.catalogue.file.version()
                self._words.take_over()

    def mend_vectors(self, broken: VectorIndex, reason: str) -> None:
        """Rebuild Chroma's directory from the catalogue, unless another thread has done so since `broken` failed."""
        with self._writing():
            if self.vectors is not broken:
                return
            broken.close()
            delete_vectors(self._folder / "chroma")
            self.vectors = self._fill_vectors(reason)

    def _check_stop(self) -> None:
        if self._is_stopped.is_set():
            raise StoppedError

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Admit one writer at a time, among the threads and among the processes.

        Raise `OSError` if the disk takes nothing.
        """
        with self._threads, self._processes:
            try:
                yield
            except (sqlite3.OperationalError, VectorsDamagedError) as error:
                reason = f"The index in {self._folder} cannot be written: {error}."
                raise OSError(f"{reason} If the disk is full, make room and try again; nothing is lost.") from error

    @contextmanager
    def _syncing(self) -> Iterator[None]:
        """Admit one sync at a time. Single documents may be written between two of its own."""
        with self._sync_threads, self._sync_processes:
            yield

    def _settle(self) -> None:
        """Update what depends on all documents: which are old versions, and the ranking by words."""
        editions = self.catalogue.list_editions()
        superseded = find_superseded(editions, self.catalogue.read_text)
        moved = {e.source: superseded.get(e.source) for e in editions if e.superseded_by != superseded.get(e.source)}
        with self._writing():
            if moved:
                self.catalogue.record_superseded(moved)
            self._words.rank_again()

    def _write_document(self, document: Document, origin: str, item: str) -> None:
        with self._writing():
            self._put_document(document, origin, item)

    def _remove_document(self, source: str) -> None:
        with self._writing():
            self._delete_document(source)

    def _put_document(self, document: Document, origin: str, item: str, context: str = "") -> None:
        passages = build_passages(document)
        old = self.catalogue.list_stored(document.source)
        entries = self._encode(passages, context)
        self.vectors.upsert([(entry.passage, entry.unit_vectors) for entry in entries])
        self.catalogue.record_document(document, origin, item, entries)
        kept = {(passage.id, passage.audience) for passage in passages}
        self.vectors.delete([stored for stored in old if (stored.passage_id, stored.audience) not in kept])

    def _delete_document(self, source: str) -> None:
        stored = self.catalogue.list_stored(source)
        self.catalogue.delete_document(source)
        self.vectors.delete(stored)

    def _encode(self, passages: Sequence[Passage], context: str) -> list[Entry]:
        """Return the passages with their vectors. A passage whose text the catalogue already holds keeps its vectors.

        `context` replaces the heading of a text that is not about what its heading says.
        """
        known = self.catalogue.get_entries([passage.id for passage in passages])
        new = [passage for passage in passages if passage.id not in known]
        fresh = {entry.passage.id: entry for entry in self._encode_new(new, context)}
        return [fresh.get(p.id) or Entry(p, known[p.id].unit_vectors) for p in passages]

    def _encode_new(self, passages: Sequence[Passage], context: str) -> Iterator[Entry]:
        """Yield the passages with their vectors; a document of a book's length may be left in the middle."""
        for start in range(0, len(passages), ENCODED_TOGETHER):
            self._check_stop()
            some = passages[start : start + ENCODED_TOGETHER]
            vectors = self._embedder.encode_units([build_stretch(passage, context) for passage in some])
            yield from map(Entry, some, vectors)

    def _open_catalogue(self) -> Catalogue:
        path = self._folder / "catalogue.sqlite3"
        try:
            return Catalogue(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._note(f"The catalogue could not be read ({error}); the documents must be read again.")
            for damaged in self._folder.glob("catalogue.sqlite3*"):
                damaged.unlink()
            return Catalogue(path)

    def _empty_if_settings_changed(self) -> None:
        chunks = f"chunks {CHUNKER_VERSION} of {TARGET_WORDS} words"
        settings = f"{self._embedder.model_id} · units {UNITS_VERSION} · {chunks}"
        before = self.catalogue.file.find_setting("settings")
        if before == settings:
            return
        if before is not None:
            self._note("The index was made with another embedder or chunker; the documents must be read again.")
            self.catalogue.close()
            for stale in self._folder.glob("catalogue.sqlite3*"):
                stale.unlink()
            delete_vectors(self._folder / "chroma")
            self.catalogue = self._open_catalogue()
        self.catalogue.file.record_setting("settings", settings)

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
            vectors.upsert([(entry.passage, entry.unit_vectors) for entry in batch])
        self._note(f"{reason}; it was rebuilt from the catalogue.")
        return vectors

    def _note(self, sentence: str) -> None:
        log.warning(sentence)
        self._mended.append(sentence)
