"""Upkeep: reads every added source again when it is due, and keeps the outcome.

The story of `chip sources`. What lies outside this machine (web, git, chat) is passed in as `Reach`.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from config.masking import mask_secrets
from retrieval.knowledge import Knowledge
from retrieval.reading.documents import Found, Rules, StoppedError, Unreadable
from retrieval.sources.canvases import Canvas, list_canvases
from retrieval.sources.errors import SourceError
from retrieval.sources.fetch import Fetcher
from retrieval.sources.folder import list_folder
from retrieval.sources.git import drop_clone, list_git
from retrieval.sources.pins import Pin, list_pins
from retrieval.sources.registry import Source, SourceKind, add_source, get_source, load_sources, remove_source
from retrieval.sources.website import list_website
from retrieval.store.source_sync import IngestReport, Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """What lies outside: pages, clones of repositories, and the pinned messages and canvases of a channel."""

    open_fetcher: Callable[[], Fetcher]
    list_pins: Callable[[str], Iterable[Pin]]
    list_canvases: Callable[[str], Iterable[Canvas | Unreadable]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one sync of a source: a report, or the reason why there is none, or why it is incomplete."""

    source: Source
    report: IngestReport | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The sources of one data folder and the knowledge that they fill."""

    folder: Path
    knowledge: Knowledge
    reach: Reach
    clock: Callable[[], datetime]

    @property
    def list_path(self) -> Path:
        return self.folder / "sources.json"

    def sources(self) -> list[Source]:
        """Return the sources in the order in which they were added. Raise `SourceError` for a damaged list."""
        return load_sources(self.list_path)

    def add(self, source: Source) -> None:
        """Add a source. The next sync reads it. Raise `SourceError` if it cannot be added."""
        add_source(self.list_path, source)

    def remove(self, name: str) -> int:
        """Forget a source and all its documents, and return how many there were.

        Raise `SourceError` if there is no such source.
        """
        get_source(self.sources(), name)
        removed = self.knowledge.forget(name)
        remove_source(self.list_path, name)
        drop_clone(self._clones, name)
        return removed

    def sync(self, name: str, progress: Progress | None = None) -> Outcome:
        """Read one source again. If it cannot be read, what is indexed of it stays, and the outcome says so."""
        source = get_source(self.sources(), name)
        try:
            report = self.knowledge.sync(source.name, self._list_items(source), progress=progress)
        except (SourceError, OSError) as error:
            log.warning("source %s: not read (%s)", source.name, type(error).__name__)
            reason = mask_secrets(str(error))
            self.knowledge.holdings.record_sync(source.name, self.clock(), reason)
            return Outcome(source, None, reason)
        log.info("source %s: %d new, %d changed, %d removed", source.name, report.added, report.changed, report.removed)
        self.knowledge.holdings.record_sync(source.name, self.clock(), report.interruption)
        return Outcome(source, report, report.interruption)

    def due(self) -> list[Source]:
        """Return the sources whose refresh time has passed, or that were never read into this index."""
        syncs = self.knowledge.holdings.list_syncs()
        now = self.clock()
        return [
            source
            for source in self.sources()
            if source.name not in syncs or now - syncs[source.name].at >= timedelta(hours=source.every_hours)
        ]

    def sync_due(
        self,
        is_stopped: Callable[[], bool],
        on_turn: Callable[[Outcome], None] = lambda _: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Read every source that is due; the job of the schedule. The next run continues where this one was stopped.

        `on_turn` is told of a source that could be read completely last time and cannot now, or the other way round.
        `on_change` is called for each source of which a document is new, changed or gone.
        """

        def look(_done: int, _name: str) -> None:
            if is_stopped():
                raise StoppedError

        try:
            for source in self.due():
                last = self.knowledge.holdings.list_syncs().get(source.name)
                outcome = self.sync(source.name, look)
                if bool(outcome.reason) != bool(last and last.problem):
                    on_turn(outcome)
                if outcome.report and outcome.report.added + outcome.report.changed + outcome.report.removed:
                    on_change()
        except StoppedError:
            log.info("the refresh of the sources was stopped")
        except SourceError as error:
            log.error("the sources cannot be refreshed: %s", error)

    @property
    def _clones(self) -> Path:
        return self.folder / "clones"

    def _list_items(self, source: Source) -> Iterator[Found]:
        prefix, rules = f"{source.name}:", self.knowledge.build_rules(source.audience)
        match source.kind:
            case SourceKind.FOLDER:
                yield from list_folder(Path(source.location), rules, prefix=prefix)
            case SourceKind.GIT:
                yield from list_git(source.location, self._clones, source.name, rules, prefix=prefix)
            case SourceKind.WEBSITE:
                fetcher = self.reach.open_fetcher()
                try:
                    strangers = Rules(source.audience, is_fixed=True)
                    yield from list_website(source.location, fetcher, strangers, prefix=prefix)
                finally:
                    fetcher.close()
            case SourceKind.SLACK:
                pins = self.reach.list_pins(source.location)
                yield from list_pins(source.location, pins, rules, prefix=prefix)
                canvases = self.reach.list_canvases(source.location)
                yield from list_canvases(source.location, canvases, rules, prefix=prefix)
