"""Does guessing from the evidence make the shipped model's answers faster? The sample company's questions, in turns.

    python -m benchmarks.serving.drafting --people 1 4 8 --draft-tokens 4 8

The prompts, and the grammar that holds quotes exact, are those of the product. Prints for each number of people at once
the seconds without and with guesses, their ratio in each repetition, the share of tokens that were guessed right, and
whether all answers are the same. `--processor` takes seconds of processor time instead, which tell on a busy machine
too where the engine has one thread (`--threads 1`).
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from bot.answering.quoting import choose_sampling
from bot.core import open_knowledge
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Completion, GenerationRequest
from bot.engine.sampling import Sampling
from config.settings import PROJECT, EngineSettings, Settings
from retrain.base_card import load_base
from retrieval.passage import CUSTOMER_SCOPE
from retrieval.prompt import ChatMessage, build_messages

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"
Prompt = tuple[tuple[ChatMessage, ...], Sampling]


def build_prompts(settings: Settings, count: int) -> list[Prompt]:
    """Return the prompts that the first so many questions get, and how their answers are chosen."""
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[:count]]
    with closing(open_knowledge(settings)) as knowledge:
        knowledge.ingest(settings.knowledge.folder)
        found = [knowledge.find_evidence(question, CUSTOMER_SCOPE).evidence for question in questions]
    return [
        (
            build_messages(question, evidence, company=settings.company),
            choose_sampling(evidence.lines, exact_quotes=settings.engine.exact_quotes),
        )
        for question, evidence in zip(questions, found, strict=True)
    ]


def answer_all(
    settings: Settings, draft_tokens: int, prompts: list[Prompt], people: int, read_clock: Callable[[], float]
) -> tuple[float, list[Completion]]:
    """Return the seconds and the answers of an engine of its own, after a warm-up."""
    chosen = settings.engine.model_copy(update={"draft_tokens": draft_tokens, "queue": 1000})
    with closing(LlamaEngine(load_base(chosen.base), chosen)) as engine, ThreadPoolExecutor(people) as pool:

        def answer(prompt: Prompt) -> Completion:
            messages, sampling = prompt
            request = GenerationRequest("draft", messages, max_tokens=chosen.answer_tokens, sampling=sampling)
            return engine.submit(request).completion()

        answer(prompts[0])
        started = read_clock()
        done = list(pool.map(answer, prompts))
        return read_clock() - started, done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--draft-tokens", type=int, nargs="+", default=[4])
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor", action="store_true")
    chosen = parser.parse_args()
    clock = time.process_time if chosen.processor else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), engine=EngineSettings(threads=chosen.threads))
        prompts = build_prompts(settings, chosen.questions)
    for people in chosen.people:
        plain: list[float] = []
        guessing: dict[int, list[float]] = {size: [] for size in chosen.draft_tokens}
        is_same = True
        for _ in range(chosen.repetitions):
            seconds, answers = answer_all(settings, 0, prompts, people, clock)
            plain.append(seconds)
            for size, column in guessing.items():
                faster, guessed = answer_all(settings, size, prompts, people, clock)
                column.append(faster)
                is_same = is_same and [done.text for done in answers] == [done.text for done in guessed]
        tokens = sum(done.completion_tokens for done in guessed)
        right = sum(done.drafted_tokens for done in guessed) / tokens
        print(
            f"{people} at once: {statistics.median(plain):.2f} s without guesses; answers "
            f"{'are the same' if is_same else 'differ'}; {right:.0%} of {tokens} tokens guessed right with the longest"
        )
        for size, column in guessing.items():
            ratios = ", ".join(f"{seconds / faster:.2f}" for seconds, faster in zip(plain, column, strict=True))
            print(f"  up to {size} ahead: {statistics.median(column):.2f} s; times as fast: {ratios}", flush=True)


if __name__ == "__main__":
    main()
