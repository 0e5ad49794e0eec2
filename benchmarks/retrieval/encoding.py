"""Measures how fast texts become vectors: a question, the texts of documents, and lines read with a question.

python -m benchmarks.retrieval.encoding [--texts 400]

The texts are the sample company's units behind their headings; "in passages" they are read as indexing reads them, each
passage once.

How to read it: sentence-transformers encodes the same texts on one thread of torch, in turns with Chip, so that the
ratios hold on a busy machine. Memory and loading time are those of a separate process, beyond the imports of numpy and
onnxruntime.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import psutil

from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import QUESTIONS, load_rows
from benchmarks.run import begin_run, build_parser, record
from config.settings import SAMPLE, KnowledgeSettings
from retrain.free_cores import find_cores
from retrieval.encoders.cross_encoder import load_cross_encoder
from retrieval.encoders.embedder import (
    Embedder,
    SentenceTransformerEmbedder,
    default_model_folder,
    encode_apart,
    load_embedder,
)
from retrieval.english.sentences import build_stretch
from retrieval.passage import Stretch
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document, Item, Rules
from retrieval.reading.formats import read_parts
from retrieval.sources.folder import list_folder

ROUNDS = 40
PARTS = 4
LINES = 24
SYSTEMS = ("Chip", "sentence-transformers")


def list_stretches() -> list[Stretch]:
    """Return what indexing the sample company's documents encodes."""
    items = [found for found in list_folder(SAMPLE / "knowledge", Rules()) if isinstance(found, Item)]
    documents = [document for item in items for document in item.read(read_parts) if isinstance(document, Document)]
    return [build_stretch(passage) for document in documents for passage in build_passages(document)]


def list_texts(stretches: Sequence[Stretch]) -> list[str]:
    """Return the units of stretches, each behind its lead."""
    return [f"{stretch.lead} {unit}" for stretch in stretches for unit in stretch.units]


def measure(stretches: Sequence[Stretch], questions: Sequence[str]) -> Iterator[Figure]:
    """Yield all figures."""
    texts = list_texts(stretches)
    systems: dict[str, Embedder] = {
        "Chip": load_embedder(),
        "sentence-transformers": SentenceTransformerEmbedder(str(default_model_folder()), threads=1),
    }
    vectors = [system.encode(texts) for system in systems.values()]
    yield Figure("largest difference of a number", float(np.abs(vectors[0] - vectors[1]).max()), goal="≤ 0.00001")
    yield from _measure_questions(systems, questions)
    yield from _measure_texts(systems, texts)
    yield from _measure_passages(stretches)
    yield from _measure_meanwhile(texts, questions)
    yield from _measure_lines(texts, questions[0])
    with ProcessPoolExecutor(1, get_context("spawn")) as child:
        seconds, mebibytes = child.submit(_load_alone).result()
    yield Figure("loading the embedder", seconds, "s", goal="≤ 1")
    yield Figure("memory for the embedder", mebibytes, "MiB")


def _measure_questions(systems: dict[str, Embedder], questions: Sequence[str]) -> Iterator[Figure]:
    taken = _in_turns([[partial(system.encode, [q]) for q in questions[:ROUNDS]] for system in systems.values()])
    for name, seconds in zip(SYSTEMS, taken, strict=True):
        yield Figure("one question, p50", 1000 * float(np.median(seconds)), "ms", on=name)
    yield Figure("one question, Chip / sentence-transformers", float(np.median(taken[0] / taken[1])), goal="≤ 1")


def _measure_texts(systems: dict[str, Embedder], texts: Sequence[str]) -> Iterator[Figure]:
    cores = len(find_cores())
    encoders = [*systems.values(), load_embedder(threads=cores)]
    parts = [texts[part::PARTS] for part in range(PARTS)]
    taken = _in_turns([[partial(encoder.encode, part) for part in parts] for encoder in encoders])
    sizes = np.array([len(part) for part in parts])
    for on, seconds in zip((*SYSTEMS, f"Chip, {cores} threads"), taken, strict=True):
        speeds = sizes / seconds
        yield Figure("texts read", float(np.median(speeds)), "texts/s", on, low=min(speeds), high=max(speeds))
    yield Figure("texts read, Chip / sentence-transformers", float(np.median(taken[1] / taken[0])), goal="≥ 1")
    yield Figure(f"texts read, {cores} threads / one", float(np.median(taken[0] / taken[2])))


def _measure_passages(stretches: Sequence[Stretch]) -> Iterator[Figure]:
    """Yield how fast units are read in their passages, beside each of them alone, on one thread."""
    own = load_embedder()
    parts = [stretches[part::PARTS] for part in range(PARTS)]
    taken = _in_turns([[partial(call, own, part) for part in parts] for call in (_encode_units, encode_apart)])
    speeds = np.array([sum(len(stretch.units) for stretch in part) for part in parts]) / taken[0]
    yield Figure(
        "texts read in passages", float(np.median(speeds)), "texts/s", "Chip", low=min(speeds), high=max(speeds)
    )
    yield Figure("time of texts in passages / alone", float(np.median(taken[0] / taken[1])), goal="< 1")


def _encode_units(embedder: Embedder, stretches: Sequence[Stretch]) -> object:
    return embedder.encode_units(stretches)


def _measure_meanwhile(texts: Sequence[str], questions: Sequence[str]) -> Iterator[Figure]:
    """Yield how long a question takes while every core reads in documents."""
    encoder = load_embedder(threads=len(find_cores()))
    with ThreadPoolExecutor(1) as other:
        reading: Future[object] = other.submit(encoder.encode, texts)
        taken: list[float] = []
        while not reading.done():
            taken.append(_seconds(partial(encoder.encode, [questions[len(taken) % len(questions)]])))
    yield Figure("one question while documents are read in, p50", 1000 * float(np.median(taken)), "ms")


def _measure_lines(texts: Sequence[str], question: str) -> Iterator[Figure]:
    cross_encoder = load_cross_encoder(KnowledgeSettings().cross_encoder)
    if cross_encoder is not None:
        lines = [("Moss 2", text) for text in texts[:LINES]]
        taken = [_seconds(partial(cross_encoder.score, question, lines)) for _ in range(ROUNDS // 4)]
        yield Figure("a line read with its question, p50", 1000 * float(np.median(taken)) / LINES, "ms")


def _in_turns(calls: Sequence[Sequence[Callable[[], object]]]) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the seconds of each system's calls. The first of each is repeated, because it warms the system up."""
    for own in calls:
        own[0]()
    taken = [[_seconds(call) for call in turn] for turn in zip(*calls, strict=True)]
    return [np.array(column) for column in zip(*taken, strict=True)]


def _load_alone() -> tuple[float, float]:
    process = psutil.Process()
    before = process.memory_info().rss
    embedder: list[Embedder] = []
    seconds = _seconds(lambda: embedder.append(load_embedder()))
    embedder[0].encode(["How long does the battery last?"])
    return seconds, (process.memory_info().rss - before) / 2**20


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--texts", type=int, default=400, help="how many texts are encoded")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    questions = [row.question for row in load_rows(QUESTIONS)]
    stretches = list_stretches()
    sizes = np.cumsum([len(stretch.units) for stretch in stretches])
    record(run, measure(stretches[: int(np.searchsorted(sizes, chosen.texts)) + 1], questions), chosen.results)


if __name__ == "__main__":
    main()
