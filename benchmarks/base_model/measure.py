"""Measures a base by the product's own path: product's prompt and evidence, llama.cpp on Q8_0, greedy, no checker.

    python -m benchmarks.base_model.measure --base FILE.gguf --data DATA [--limit 200]

Without --data only the sample company, the swap pairs and the speed are measured.

How to read it: quotes are held exact, and search decides whether to refuse. A gold span is the answer that people
marked; the best sentences and the first line of evidence are what an answer would be without a model.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.base_model.answering import BaseModel, RememberingEmbedder
from benchmarks.base_model.company import measure_company, measure_guests, measure_speed, measure_swaps
from benchmarks.base_model.squad import load_questions, load_unanswerable, measure_squad, measure_unanswerable
from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import QUESTIONS, load_rows
from benchmarks.run import begin_run, build_parser, record
from config.settings import SAMPLE, KnowledgeSettings
from retrain.bases.shelf import DEFAULT, SHIPPED
from retrieval.encoders.cross_encoder import CrossEncoder, load_cross_encoder
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge

SUITES = ("speed", "company", "swaps", "squad", "squad2", "dstc9")


def measure(
    base: Path,
    data: Path | None,
    suites: Sequence[str],
    limit: int,
    index: Path,
    *,
    threads: int,
    seed: int,
    exact_quotes: bool,
    cross_encoder: CrossEncoder | None,
) -> Iterator[Iterator[Figure]]:
    """Yield the figures of each suite, which is measured as they are taken; `limit` caps the questions of each."""
    model, embedder = BaseModel(base, threads=threads, exact_quotes=exact_quotes), RememberingEmbedder(load_embedder())
    knowledge = Knowledge(index, embedder, cross_encoder=cross_encoder)
    knowledge.ingest(SAMPLE / "knowledge")
    rows = load_rows(QUESTIONS)
    chosen = Random(seed).sample(rows, k=min(limit, len(rows)))
    pairs = [json.loads(line) for line in (QUESTIONS.parent / "swaps.jsonl").read_text().splitlines()]
    if "speed" in suites:
        yield measure_speed(model)
    if "company" in suites:
        yield measure_company(model, chosen, knowledge, embedder)
    if "swaps" in suites:
        yield measure_swaps(model, Random(seed).sample(pairs, k=min(limit, len(pairs))), knowledge)
    knowledge.close()
    if data is not None and "squad" in suites:
        questions = load_questions(data / "squad" / "dev-v1.1.json.xz", limit, Random(seed))
        yield measure_squad(model, questions, embedder, cross_encoder)
    if data is not None and "squad2" in suites:
        questions = load_unanswerable(data / "squad" / "dev-v2.0.json.xz", limit, Random(seed))
        yield measure_unanswerable(model, questions, embedder, cross_encoder)
    if data is not None and "dstc9" in suites:
        yield measure_guests(model, data / "dstc9_track1", embedder, cross_encoder, limit, Random(seed))


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--base", type=Path, default=SHIPPED[DEFAULT])
    parser.add_argument("--data", type=Path, default=None, help="folder of the public data sets")
    parser.add_argument("--suite", action="append", choices=SUITES, help="only these (default: all)")
    parser.add_argument("--limit", type=int, default=2000, help="questions of each suite at most")
    parser.add_argument("--index", type=Path, default=None, help="keep the sample company's index here")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cross-encoder", default=KnowledgeSettings().cross_encoder, help='a folder, or "off"')
    parser.add_argument("--free-quotes", action="store_true", help="let the model write quotes token by token")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    with tempfile.TemporaryDirectory() as scratch:
        for figures in measure(
            chosen.base,
            chosen.data,
            chosen.suite or SUITES,
            chosen.limit,
            chosen.index or Path(scratch) / "index",
            threads=chosen.threads,
            seed=chosen.seed,
            exact_quotes=not chosen.free_quotes,
            cross_encoder=load_cross_encoder(chosen.cross_encoder),
        ):
            record(run, figures, chosen.results)


if __name__ == "__main__":
    main()
