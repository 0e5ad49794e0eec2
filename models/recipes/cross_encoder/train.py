"""Trains the cross-encoder that ranks evidence lines, from the sentence encoder's own weights.

    python -m models.recipes.cross_encoder.reading_lessons --data FOLDER --out var/lessons.jsonl.xz
    python -m models.recipes.cross_encoder.train --lessons var/lessons.jsonl.xz --out models/cross-encoder

Question and line are read together by the layers of all-MiniLM-L6-v2, which are trained on; its word vectors stay, so
that only the layers ship. The loss is a softmax over the lines of one question and "none of them" with score 0, so
that a score is the log-odds that a line answers. Stops by the minutes given, with the rate falling to nothing then.
Uses a GPU where there is one, and there first looks for the lines next to each question in meaning (`--nearest` does so
without one, about 10 ms for each line and question). A twentieth of the corpora is held out.
"""

import argparse
import hashlib
import json
import math
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from models.recipes.cross_encoder.reading_lessons import Reading, chat, choose_lines, read_readings
from retrieval.encoders.cross_encoder import MAX_TOKENS, pack, unpack
from retrieval.encoders.embedder import DEFAULT_MODEL, default_model_folder

LINES = 8
# The share of lessons whose answer is removed.
LEAVE_OUT = 0.2
LAYER_RATE, HEAD_RATE = 2e-4, 1e-3
WARM_UP = 0.04
NEAREST = 12
HELD_OUT = 20
# How often each set is drawn from, whatever its size.
SHARES = {
    "squad": 8,
    "invented": 6,
    "venues": 2,
    "dialogues": 2,
    "hardware": 1,
    "docs": 1,
    "qed": 2,
    "qamr": 2,
    "medquad": 1,
}
Numbers = NDArray[np.int32]


class CrossEncoder(nn.Module):
    """MiniLM's layers over the pair, and one number from the first token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        config = BertConfig.from_pretrained(folder)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1
        self.bert = BertModel.from_pretrained(
            folder, config=config, add_pooling_layer=False, attn_implementation="sdpa", dtype=torch.float32
        )
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        self.score = nn.Linear(config.hidden_size, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    def forward(self, ids: torch.Tensor, types: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=present).last_hidden_state
        return self.score(states[:, 0]).squeeze(-1)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A reading with its lines' token ids, without the special ones."""

    reading: Reading
    lines: list[list[int]]
    nearest: list[list[int]]


class Pairs:
    """Makes [CLS] question [SEP] heading: line [SEP] of token ids."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self._start, self._end = (self.tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))

    def read(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def frame(self, line: list[int]) -> list[int]:
        """Return one text as the sentence encoder reads it."""
        return [self._start, *line[: MAX_TOKENS - 2], self._end]

    def join(self, question: list[int], line: list[int]) -> tuple[list[int], int]:
        """Return the pair, cut to `MAX_TOKENS` where it is longest, and where its second part begins."""
        room = MAX_TOKENS - 3
        while len(question) + len(line) > room:
            line, question = (line[:-1], question) if len(line) >= len(question) else (line, question[:-1])
        return [self._start, *question, self._end, *line, self._end], len(question) + 2


def write_line(heading: str, text: str) -> str:
    return f"{heading}: {text}"


class Lessons:
    """Draws batches of lessons; sets count by `SHARES`."""

    def __init__(self, sets: dict[str, list[Tokens]], pairs: Pairs, batch: int, parts: int) -> None:
        self._sets, self._pairs, self._batch, self._parts = sets, pairs, batch, parts
        self._sizes = {name: [len(one.reading.questions) for one in own] for name, own in sets.items()}

    def draw(self, random: Random) -> Any:
        """Return parts of pairs of like length, their places among lines in order, and the answered lessons."""
        rows: list[tuple[list[int], int]] = []
        answered = np.zeros(self._batch, dtype=bool)
        names = list(self._sets)
        for lesson in range(self._batch):
            name = random.choices(names, [SHARES[n] for n in names])[0]
            one = random.choices(self._sets[name], self._sizes[name])[0]
            number = random.randrange(len(one.reading.questions))
            question, nearest = one.reading.questions[number], one.nearest[number] if one.nearest else []
            leave_out = LEAVE_OUT if len(question.right) < 2 else 0.0
            lines, answered[lesson] = choose_lines(question, nearest, random, count=LINES, leave_out=leave_out)
            asked = self._pairs.read([chat(question.text, random)])[0]
            rows.extend(self._pairs.join(asked, one.lines[line]) for line in lines)
            rows.extend([([], 0)] * (LINES - len(lines)))
        present = [number for number, (ids, _) in enumerate(rows) if ids]
        present.sort(key=lambda number: len(rows[number][0]))
        size = math.ceil(len(present) / self._parts)
        parts = [present[first : first + size] for first in range(0, len(present), size)]
        return [pad([rows[n] for n in part]) for part in parts], [np.array(part) for part in parts], answered


def pad(rows: Sequence[tuple[list[int], int]]) -> Numbers:
    """Return (3, rows, length): ids, segments, presence."""
    length = -(-max(len(ids) for ids, _ in rows) // 8) * 8
    table = np.zeros((3, len(rows), length), dtype=np.int32)
    for row, (ids, second) in enumerate(rows):
        table[0, row, : len(ids)] = ids
        table[1, row, second : len(ids)] = 1
        table[2, row, : len(ids)] = 1
    return table


def run(model: CrossEncoder, table: Numbers, device: str) -> torch.Tensor:
    """Return the (rows,) scores of padded pairs, float32."""
    ids, types, present = torch.from_numpy(table).to(device, non_blocking=True).long()
    with torch.autocast("cuda", dtype=torch.bfloat16, enabled=device == "cuda"):
        return model(ids, types, present).float()


def lesson_loss(scores: torch.Tensor, answered: torch.Tensor) -> torch.Tensor:
    """Return the mean listwise loss of (lessons, LINES) scores; the first line of an answered one is right."""
    every = functional.pad(scores, (1, 0))
    return functional.cross_entropy(every, answered.long())


@torch.no_grad()
def find_nearest(model: CrossEncoder, pairs: Pairs, readings: Sequence[Tokens], device: str) -> list[Tokens]:
    """Return the readings with the lines next to each question in meaning, by the sentence encoder's own layers."""
    model.eval()
    done = []
    for one in readings:
        lines = _embed(model, pairs, one.lines, device)
        asked = _embed(model, pairs, pairs.read([q.text for q in one.reading.questions]), device)
        top = (asked @ lines.T).topk(min(2 * NEAREST, len(one.lines)), dim=1).indices.tolist()
        nearest = []
        for question, found in zip(one.reading.questions, top, strict=True):
            said = {one.reading.lines[number] for number in question.right}
            nearest.append([number for number in found if one.reading.lines[number] not in said][:NEAREST])
        done.append(Tokens(one.reading, one.lines, nearest))
    model.train()
    return done


def _embed(model: CrossEncoder, pairs: Pairs, texts: Sequence[list[int]], device: str) -> torch.Tensor:
    size = 1024 if device == "cuda" else 32
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = torch.zeros(len(texts), model.score.in_features, device=device)
    for first in range(0, len(order), size):
        part = order[first : first + size]
        table = pad([(pairs.frame(texts[n]), MAX_TOKENS) for n in part])
        ids, _, present = torch.from_numpy(table).to(device).long()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=device == "cuda"):
            states = model.bert(input_ids=ids, attention_mask=present).last_hidden_state.float()
        vectors[part] = functional.normalize((states * present[..., None]).sum(1) / present.sum(1, keepdim=True))
    return vectors


def train(model: CrossEncoder, lessons: Lessons, seconds: float, *, device: str) -> None:
    """Train until the time is over, and print the progress."""
    layers = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("score")]
    groups = [{"params": layers, "lr": LAYER_RATE}, {"params": list(model.score.parameters()), "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=device == "cuda")
    rates = [group["lr"] for group in groups]
    started = shown = time.monotonic()
    losses: list[torch.Tensor] = []
    step = seen = 0
    model.train()
    for tables, places, answered in draw_ahead(lessons, Random(3)):
        done = (time.monotonic() - started) / seconds
        if done >= 1.0:
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, done / WARM_UP, (1.0 - done) * 1.02)
        scores = torch.full((len(answered) * LINES,), -30.0, device=device)
        parts = [run(model, table, device) for table in tables]
        scores = scores.index_copy(0, torch.from_numpy(np.concatenate(places)).to(device), torch.cat(parts))
        loss = lesson_loss(scores.view(-1, LINES), torch.from_numpy(answered).to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + len(answered)
        losses.append(loss.detach())
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            recent = torch.stack(losses[-100:]).mean().item()
            print(f"{shown - started:.0f} s, {step} steps, {seen} lessons, loss {recent:.3f}", flush=True)
    print(f"{step} steps, {seen} lessons", flush=True)


def draw_ahead(lessons: Lessons, random: Random, ahead: int = 8) -> Iterator[Any]:
    """Yield batches for ever, drawn by a thread while the last ones are learned."""
    waiting: Queue[Any] = Queue(ahead)

    def draw() -> None:
        while True:
            waiting.put(lessons.draw(random))

    threading.Thread(target=draw, daemon=True).start()
    while True:
        yield waiting.get()


@torch.no_grad()
def evaluate(model: CrossEncoder, lessons: Lessons, device: str, batches: int) -> str:
    """Return, for all sets together, the share with the right line first and the AUROC of "something here answers"."""
    model.eval()
    random = Random(1)
    hits, best, has = [], [], []
    for _ in range(batches):
        tables, places, answered = lessons.draw(random)
        flat = np.full(len(answered) * LINES, -30.0, dtype=np.float32)
        for table, place in zip(tables, places, strict=True):
            flat[place] = run(model, table, device).cpu().numpy()
        scores = flat.reshape(-1, LINES)
        hits.extend((scores.argmax(1) == 0)[answered])
        best.extend(scores.max(1))
        has.extend(answered)
    model.train()
    yes, no = (np.array([b for b, h in zip(best, has, strict=True) if h is wanted]) for wanted in (True, False))
    auroc = float(np.mean(yes[:, None] > no[None])) if len(yes) and len(no) else math.nan
    return f"first {np.mean(hits):.3f}, AUROC {auroc:.3f}"


def load_trained(folder: Path) -> CrossEncoder:
    """Return what `save` wrote, ready to score."""
    model = CrossEncoder(default_model_folder())
    stored = unpack(load_file(folder / "model.safetensors"))
    names = {name: name if name.startswith("score") else f"bert.{name}" for name in stored}
    weights = {names[name]: torch.from_numpy(value) for name, value in stored.items()}
    model.load_state_dict(weights, strict=False)
    return model.eval()


@torch.no_grad()
def read_pairs(model: CrossEncoder, question: str, lines: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    """Return the score of each line, (lines,)."""
    pairs = Pairs(default_model_folder())
    asked = pairs.read([question])[0]
    rows = [pairs.join(asked, ids) for ids in pairs.read([write_line(*line) for line in lines])]
    return run(model, pad(rows), "cpu").numpy()


def save(model: CrossEncoder, folder: Path) -> None:
    """Write the layers and the score; the word vectors are the embedder's."""
    folder.mkdir(parents=True, exist_ok=True)
    left_out = ("word_embeddings.weight", "position_ids")
    state = {name.removeprefix("bert."): value.detach().cpu().numpy() for name, value in model.state_dict().items()}
    kept = pack({name: value for name, value in state.items() if not name.endswith(left_out)})
    save_file(kept, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"words": DEFAULT_MODEL, "sha256": digest}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lessons", type=Path, required=True, help="what reading_lessons wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--batch", type=int, default=0, help="lessons to a step; 0: 128 on a GPU, 12 without")
    parser.add_argument("--nearest", action="store_true", help="look for lines near in meaning without a GPU too")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(3)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batch = arguments.batch or (128 if device == "cuda" else 12)
    folder = default_model_folder()
    pairs = Pairs(folder)
    model = CrossEncoder(folder).to(device)
    readings = [
        Tokens(reading, pairs.read([write_line(*line) for line in reading.lines]), [])
        for reading in read_readings(arguments.lessons)
    ]
    print(f"{sum(len(one.reading.questions) for one in readings)} questions", flush=True)
    if device == "cuda" or arguments.nearest:
        readings = find_nearest(model, pairs, readings, device)
        print(f"nearest lines found, {time.process_time():.0f} s of computing", flush=True)
    Random(5).shuffle(readings)
    kept, held_out = (defaultdict(list), defaultdict(list))
    for number, one in enumerate(readings):
        (held_out if number % HELD_OUT == 0 else kept)[one.reading.name].append(one)
    parts = 4 if device == "cuda" else 1
    train(
        model,
        Lessons(dict(kept), pairs, batch, parts),
        arguments.minutes * 60,
        device=device,
    )
    save(model, arguments.out)
    print("held out: " + evaluate(model, Lessons(dict(held_out), pairs, batch, parts), device, 8), flush=True)


if __name__ == "__main__":
    main()
