"""Brings the catalogue in line with what one source lists, item by item, and reports what changed.

Knows which items are new, changed, unreadable or gone. Writing a document is passed in; knows nothing of vectors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from retrieval.reading.documents import Document, Found, Item, ReadFile, Unreadable
from retrieval.store.catalogue import Catalogue

Progress = Callable[[int, str], None]
"""Gets the number of items done and the last one's name."""


class SourceGoneError(OSError):
    """A source that held documents lists none at all: probably a disk that is not mounted."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one sync of a source did, counted in documents.

    `mended` says what had to be rebuilt and why. `unreachable` names what could not be reached this time; what was
    indexed of it before stays.
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
        """Why documents were kept that the source did not list; "" if none was."""
        return next((thing.reason for thing in self.unreachable if thing.is_listing), "")


@dataclass(frozen=True, slots=True)
class SyncSteps:
    """What a sync calls: to read a file, to write and remove a document, and to end if the index is told to stop.

    `write` gets the document, the source's name and the item's name.
    """

    read_file: ReadFile
    write: Callable[[Document, str, str], None]
    remove: Callable[[str], None]
    check_stop: Callable[[], None]


class SourceSync:
    """One run over what a source lists."""

    def __init__(self, catalogue: Catalogue, origin: str, steps: SyncSteps) -> None:
        self.is_changed = False
        self._catalogue = catalogue
        self._log = catalogue.reading_log
        self._origin = origin
        self._steps = steps
        self._known = catalogue.list_documents(origin)
        self._fingerprints = self._log.list_items(origin)
        self._problems = self._log.list_problems(origin)
        self._sources_of: dict[str, list[str]] = defaultdict(list)
        for listed in self._known.values():
            self._sources_of[listed.item].append(listed.source)
        self._seen: set[str] = set()
        self._items: set[str] = set()
        self._added = self._changed = self._removed = 0
        self._unreadable: list[Unreadable] = []
        self._unreachable: list[Unreadable] = []
        self._listings: list[Unreadable] = []

    def run(self, found: Iterable[Found], progress: Progress | None) -> None:
        """Read each listed item that is new or changed, then remove what the source no longer lists.

        Raise `SourceGoneError` if a source with documents lists nothing, `StoppedError` if the index is told to stop.
        """
        for done, thing in enumerate(found, start=1):
            self._steps.check_stop()
            self._sync_item(thing)
            if progress is not None:
                progress(done, thing.path if isinstance(thing, Unreadable) else thing.name)
        if self._known and not self._seen and not self._unreadable:
            reason = "lists no document any more; what is indexed of it was kept"
            raise SourceGoneError(f"The source of {len(self._known)} documents {reason}.")
        if self._listings:  # part of the list is missing, so nothing counts as gone
            self._note_unlisted()
        else:
            self._remove_gone()

    def report(self, mended: tuple[str, ...]) -> IngestReport:
        """Return what the run did. `mended` is what the index rebuilt."""
        return IngestReport(
            added=self._added,
            changed=self._changed,
            removed=self._removed,
            unchanged=len(self._seen) - self._added - self._changed,
            unreadable=tuple(self._unreadable),
            mended=mended,
            unreachable=tuple(self._unreachable),
        )

    def _sync_item(self, thing: Found) -> None:
        if isinstance(thing, Unreadable):
            self._note_unreadable(thing)
        elif self._fingerprints.get(thing.name) == thing.fingerprint:
            self._keep(thing.name)
            self._unreadable += self._problems.get(thing.name, ())
        else:
            self._read_item(thing)

    def _note_unreadable(self, thing: Unreadable) -> None:
        pile = self._listings if thing.is_listing else self._unreachable if thing.is_kept else self._unreadable
        pile.append(thing)
        if thing.is_kept:
            self._keep(thing.path)

    def _read_item(self, item: Item) -> None:
        """Write each document of the item that is new or changed.

        The log says that the item was read only if all of it could be reached; otherwise the next sync reads it again.
        """
        is_reached = True
        problems: list[Unreadable] = []
        for document in item.read(self._steps.read_file):
            self._steps.check_stop()
            if not isinstance(document, Unreadable):
                self._write_if_changed(document, item.name)
            elif document.is_kept:
                is_reached = False
                self._unreachable.append(document)
                self._keep(item.name)
            else:
                problems.append(document)
        self._unreadable += problems
        if is_reached:
            self._items.add(item.name)
            self._log.record_item(self._origin, item.name, item.fingerprint, problems)

    def _write_if_changed(self, document: Document, item: str) -> None:
        known = self._known.get(document.source)
        if document.source not in self._seen and (known is None or known.digest != document.digest):
            self._steps.write(document, self._origin, item)
            self.is_changed = True
            self._added += known is None
            self._changed += known is not None
        self._seen.add(document.source)

    def _keep(self, item: str) -> None:
        """Keep what is indexed of an item."""
        self._items.add(item)
        self._seen.update(self._sources_of.get(item, ()))

    def _note_unlisted(self) -> None:
        if self._known.keys() - self._seen:
            self._unreachable += self._listings

    def _remove_gone(self) -> None:
        for source in sorted(self._known.keys() - self._seen):
            self.is_changed = True
            self._steps.remove(source)
            self._removed += 1
        self._log.delete_items(self._origin, sorted(self._fingerprints.keys() - self._items))
