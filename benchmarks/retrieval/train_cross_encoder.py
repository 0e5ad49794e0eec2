"""Trains the cross-encoder that ranks evidence lines, from the sentence encoder's own weights.

    python -m benchmarks.retrieval.train_cross_encoder --data FOLDER --out var/cross-encoder [--minutes 40]

Question and line are read together by the layers of all-MiniLM-L6-v2, which are trained on; its word vectors stay, so
that only the layers ship. The loss is a softmax over the lines of one question and "none of them" with score 0, so
that a score is the log-odds that a line answers. Public sets and invented companies only. Stops by the seconds given,
with the rate falling to nothing then. Uses a GPU where there is one.
"""

import argparse
import hashlib
import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Encoding, Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from benchmarks.retrieval.reading_lessons import Lesson, load_lessons
from retrieval.cross_encoder import MAX_TOKENS
from retrieval.embedder import DEFAULT_MODEL, default_model_folder

BATCH_LESSONS = 12
LAYER_RATE, HEAD_RATE = 6e-5, 1e-3
WARM_UP = 0.05


class CrossEncoder(nn.Module):
    """MiniLM's layers over the pair, and one number from the first token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        config = BertConfig.from_pretrained(folder)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1
        self.bert = BertModel.from_pretrained(
            folder, config=config, add_pooling_layer=False, attn_implementation="sdpa"
        )
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        self.score = nn.Linear(config.hidden_size, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    def forward(self, ids: torch.Tensor, types: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=present).last_hidden_state
        return self.score(states[:, 0]).squeeze(-1)


def encode_pairs(tokenizer: Tokenizer, lesson: Lesson) -> list[Encoding]:
    return tokenizer.encode_batch([(lesson.question, f"{heading}: {text}") for heading, text in lesson.lines])


def to_batch(encodings: Sequence[Encoding]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    length = max(len(encoding.ids) for encoding in encodings)
    table = np.zeros((3, len(encodings), length), dtype=np.int64)
    for row, encoding in enumerate(encodings):
        own = len(encoding.ids)
        table[0, row, :own], table[1, row, :own], table[2, row, :own] = encoding.ids, encoding.type_ids, 1
    ids, types, present = torch.from_numpy(table)
    return ids, types, present


def lesson_loss(scores: torch.Tensor, lessons: Sequence[Lesson]) -> torch.Tensor:
    """Return the mean listwise loss; `scores` holds the lines of all lessons one after the other."""
    losses, start = [], 0
    for lesson in lessons:
        own = scores[start : start + len(lesson.lines)]
        start += len(lesson.lines)
        every = torch.cat([own.new_zeros(1), own])
        right = own[sorted(lesson.right)] if lesson.right else own.new_zeros(1)
        losses.append(torch.logsumexp(every, 0) - torch.logsumexp(right, 0))
    return torch.stack(losses).mean()


def train(
    model: CrossEncoder, tokenizer: Tokenizer, lessons: list[Lesson], seconds: float, held_out: list[Lesson]
) -> None:
    """Train until the seconds are over; prints how it goes."""
    layers = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("score")]
    groups = [{"params": layers, "lr": LAYER_RATE}, {"params": list(model.score.parameters()), "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    rates = [group["lr"] for group in groups]
    started, step, seen, shown = time.monotonic(), 0, 0, time.monotonic()
    losses: list[float] = []
    model.train()
    for batch in deal(lessons, Random(5)):
        done = (time.monotonic() - started) / seconds
        if done >= 1.0:
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, done / WARM_UP, (1.0 - done) * 1.02)
        encodings = [encoding for lesson in batch for encoding in encode_pairs(tokenizer, lesson)]
        loss = lesson_loss(model(*to_batch(encodings)), batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + len(batch)
        losses.append(loss.item())
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            print(f"{shown - started:.0f} s, {seen} lessons, loss {np.mean(losses[-100:]):.3f}", flush=True)
        if step % 400 == 0:
            print(evaluate(model, tokenizer, held_out), flush=True)
    print(f"{step} steps, {seen} lessons", flush=True)


def deal(lessons: list[Lesson], random: Random) -> Iterator[list[Lesson]]:
    """Yield batches of lessons of about the same length, for ever; each lesson once before any comes again."""
    sized = [(max(len(f"{h}{t}") for h, t in lesson.lines) + len(lesson.question), lesson) for lesson in lessons]
    while True:
        random.shuffle(sized)
        batches = []
        for first in range(0, len(sized), 50 * BATCH_LESSONS):
            part = sorted(sized[first : first + 50 * BATCH_LESSONS], key=lambda pair: pair[0])
            batches += [part[n : n + BATCH_LESSONS] for n in range(0, len(part), BATCH_LESSONS)]
        random.shuffle(batches)
        yield from ([lesson for _, lesson in batch] for batch in batches)


@torch.no_grad()
def score_lessons(model: CrossEncoder, tokenizer: Tokenizer, lessons: Sequence[Lesson]) -> list[np.ndarray]:
    model.eval()
    scores = [model(*to_batch(encode_pairs(tokenizer, lesson))).numpy() for lesson in lessons]
    model.train()
    return scores


def evaluate(model: CrossEncoder, tokenizer: Tokenizer, lessons: Sequence[Lesson]) -> str:
    """Return, for each set, the share with a right line first and the AUROC of "something here answers"."""
    own: dict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    for lesson, scores in zip(lessons, score_lessons(model, tokenizer, lessons), strict=True):
        own[lesson.corpus].append((bool(lesson.right), int(scores.argmax()) in lesson.right, float(scores.max())))
    parts = []
    for name, rows in own.items():
        first = np.mean([hit for has, hit, _ in rows if has])
        yes, no = ([best for has, _, best in rows if has is wanted] for wanted in (True, False))
        auroc = np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no]) if no else math.nan
        parts.append(f"{name} {first:.3f}/{auroc:.3f}")
    return "held out, first/AUROC: " + ", ".join(parts)


def load_trained(folder: Path) -> CrossEncoder:
    """Return what `save` wrote, ready to score."""
    model = CrossEncoder(default_model_folder())
    stored = load_file(folder / "model.safetensors")
    names = {name: name if name.startswith("score") else f"bert.{name}" for name in stored}
    weights = {names[name]: torch.from_numpy(value).float() for name, value in stored.items()}
    model.load_state_dict(weights, strict=False)
    return model.eval()


def load_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(default_model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


@torch.no_grad()
def read_pairs(model: CrossEncoder, question: str, lines: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return the score of each line, (lines,)."""
    lesson = Lesson("", question, tuple(lines), frozenset())
    return model(*to_batch(encode_pairs(load_tokenizer(), lesson))).numpy()


def save(model: CrossEncoder, folder: Path) -> None:
    """Write the layers and the score in half precision; the word vectors are the embedder's."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name.removeprefix("bert."): value.detach() for name, value in model.state_dict().items()}
    kept = {
        n: v.numpy().astype(np.float16)
        for n, v in state.items()
        if not n.endswith(("word_embeddings.weight", "position_ids"))
    }
    save_file(kept, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"words": DEFAULT_MODEL, "sha256": digest}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--rounds", type=int, default=8, help="draws of articles, venues and companies")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(3)
    tokenizer = load_tokenizer()
    lessons = list(load_lessons(arguments.data, held_out=False, rounds=arguments.rounds, questions=500))
    held_out = Random(1).sample(
        list(load_lessons(arguments.data, held_out=True, rounds=1, questions=60, seed=5)), k=300
    )
    counts = {name: sum(lesson.corpus == name for lesson in lessons) for name in {lesson.corpus for lesson in lessons}}
    print(f"{len(lessons)} lessons: {counts}", flush=True)
    model = CrossEncoder(default_model_folder())
    train(model, tokenizer, lessons, arguments.minutes * 60, held_out)
    save(model, arguments.out)
    print(evaluate(model, tokenizer, held_out))


if __name__ == "__main__":
    main()
