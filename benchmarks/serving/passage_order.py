"""Measures what the order of evidence would save: tokens that an engine which forgets nothing need not read again.

    python -m benchmarks.serving.passage_order

The sample company's questions, one after the other. Counts tokens only: needs no quiet machine.

How to read it: Chip serves and trains with the best line first. In the documents' own order two questions about one
page begin alike more often.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.core import find_base, open_knowledge
from bot.engine.model import LlamaModel
from bot.engine.parking import common_prefix
from config.settings import PROJECT, Settings
from retrieval.chat_template import render_chat
from retrieval.draft import build_draft
from retrieval.passage import CUSTOMER_SCOPE, Evidence

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"


def sort_by_document(evidence: Evidence) -> Evidence:
    """Return the same lines in the order of the documents, renumbered."""
    lines = sorted(evidence.lines, key=lambda line: (line.passage_id, line.number))
    return replace(evidence, lines=tuple(replace(line, number=place) for place, line in enumerate(lines, start=1)))


def count(prompts: list[list[int]]) -> tuple[float, float, float]:
    """Return mean tokens: of a prompt, of the beginning that all share, and of what an earlier one shares beyond."""
    system = min(common_prefix(prompts[0], prompt) for prompt in prompts[1:])
    beyond = [
        max(common_prefix(earlier, prompt) for earlier in prompts[:place]) - system
        for place, prompt in enumerate(prompts[1:], start=1)
    ]
    return sum(map(len, prompts)) / len(prompts), float(system), sum(beyond) / len(beyond)


def measure() -> Iterator[Figure]:
    """Yield the figures of both orders."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
        with closing(open_knowledge(settings)) as knowledge:
            knowledge.ingest(settings.knowledge.folder)
            found = [knowledge.find_evidence(question, CUSTOMER_SCOPE) for question in questions]
    with closing(LlamaModel(find_base(settings))) as model:
        template = model.chat_template()
        for name, order in (("best line first", lambda evidence: evidence), ("as in the documents", sort_by_document)):
            chats = (
                build_draft(
                    replace(one, evidence=order(one.evidence)), settings.company, question, CUSTOMER_SCOPE
                ).messages
                for question, one in zip(questions, found, strict=True)
            )
            whole, system, beyond = count([model.tokenize(render_chat(template, chat)) for chat in chats])
            yield Figure("tokens of a prompt", whole, on=name)
            yield Figure("shared by all", system, on=name)
            yield Figure("shared with an earlier one beyond that", beyond, on=name)


def main() -> None:
    """Measure, print and keep the figures."""
    chosen = build_parser(__doc__).parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(), chosen.results)


if __name__ == "__main__":
    main()
