"""Asks a model the development sets' questions and scores its answers: right, wrong or refused.

Chip's own search finds the passages of each question once and keeps them in a file. A right answer holds one string of
every group of its question. If there is no answer, a refusal is right; for a false premise a denial is right too. The
score ranks models; an honest figure needs reading. Knows nothing of training.
"""

import json
import tarfile
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
from tokenizers import Tokenizer

from config.settings import KnowledgeSettings
from models.recipes.chip_smol.prompt import Page, build_messages
from models.recipes.chip_smol.rows import open_answer
from retrieval.encoders.cross_encoder import load_cross_encoder
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import STAFF_SCOPE, Turn
from retrieval.prompt import is_refusal

# Only these may be inspected. The other two sets are for the benchmarks' reports only.
SETS = {
    "jitsi": ("kb_docs/jitsi_handbook.tar.xz", "docs", "Jitsi"),
    "balena": ("kb_docs/balena-io_docs.tar.xz", "pages", "balena"),
}
KEPT = 8
CONTEXT = 2_048
ANSWER_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a development set with the passages that search found for it, best first."""

    id: str
    text: str
    kind: str
    is_answerable: bool
    wanted: tuple[tuple[str, ...], ...]
    thread: tuple[Turn, ...]
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of the found passages is shown."""

    passages: int = 4
    characters: int = 2_600


def load_questions(cases: Path, name: str, data: Path, cache: Path) -> list[Question]:
    """Return the questions of a set with their passages, which are searched for if the cache has none."""
    raw = [json.loads(line) for line in (cases / "kb" / f"{name}.jsonl").read_text().splitlines() if line]
    path = cache / f"{name}-passages.json"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(_search(raw, name, data, cache / f"{name}-index")))
        unfinished.replace(path)
    found: dict[str, list[list[str]]] = json.loads(path.read_text())
    return [
        Question(
            row["id"],
            row["question"],
            row["kind"],
            row["answerable"],
            tuple(tuple(group) for group in row["answer_contains"]),
            _turns(row),
            tuple(Page(heading, text) for heading, text in found[row["id"]]),
        )
        for row in raw
    ]


def _turns(row: dict[str, Any]) -> tuple[Turn, ...]:
    return tuple(Turn(role, text) for role, text in row.get("thread", ()))


def _search(raw: Sequence[dict[str, Any]], name: str, data: Path, index: Path) -> dict[str, list[tuple[str, str]]]:
    archive, folder, _ = SETS[name]
    knowledge = Knowledge(index, load_embedder(), cross_encoder=load_cross_encoder(KnowledgeSettings().cross_encoder))
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(data / archive) as tar:
            tar.extractall(place, filter="data")
        knowledge.ingest(Path(place) / folder)
    found = {}
    for row in raw:
        hits = knowledge.find_evidence(row["question"], STAFF_SCOPE, _turns(row)).hits[:KEPT]
        found[row["id"]] = [(hit.passage.heading, hit.passage.text) for hit in hits]
    knowledge.close()
    return found


class Speaker:
    """A GGUF that answers greedily, as llama.cpp serves it."""

    def __init__(self, gguf: Path, tokenizer: Tokenizer, threads: int) -> None:
        self._tokenizer = tokenizer
        self._llama = llama_cpp.Llama(
            str(gguf), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False
        )

    def answer(self, question: Question, company: str, budget: Budget) -> str:
        """Return the answer to a question over its first passages."""
        messages = build_messages(question.text, show(question.pages, budget), company=company, thread=question.thread)
        prompt = self._tokenizer.encode(open_answer(messages), add_special_tokens=False).ids
        said = self._llama.create_completion(prompt, max_tokens=ANSWER_TOKENS, temperature=0.0)
        text: str = said["choices"][0]["text"]  # type: ignore[index]
        return text.strip()


def show(pages: Sequence[Page], budget: Budget) -> list[Page]:
    """Return the first passages, as many as the budget allows, and at least one."""
    shown: list[Page] = []
    room = budget.characters
    for page in pages[: budget.passages]:
        room -= len(page.heading) + len(page.text)
        if shown and room < 0:
            break
        shown.append(page)
    return shown


def judge(question: Question, said: str) -> str:
    """Return "right", "wrong" or "refused"."""
    holds = bool(question.wanted) and all(
        any(one.lower() in said.lower() for one in group) for group in question.wanted
    )
    if question.is_answerable:
        return "right" if holds else "refused" if is_refusal(said) else "wrong"
    return "right" if is_refusal(said) or (question.kind == "false_premise" and holds) else "wrong"


def evaluate(
    speaker: Speaker, name: str, questions: Sequence[Question], budget: Budget, transcript: Path
) -> dict[str, Any]:
    """Return counts by outcome; every answer is written to the transcript, a line of JSON each."""
    counts: Counter[str] = Counter()
    with transcript.open("w") as file:
        for question in questions:
            said = speaker.answer(question, SETS[name][2], budget)
            outcome = judge(question, said)
            held = all(any(o.lower() in _text(question, budget) for o in group) for group in question.wanted)
            row = {"id": question.id, "kind": question.kind, "outcome": outcome, "shown": held, "said": said}
            file.write(json.dumps(row | {"question": question.text}, ensure_ascii=False) + "\n")
            file.flush()
            counts[f"{'answerable' if question.is_answerable else question.kind} {outcome}"] += 1
            counts[f"{question.kind} right"] += outcome == "right"
            counts["answerable, strings shown"] += question.is_answerable and held
    return {"set": name, "questions": len(questions), **dict(sorted(counts.items()))}


def _text(question: Question, budget: Budget) -> str:
    return "\n".join(f"{page.heading}\n{page.text}" for page in show(question.pages, budget)).lower()
