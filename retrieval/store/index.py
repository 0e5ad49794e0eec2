"""The index: the documents of all sources kept searchable, document by document, and mended when it is damaged.

Ties the catalogue (the truth), Chroma and BM25 together. A document becomes visible by one commit in the catalogue and
search shows only what stands there, so that no half document is ever found. Knows nothing of questions or evidence.
"""

import logging
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from filelock import FileLock

from retrieval.encoders.embedder import Embedder
from retrieval.english.sentences import split_units, unit_texts
from retrieval.passage import Audience, Passage, Vectors
from retrieval.reading.chunks import CHUNKER_VERSION, TARGET_WORDS, build_passages
from retrieval.reading.documents import Document, Found, Item, ReadFile, Rules, StoppedError, Unreadable
from retrieval.reading.formats import read_parts
from retrieval.sources.folder import list_folder
from retrieval.store.catalogue import Catalogue, Entry, Listed
from retrieval.store.exact import EXACT_UNITS, ExactVectors
from retrieval.store.lexical import LexicalIndex, build_lexical_index, count_terms, load_lexical_index
from retrieval.store.vectors import VectorIndex, VectorsDamagedError, delete_vectors
from retrieval.store.versions import find_superseded

log = logging.getLogger(__name__)

Progress = Callable[[int, str], None]

FOLDER_ORIGIN = "folder"
# So many units are encoded between two looks whether to stop: a second or two.
ENCODED_TOGETHER = 256
# So many passages, or a twentieth of all, are ranked one by one before the ranking of words is built anew.
MOST_FRESH = 1_000


class SourceGoneError(OSError):
    """A source that held documents lists none at all: a disk that is not mounted, rather than a wish."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one run over a source did, in documents; `mended` says what had to be rebuilt, and why.

    `unreachable` names what could not be reached now; what was indexed of it before stays.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    unreadable: tuple[Unreadable, ...]
    mended: tuple[str, ...]
    unreachable: tuple[Unreadable, ...] = ()

    @property
    def interruption(self) -> str:
        """Why documents were kept that the source did not list; "" where none was."""
        return next((thing.reason for thing in self.unreachable if thing.is_listing), "")


@dataclass(slots=True)
class _Run:
    """What a sync has seen so far. `known` is what the catalogue held before, `by_item` the same by item."""

    known: dict[str, Listed]
    by_item: dict[str, list[str]]
    seen: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    added: int = 0
    changed: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    unreachable: list[Unreadable] = field(default_factory=list)
    listings: list[Unreadable] = field(default_factory=list)

    def keep(self, item: str) -> None:
        """Leave what stands of an item."""
        self.items.add(item)
        self.seen.update(self.by_item.get(item, ()))


class Index:
    """The searchable passages of all sources. Safe to read from many threads while one writes."""

    def __init__(
        self, folder: Path, embedder: Embedder, read_file: ReadFile = read_parts, *, exact_units: int = EXACT_UNITS
    ) -> None:
        """Open or create the index; mend it where it is damaged or was made with other settings.

        `read_file` reads the bytes of files; what it is by default has no limit on time. Fewer than `exact_units` are
        searched exactly, more by Chroma.
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
            self._version = self.catalogue.version()
            self.lexical = self._open_lexical()
        self.exact = ExactVectors(self.catalogue, exact_units)

    @property
    def mended(self) -> tuple[str, ...]:
        """What was rebuilt since this index was opened, in sentences."""
        return tuple(self._mended)

    def stop(self) -> None:
        """Let the sync that runs, and each that begins, end soon with `StoppedError`; what is done of it stays."""
        self._is_stopped.set()

    def close(self) -> None:
        self.vectors.close()
        self.catalogue.close()

    def ingest(self, folder: Path, *, default_audience: Audience, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what the folder holds. Raise `NotADirectoryError` where there is none."""
        return self.sync(FOLDER_ORIGIN, list_folder(folder, Rules(default_audience)), progress=progress)

    def sync(self, origin: str, found: Iterable[Found], *, progress: Progress | None = None) -> IngestReport:
        """Make the index hold what a source lists, which is read as it comes.

        Only what is new or changed is read into passages and vectors. A file that has become unreadable loses its
        passages, since what they said may no longer hold, and is not tried again until it changes. Every document is
        whole as soon as it is done, so a run that is cut short loses nothing: the next one goes on. What vanished is
        removed at the end, unless a listing is missing. Raise `SourceGoneError` where nothing at all is listed any
        more, and `StoppedError` when it is told to stop. `progress` gets the number of items done and the last one's
        name.
        """
        with self._syncing():
            known = self.catalogue.list_documents(origin)
            by_item: dict[str, list[str]] = defaultdict(list)
            for listed in known.values():
                by_item[listed.item].append(listed.source)
            run = _Run(known, by_item)
            before = self.catalogue.list_items(origin)
            problems = self.catalogue.list_problems(origin)
            is_changed = False
            try:
                for done, thing in enumerate(found, start=1):
                    self._check_stop()
                    is_changed |= self._take(origin, thing, before, problems, run)
                    if progress is not None:
                        progress(done, thing.path if isinstance(thing, Unreadable) else thing.name)
                if known and not run.seen and not run.unreadable:
                    reason = "lists no document any more; what is indexed of it was kept"
                    raise SourceGoneError(f"The source of {len(known)} documents {reason}.")
                gone = sorted(known.keys() - run.seen)
                if gone and run.listings:
                    run.unreachable += run.listings
                    gone = []
                for source in gone:
                    is_changed = True
                    with self._writing():
                        self._remove(source)
                if not run.listings:
                    self.catalogue.delete_items(origin, sorted(before.keys() - run.items))
            finally:
                if is_changed:
                    self._settle()
            return IngestReport(
                added=run.added,
                changed=run.changed,
                removed=len(gone),
                unchanged=len(run.seen) - run.added - run.changed,
                unreadable=tuple(run.unreadable),
                mended=self.mended,
                unreachable=tuple(run.unreachable),
            )

    def _take(
        self, origin: str, thing: Found, before: Mapping[str, str], problems: Mapping[str, list[Unreadable]], run: _Run
    ) -> bool:
        """Bring one item up to date; return whether anything was written."""
        if isinstance(thing, Unreadable):
            pile = run.listings if thing.is_listing else run.unreachable if thing.is_kept else run.unreadable
            pile.append(thing)
            if thing.is_kept:
                run.keep(thing.path)
            return False
        if before.get(thing.name) == thing.fingerprint:
            run.keep(thing.name)
            run.unreadable += problems.get(thing.name, ())
            return False
        return self._read_item(origin, thing, run)

    def _read_item(self, origin: str, item: Item, run: _Run) -> bool:
        is_changed, is_known = False, True
        problems: list[Unreadable] = []
        for document in item.read(self._read_file):
            self._check_stop()
            if isinstance(document, Unreadable):
                if document.is_kept:
                    is_known = False
                    run.unreachable.append(document)
                    run.keep(item.name)
                else:
                    problems.append(document)
                continue
            known = run.known.get(document.source)
            if document.source not in run.seen and (known is None or known.digest != document.digest):
                with self._writing():
                    self._put(document, origin, item.name)
                is_changed = True
                run.added += known is None
                run.changed += known is not None
            run.seen.add(document.source)
        run.unreadable += problems
        if is_known:
            run.items.add(item.name)
            self.catalogue.record_item(origin, item.name, item.fingerprint, problems)
        return is_changed

    def _check_stop(self) -> None:
        if self._is_stopped.is_set():
            raise StoppedError

    def forget(self, origin: str) -> int:
        """Take everything of a source out of search; return how many documents that were."""
        with self._syncing():
            known = self.catalogue.list_documents(origin)
            for source in known:
                with self._writing():
                    self._remove(source)
            self.catalogue.delete_items(origin, sorted(self.catalogue.list_items(origin)))
            self.catalogue.delete_sync(origin)
            self._settle()
            return len(known)

    def replace_origin(self, origin: str, documents: Sequence[Document], contexts: Mapping[str, str]) -> None:
        """Make an origin that no source lists hold exactly these documents, at once.

        `contexts` gives words by source that say what a document is about where its own do not: a question.
        """
        wanted = {document.source: document for document in documents}
        with self._writing():
            known = self.catalogue.list_documents(origin)
            gone = sorted(known.keys() - wanted.keys())
            new = [d for s, d in wanted.items() if s not in known or known[s].digest != d.digest]
            for source in gone:
                self._remove(source)
            for document in new:
                self._put(document, origin, document.source, contexts.get(document.source, ""))
            if gone or new:
                self.lexical = self._follow(self.lexical)

    def refresh(self) -> None:
        """Take over what another process has written since the last look; costs a statement when it wrote nothing."""
        if self.catalogue.version() != self._version:
            with self._threads:
                self._version = self.catalogue.version()
                stored = load_lexical_index(self._words, self.catalogue.identity)
                is_newer = stored is not None and stored.stamp > self.lexical.stamp
                self.lexical = self._follow(stored if stored is not None and is_newer else self.lexical)

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

    @contextmanager
    def _syncing(self) -> Iterator[None]:
        """One sync at a time; single documents may be written between two of its own."""
        with self._sync_threads, self._sync_processes:
            yield

    def _settle(self) -> None:
        """Bring up to date what depends on all documents: which are old versions, and the words' ranking."""
        editions = self.catalogue.list_editions()
        superseded = find_superseded(editions, self.catalogue.read_text)
        moved = {e.source: superseded.get(e.source) for e in editions if e.superseded_by != superseded.get(e.source)}
        with self._writing():
            if moved:
                self.catalogue.record_superseded(moved)
            self.lexical = self._store_lexical()

    def _put(self, document: Document, origin: str, item: str, context: str = "") -> None:
        passages = build_passages(document)
        old = self.catalogue.list_stored(document.source)
        entries = self._encode(passages, context)
        self.vectors.upsert([(entry.passage, entry.unit_vectors) for entry in entries])
        self.catalogue.record_document(document, origin, item, entries)
        kept = {(passage.id, passage.audience) for passage in passages}
        self.vectors.delete([stored for stored in old if (stored.passage_id, stored.audience) not in kept])

    def _remove(self, source: str) -> None:
        stored = self.catalogue.list_stored(source)
        self.catalogue.delete_document(source)
        self.vectors.delete(stored)

    def _encode(self, passages: Sequence[Passage], context: str) -> list[Entry]:
        """Return the passages with their vectors; those whose text the catalogue holds already keep the old ones.

        `context` stands in for the heading where a text is not about what its heading says.
        """
        known = self.catalogue.get_entries([passage.id for passage in passages])
        new = [passage for passage in passages if passage.id not in known]
        units = [
            [f"{context} {unit.text}" for unit in split_units(passage.text)] if context else unit_texts(passage)
            for passage in new
        ]
        vectors = self._encode_units([text for texts in units for text in texts])
        fresh: dict[str, Entry] = {}
        start = 0
        for passage, texts in zip(new, units, strict=True):
            fresh[passage.id] = Entry(passage, vectors[start : start + len(texts)])
            start += len(texts)
        return [fresh.get(p.id) or Entry(p, known[p.id].unit_vectors) for p in passages]

    def _encode_units(self, texts: Sequence[str]) -> Vectors:
        """Return the units' vectors, (units, width); a document of a book's length may be left in the middle."""
        rows = []
        for start in range(0, max(len(texts), 1), ENCODED_TOGETHER):
            self._check_stop()
            rows.append(self._embedder.encode(texts[start : start + ENCODED_TOGETHER]))
        return rows[0] if len(rows) == 1 else np.concatenate(rows)

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
            vectors.upsert([(entry.passage, entry.unit_vectors) for entry in batch])
        self._note(f"{reason}; it was rebuilt from the catalogue.")
        return vectors

    @property
    def _words(self) -> Path:
        return self._folder / "words"

    def _open_lexical(self) -> LexicalIndex:
        """Return the stored ranking of words with what was written since; a new one where none can be used."""
        stored = load_lexical_index(self._words, self.catalogue.identity)
        return self._store_lexical() if stored is None else self._follow(stored)

    def _follow(self, rows: LexicalIndex) -> LexicalIndex:
        """Return the ranking with all that was written since its rows; built anew once that is much."""
        if self.catalogue.count_since(rows.stamp) > max(MOST_FRESH, len(rows.ids) // 20):
            return self._build_lexical()
        fresh = self.catalogue.walk_since(rows.stamp)
        return rows.with_fresh(count_terms(p.id, p.audience, _lexical_text(p)) for p in fresh)

    def _store_lexical(self) -> LexicalIndex:
        """Rank all passages anew, and store that for the next start and for other processes."""
        self._build_lexical().save(self._words, self.catalogue.identity)
        stored = load_lexical_index(self._words, self.catalogue.identity)
        if stored is None:
            raise OSError(f"{self._words} cannot be read back.")
        return stored

    def _build_lexical(self) -> LexicalIndex:
        """Rank all passages anew, in memory: the terms of a text are numbers, 8 bytes each, until they are counted."""
        stamp = self.catalogue.last_written()
        ids: list[str] = []
        audiences: list[Audience] = []

        def walk() -> Iterator[str]:
            for batch in self.catalogue.walk_entries():
                for entry in batch:
                    ids.append(entry.passage.id)
                    audiences.append(entry.passage.audience)
                    yield _lexical_text(entry.passage)

        return replace(build_lexical_index(ids, audiences, walk()), stamp=stamp)

    def _note(self, sentence: str) -> None:
        log.warning(sentence)
        self._mended.append(sentence)


def _lexical_text(passage: Passage) -> str:
    return f"{passage.heading} {passage.text}"
