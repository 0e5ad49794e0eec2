"""Tunes the cross-encoder on questions about real documentation, with the lines that search ranks for them.

    python -m models.recipes.cross_encoder.tune --data FOLDER --work FOLDER --out FOLDER

Starts from the shipped weights or those of `train`. The lines of six products are learned and five products are kept
out. About 40 minutes on two busy cores, half of them for reading the documents in, and 4 GB of memory. Wrong lines are
those that search ranks highest; a question without its answer shall like none.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import nn

from models.recipes.cross_encoder.train import CrossEncoder, Pairs, load_trained, pad, run, save, write_line
from models.recipes.data.product_questions import ProductQuestion, rank_questions
from retrieval.encoders.embedder import default_model_folder, load_embedder
from retrieval.layout import flatten

LEARNED = ("deploy", "dynamics", "iis", "knative", "outlook", "sharepoint")
SHIPPED = Path(__file__).parents[2] / "cross-encoder"
BATCH, LINES, HIGHEST = 16, 6, 12
# The share of questions that are asked without the passages that answer, and that of right passages' other lines that
# count as wrong: they answer a little.
LEAVE_OUT, BESIDE = 0.15, 0.3
# The lowest layers keep what they know: a third less time.
FROZEN = ("embeddings", "layer.0.", "layer.1.")
HEAD_RATE = 4.0
WARM_UP = 0.06

Pair = tuple[list[int], int]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question's tokens, the tokens of its lines, which of them answer, and which stand beside an answer."""

    asked: list[int]
    lines: dict[int, list[int]]
    right: list[int]
    inside: frozenset[int]

    def draw(self, random: Random) -> tuple[list[int], int]:
        """Return the numbers of up to `LINES` lines, and how many of them, the first ones, answer."""
        is_left_out = bool(self.right) and random.random() < LEAVE_OUT
        right = [] if is_left_out else self.right[:2]
        others = [number for number in self.lines if number not in self.right]
        wrong = [n for n in others if n not in self.inside or (not is_left_out and random.random() < BESIDE)]
        highest, lower = wrong[:3], wrong[3:]
        random.shuffle(lower)
        return (right + highest + lower)[:LINES], len(right)


def build_lesson(question: ProductQuestion, pairs: Pairs) -> Lesson:
    """Return the lesson of a question: its highest lines, and those that answer, however low."""
    kept = [*range(min(HIGHEST, len(question.lines))), *sorted(question.right)[:4]]
    texts = {n: write_line(question.lines[n].passage.heading, flatten(question.lines[n].text)) for n in kept}
    lines = dict(zip(texts, pairs.read(list(texts.values())), strict=True))
    return Lesson(pairs.read([question.text])[0], lines, sorted(question.right)[:4], question.inside)


def tune(model: CrossEncoder, lessons: Sequence[Lesson], pairs: Pairs, *, epochs: float, rate: float) -> None:
    """Learn the lessons so often, in random order, and print the progress."""
    for name, value in model.named_parameters():
        value.requires_grad_(not any(part in name for part in FROZEN))
    head = list(model.score.parameters())
    layers = [value for name, value in model.named_parameters() if value.requires_grad and "score" not in name]
    optimizer = torch.optim.AdamW([{"params": layers}, {"params": head}], lr=rate, weight_decay=0.01)
    steps = max(1, int(epochs * len(lessons) / BATCH))
    model.train()
    for step, batch in zip(range(steps), _draw_batches(lessons, Random(1)), strict=False):
        share = min(1.0, step / (WARM_UP * steps) + 0.02, (1.0 - step / steps) * 1.02)
        for group, worth in zip(optimizer.param_groups, (1.0, HEAD_RATE), strict=True):
            group["lr"] = rate * worth * share
        loss = find_loss(model, batch, pairs, Random(step))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own signature has no types
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            print(f"step {step} of {steps}, loss {loss.item():.3f}", flush=True)


def _draw_batches(lessons: Sequence[Lesson], random: Random) -> Iterator[list[Lesson]]:
    waiting: list[Lesson] = []
    while True:
        while len(waiting) < BATCH:
            waiting += random.sample(lessons, len(lessons))
        yield waiting[:BATCH]
        waiting = waiting[BATCH:]


def find_loss(model: CrossEncoder, batch: Sequence[Lesson], pairs: Pairs, random: Random) -> torch.Tensor:
    """Return the mean listwise loss of lessons; "none of these" is a choice of score 0."""
    drawn = [lesson.draw(random) for lesson in batch]
    rows = [
        pairs.join(lesson.asked, lesson.lines[number])
        for lesson, (numbers, _) in zip(batch, drawn, strict=True)
        for number in numbers
    ]
    scores = _score(model, rows)
    losses = []
    for numbers, right in drawn:
        own, scores = scores[: len(numbers)], scores[len(numbers) :]
        every = torch.cat([torch.zeros(1), own])
        losses.append(every.logsumexp(0) - (own[:right].logsumexp(0) if right else every[0]))
    return torch.stack(losses).mean()


def _score(model: CrossEncoder, rows: Sequence[Pair]) -> torch.Tensor:
    """Return the (rows,) scores, read in two parts of like length."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number][0]))
    parts = [part for part in np.array_split(np.array(order), 2) if len(part)]
    scores = torch.cat([run(model, pad([rows[number] for number in part]), "cpu") for part in parts])
    return torch.zeros(len(rows)).index_copy(0, torch.tensor(order), scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--work", type=Path, required=True, help="documents and indices are kept here")
    parser.add_argument("--start", type=Path, default=SHIPPED, help="the weights to begin with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--products", nargs="+", default=LEARNED)
    parser.add_argument("--epochs", type=float, default=1.5)
    parser.add_argument("--rate", type=float, default=7e-5)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    pairs, embedder = Pairs(default_model_folder()), load_embedder()
    lessons = [
        build_lesson(question, pairs)
        for product in arguments.products
        for question in rank_questions(product, arguments.data, arguments.work, embedder)
        if question.lines
    ]
    print(f"{len(lessons)} questions, {sum(bool(one.right) for one in lessons)} with a right line", flush=True)
    model = load_trained(arguments.start)
    tune(model, lessons, pairs, epochs=arguments.epochs, rate=arguments.rate)
    save(model, arguments.out)


if __name__ == "__main__":
    main()
