"""The upkeep of an empty data folder. Its web is the loopback address, an allowance that is handed in only here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrieval.knowledge import Knowledge
from retrieval.reading.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.fetch import Fetcher
from retrieval.sources.pins import Pin
from retrieval.upkeep import Reach, Upkeep
from tests.retrieval.sources.site import Site, open_site
from tests.retrieval.words import WordEmbedder


@dataclass(slots=True)
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pins() -> list[Pin]:
    return []


@pytest.fixture
def canvases() -> list[Canvas | Unreadable]:
    return []


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[Knowledge]:
    opened = Knowledge(tmp_path / "var" / "index", WordEmbedder())
    yield opened
    opened.close()


@pytest.fixture
def upkeep(
    tmp_path: Path, knowledge: Knowledge, clock: Clock, pins: list[Pin], canvases: list[Canvas | Unreadable]
) -> Upkeep:
    reach = Reach(lambda: Fetcher(allow=lambda address: address.is_loopback), lambda _channel: pins, lambda _: canvases)
    return Upkeep(tmp_path / "var", knowledge, reach, clock)


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site
