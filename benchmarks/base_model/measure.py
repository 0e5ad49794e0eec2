"""Measures a base by the product's own path: product's prompt and evidence, llama.cpp on Q8_0, greedy, no checker.

    python -m benchmarks.base_model.measure --base models/chip-nano --data DATA [--limit 200] [--json]

Without --data only the sample company, the swap pairs and the speed are measured.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.base_model.answering import BaseModel, RememberingEmbedder
from benchmarks.base_model.company import measure_company, measure_guests, measure_speed, measure_swaps
from benchmarks.base_model.squad import load_questions, load_unanswerable, measure_squad, measure_unanswerable
from benchmarks.retrieval.sample_company import QUESTIONS, load_rows
from config.settings import SAMPLE, SAMPLE_SHIFT, KnowledgeSettings
from retrieval.encoders.cross_encoder import CrossEncoder, load_cross_encoder
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.ranking.evidence import EvidenceLimits

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
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the figures of each suite as they come; `limit` caps the questions of each."""
    model, embedder = BaseModel(base, threads=threads, exact_quotes=exact_quotes), RememberingEmbedder(load_embedder())
    knowledge = Knowledge(index, embedder, cross_encoder=cross_encoder, limits=EvidenceLimits(shift=SAMPLE_SHIFT))
    knowledge.ingest(SAMPLE / "knowledge")
    rows = load_rows(QUESTIONS)
    chosen = Random(seed).sample(rows, k=min(limit, len(rows)))
    pairs = [json.loads(line) for line in (QUESTIONS.parent / "swaps.jsonl").read_text().splitlines()]
    if "speed" in suites:
        yield "speed", measure_speed(model)
    if "company" in suites:
        yield "sample company", measure_company(model, chosen, knowledge, embedder)
    if "swaps" in suites:
        yield "swap pairs", measure_swaps(model, Random(seed).sample(pairs, k=min(limit, len(pairs))), knowledge)
    knowledge.close()
    if data is not None and "squad" in suites:
        questions = load_questions(data / "squad" / "dev-v1.1.json.xz", limit, Random(seed))
        yield "SQuAD 1.1 dev", measure_squad(model, questions, embedder, cross_encoder)
    if data is not None and "squad2" in suites:
        questions = load_unanswerable(data / "squad" / "dev-v2.0.json.xz", limit, Random(seed))
        yield "SQuAD 2.0 dev", measure_unanswerable(model, questions, embedder, cross_encoder)
    if data is not None and "dstc9" in suites:
        yield "DSTC9 test", measure_guests(model, data / "dstc9_track1", embedder, cross_encoder, limit, Random(seed))


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure a base model by the product's own path.")
    parser.add_argument("--base", type=Path, default=Path("models/chip-nano"))
    parser.add_argument("--data", type=Path, default=None, help="folder of the public data sets")
    parser.add_argument("--suite", action="append", choices=SUITES, help="only these (default: all)")
    parser.add_argument("--limit", type=int, default=2000, help="questions of each suite at most")
    parser.add_argument("--index", type=Path, default=None, help="keep the sample company's index here")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cross-encoder", default=KnowledgeSettings().cross_encoder, help='a folder, or "off"')
    parser.add_argument("--free-quotes", action="store_true", help="let the model write quotes token by token")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        index = options.index or Path(scratch) / "index"
        suites = options.suite or SUITES
        figures = {}
        for suite, values in measure(
            options.base,
            options.data,
            suites,
            options.limit,
            index,
            threads=options.threads,
            seed=options.seed,
            exact_quotes=not options.free_quotes,
            cross_encoder=load_cross_encoder(options.cross_encoder),
        ):
            figures[suite] = values
            if not options.json:
                print(suite, *(f"  {name}: {value}" for name, value in values.items()), sep="\n", flush=True)
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
