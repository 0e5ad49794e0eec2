"""Measures reading a folder of documents in, from nothing: where the time goes, and how much memory it takes.

    python -m benchmarks.ingest FOLDER_OR_ARCHIVE ... [--encode 2000] [--seconds 600]

Each folder, or archive of one, is read as `chip ingest` reads it: in a limited process, into an index of its own.
`--encode` bounds how many units are encoded for real; all others get a vector of chance, which search could not use but
which the index stores in the same time. After `--seconds` a run is stopped and continued by a second one.

How to read it: "seconds" without "all units encoded" is of a run in which most units were not encoded; what all of
them would take follows from the speed of those that were. Processor time compares runs on a busy machine: divided by
the cores it is the least that reading in takes. A run that is stopped goes on in a second one, with the same end.
"""

import resource
import tarfile
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from retrain.free_cores import find_cores
from retrieval.encoders.embedder import Embedder, load_embedder
from retrieval.passage import Audience, Stretch, Vectors
from retrieval.reading.documents import StoppedError
from retrieval.reading.file_reader import FileReader
from retrieval.store.index import Index

WATCHED_EVERY_SECONDS = 0.25
MEBIBYTE = 2**20


class SampledEmbedder:
    """Encodes the first units for real and gives the others vectors of chance. Notes processor time and units."""

    def __init__(self, embedder: Embedder, limit: int | None) -> None:
        self.model_id = embedder.model_id
        self.seconds = 0.0
        self.encoded = self.units = 0
        self._embedder = embedder
        self._limit = limit
        self._chance = np.random.default_rng(1)
        self._width = embedder.encode([]).shape[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.encode(texts)

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        """Return (units, width) for each stretch."""
        count = sum(len(stretch.units) for stretch in stretches)
        self.units += count
        if self._limit is not None and self.encoded + count > self._limit:
            return [self._guess(len(stretch.units)) for stretch in stretches]
        started = time.process_time()
        vectors = self._embedder.encode_units(stretches)
        self.seconds += time.process_time() - started
        self.encoded += count
        return vectors

    def _guess(self, count: int) -> Vectors:
        rows = self._chance.standard_normal((count, self._width), dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@dataclass
class Watch:
    """The most memory that this process and the process that reads files have held, by a look every quarter second."""

    own: int = 0
    children: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def looking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(WATCHED_EVERY_SECONDS):
            self.own = max(self.own, process.memory_info().rss)
            self.children = max(self.children, sum(map(_read_memory, process.children(recursive=True))))


def _read_memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended meanwhile
        return 0


def measure(folder: Path, name: str, encode: int | None, seconds: float) -> Iterator[Figure]:
    """Yield the figures of one folder."""
    embedder = SampledEmbedder(load_embedder(threads=len(find_cores())), encode)
    watch, before = Watch(), _read_children_seconds()
    with tempfile.TemporaryDirectory(prefix="chip-ingest-") as place, watch.looking():
        started, used = time.perf_counter(), time.process_time()
        is_stopped = not _ingest(Path(place), folder, embedder, seconds)
        if is_stopped:
            _ingest(Path(place), folder, embedder, None)
        taken, used = time.perf_counter() - started, time.process_time() - used
        with closing(Index(Path(place), embedder)) as index:
            documents, passages = index.catalogue.count()
            stored = index.catalogue.count_units()
    parsing = _read_children_seconds() - before
    all_units = embedder.encoded == embedder.units
    yield Figure("documents", documents, on=name)
    yield Figure("passages", passages, on=name)
    yield Figure("units", stored, on=name)
    yield Figure("units encoded", embedder.encoded, on=name)
    yield Figure("runs", 2 if is_stopped else 1, on=name)
    yield Figure("seconds" + (", all units encoded" if all_units else ""), taken, "s", on=name)
    yield Figure("processor time: parsing", parsing, "s", on=name)
    yield Figure("processor time: encoding", embedder.seconds, "s", on=name)
    yield Figure("processor time: cutting, storing, ranking words", used - embedder.seconds, "s", on=name)
    if embedder.encoded:
        speed = embedder.encoded / embedder.seconds
        yield Figure("units encoded for each second of the processor", speed, "units/s", on=name)
        whole = parsing + used - embedder.seconds + stored / speed
        yield Figure("processor time if all units were encoded", whole, "s", on=name)
    yield Figure("peak memory", watch.own / MEBIBYTE, "MiB", on=name)
    yield Figure("peak memory of the process that reads files", watch.children / MEBIBYTE, "MiB", on=name)


def _ingest(place: Path, folder: Path, embedder: Embedder, seconds: float | None) -> bool:
    """Read a folder in; return False where the time was over before it was done."""
    with ExitStack() as stack:
        reader = FileReader()
        stack.callback(reader.close)
        index = stack.enter_context(closing(Index(place, embedder, reader)))
        if seconds is not None:
            timer = threading.Timer(seconds, index.stop)
            timer.start()
            stack.callback(timer.cancel)
        try:
            index.ingest(folder, default_audience=Audience.STAFF)
        except StoppedError:
            return False
    return True


def _read_children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def open_folder(path: Path) -> Iterator[Path]:
    """Yield the folder, or the folder that an archive holds, unpacked."""
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="chip-unpacked-") as place:
        with tarfile.open(path) as packed:
            packed.extractall(place, filter="data")
        yield Path(place)


def _build_parser() -> ArgumentParser:
    parser = build_parser(__doc__)
    parser.add_argument("documents", type=Path, nargs="+", help="folders, or archives of them")
    parser.add_argument("--encode", type=int, default=None, help="encode so many units at most; all by default")
    parser.add_argument("--seconds", type=float, default=600.0, help="stop the first run after so long")
    return parser


def main() -> None:
    """Measure, print and keep the figures of each folder."""
    chosen = _build_parser().parse_args()
    for path in chosen.documents:
        run = begin_run(__file__, chosen)
        with open_folder(path) as folder:
            record(
                run, list(measure(folder, path.name.partition(".")[0], chosen.encode, chosen.seconds)), chosen.results
            )


if __name__ == "__main__":
    main()
