"""Chip as a benchmark asks it: reads in a folder of documents, then answers questions in the product's own way.

Knows nothing of what is right. Vectors are kept from run to run, because encoding takes most of the time. Everything
else is computed again, so that a change of any reader shows.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import psutil
from numpy.typing import NDArray

from bot.core import Core, find_base, make_id, now_utc, open_engine, open_knowledge
from config.settings import KnowledgeSettings, Settings
from feedback.database import open_database
from retrieval.encoders.embedder import UNITS_VERSION, Embedder, load_embedder
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Stretch, Turn
from retrieval.prompt import is_refusal

BATCH = 256
CACHE = Path(tempfile.gettempdir()) / "chip-benchmarks"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with the earlier turns of its thread."""

    text: str
    thread: tuple[Turn, ...] = ()
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker sees, and what search found, by the paths of the documents, best first.

    `sources` are cited; `offered` are pages that may help if Chip is not sure. `confidence` in [0, 1] is how likely the
    best line answers.
    """

    text: str
    is_refused: bool
    sources: tuple[str, ...]
    offered: tuple[str, ...]
    found: tuple[str, ...]
    confidence: float
    milliseconds: float


@contextmanager
def open_chip(documents: Path, cache: Path, *, default_audience: Literal["customer", "staff"]) -> Iterator[Core]:
    """Open Chip with its default settings on a folder of documents, all read in. `cache` keeps the vectors of texts.

    Prints which files were not read.
    """
    with tempfile.TemporaryDirectory(prefix="chip-answers-") as folder, ExitStack() as stack:
        chosen = KnowledgeSettings(folder=documents, default_audience=default_audience)
        settings = Settings(data=Path(folder), knowledge=chosen)
        db = stack.enter_context(closing(open_database(settings.database_url, clock=now_utc, new_id=make_id)))
        base = find_base(settings, print)
        engine = stack.enter_context(open_engine(base, settings.engine))
        own = load_embedder(chosen.embedder, threads=psutil.cpu_count() or 1)
        embedder = stack.enter_context(closing(KeptEmbedder(own, cache)))
        knowledge = stack.enter_context(closing(open_knowledge(settings, embedder)))
        report = knowledge.ingest(documents)
        for unreadable in report.unreadable:
            print(f"Not read: {unreadable.path}: {unreadable.reason}")
        counts = knowledge.holdings.count()
        print(f"{counts.documents} documents, {counts.passages} passages", flush=True)
        yield Core(settings, db, knowledge, engine, base=base)


def answer(core: Core, asked: Asked) -> Answer:
    """Return Chip's answer as it would be shown."""
    started = time.perf_counter()
    scope = STAFF_SCOPE if asked.is_staff else CUSTOMER_SCOPE
    draft = core.prepare(asked.text, scope, asked.thread)
    saying = core.voice.say(draft, make_id("R"))
    text, retrieved = "".join(saying), draft.retrieved
    sources = {hit.passage.id: hit.passage.source for hit in retrieved.hits}
    is_refused = is_refusal(saying.shown.text)
    cited = _distinct([sources[line.passage_id] for line in saying.shown.cited if line.passage_id in sources])
    return Answer(
        text,
        is_refused,
        () if is_refused else cited,
        cited if is_refused else (),
        _distinct([hit.passage.source for hit in retrieved.hits]),
        retrieved.confidence,
        (time.perf_counter() - started) * 1000.0,
    )


class KeptEmbedder:
    """An embedder that encodes the units of documents once, ever: their vectors stay in a folder.

    A question is encoded each time, so that its answer takes the time that it takes.
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.model_id = embedder.model_id
        self._embedder = embedder
        self._stored = sqlite3.connect(folder / "vectors.sqlite3", check_same_thread=False)
        self._stored.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, width) float32 with rows of length 1."""
        return self._embedder.encode(texts)

    def encode_units(self, stretches: Sequence[Stretch]) -> list[NDArray[np.float32]]:
        """Return (units, width) for each stretch."""
        keys = [self._key(stretch) for stretch in stretches]
        known = self._load_vectors(keys)
        new = {key: stretch for key, stretch in zip(keys, stretches, strict=True) if key not in known}
        for start in range(0, len(new), BATCH):
            some = dict(list(new.items())[start : start + BATCH])
            vectors = self._embedder.encode_units(list(some.values()))
            known |= dict(zip(some, vectors, strict=True))
            with self._stored:
                rows = [(key, own.tobytes()) for key, own in zip(some, vectors, strict=True)]
                self._stored.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
        width = self._embedder.encode([]).shape[1]
        return [known[key].reshape(-1, width) for key in keys]

    def close(self) -> None:
        """Close the file."""
        self._stored.close()

    def _load_vectors(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            places = ",".join("?" * len(some))
            for key, vector in self._stored.execute(f"SELECT * FROM vectors WHERE key IN ({places})", some):
                found[key] = np.frombuffer(vector, dtype=np.float32)
        return found

    def _key(self, stretch: Stretch) -> bytes:
        told = "\0".join((self.model_id, str(UNITS_VERSION), stretch.lead, *stretch.units))
        return sha256(told.encode("utf-8", "replace")).digest()


def _distinct(sources: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sources))
