"""From contexts to token rows: one shared prompt prefix and a branch for each question, and batches of such rows.

A branch sees the prefix and itself only, and its positions go on from the end of the prefix: training a row with five
branches equals training five prompts, for less than half of the tokens. Knows nothing of data sets or of the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from models.recipes.chip_nano.context import Ask, Context
from models.recipes.chip_nano.tokenizer import END, PAD, get_id
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import MAX_EVIDENCE_LINES, REFUSAL, build_messages, quote

BUCKET = 16
_SLOT = "\x00"


@dataclass(frozen=True, slots=True)
class Row:
    """Token ids with, for each token, its branch (0: the prefix), its position and its weight as a target."""

    tokens: list[int]
    branches: list[int]
    positions: list[int]
    weights: list[float]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded to one length: (rows, length) tensors of token ids, positions, target weights and branches.

    Branch 0 is the prefix, -1 padding.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    weights: torch.Tensor
    branches: torch.Tensor

    def to(self, device: str) -> "Batch":
        """Return the same batch on another device, integers as int64."""
        tokens, positions, branches = (
            values.to(device, non_blocking=True).long() for values in (self.tokens, self.positions, self.branches)
        )
        return Batch(tokens, positions, self.weights.to(device, non_blocking=True), branches)

    @property
    def visible(self) -> torch.Tensor:
        """Return the (rows, 1, length, length) mask of what may be seen."""
        same = self.branches[:, None, :, None] == self.branches[:, None, None, :]
        return (same | (self.branches == 0)[:, None, None, :]).tril()


@dataclass(frozen=True, slots=True)
class RowWeights:
    """Target weights: the first token (pointer or refusal), the words that follow, and the end."""

    first: float = 3.0
    word: float = 1.0


class RowBuilder:
    """Builds rows with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer, weights: RowWeights) -> None:
        self._tokenizer = tokenizer
        self._weights = weights
        self._end = get_id(tokenizer, END)

    def build(self, context: Context, order: Sequence[int], asks: Sequence[Ask], match: Match) -> Row:
        """Return the row of a context whose evidence is `order` (indices of its lines, best first).

        An ask whose gold line is not in `order` is answered with the refusal. All asks share the prefix, so they must
        share their thread too.
        """
        evidence = build_evidence(context, order, match)
        thread = asks[0].thread
        chat = build_messages(_SLOT, evidence, company=context.company, thread=thread)
        text = "".join(f"<|{message.role}|>{message.content}{END}" for message in chat)
        prefix = text[: text.index(_SLOT)].removesuffix(" ")
        branches = [(f" {ask.question.strip()}{END}<|assistant|>", _answer(ask, order, evidence)) for ask in asks]
        return self.join(self.encode(prefix), [(self.encode(ask), self.encode(answer)) for ask, answer in branches])

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, special tokens read as such."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def join(self, prefix: list[int], branches: Sequence[tuple[list[int], list[int]]]) -> Row:
        """Join a prefix with (prompt, answer) branches; only answers and their end are targets."""
        row = Row(list(prefix), [0] * len(prefix), list(range(len(prefix))), [0.0] * len(prefix))
        for number, (ask, answer) in enumerate(branches, start=1):
            tokens = [*ask, *answer, self._end]
            row.tokens.extend(tokens)
            row.branches.extend([number] * len(tokens))
            row.positions.extend(range(len(prefix), len(prefix) + len(tokens)))
            row.weights.extend([0.0] * len(ask) + [self._weights.first] + [self._weights.word] * len(answer))
        return row


def build_evidence(context: Context, order: Sequence[int], match: Match) -> Evidence:
    """Number the chosen lines of a context in the given order."""
    lines = [context.lines[index] for index in order[:MAX_EVIDENCE_LINES]]
    return Evidence(
        tuple(EvidenceLine(number, line.text, line.heading, str(number)) for number, line in enumerate(lines, start=1)),
        match,
    )


def _answer(ask: Ask, order: Sequence[int], evidence: Evidence) -> str:
    if ask.gold is None:
        return ask.answer or REFUSAL
    shown = list(order[:MAX_EVIDENCE_LINES])
    return quote([evidence.lines[shown.index(ask.gold)]]) if ask.gold in shown else REFUSAL


def build_batch(rows: Sequence[Row], pad: int) -> Batch:
    """Pad rows to the next multiple of 16 tokens; padding sees only padding and is never a target."""
    length = max(len(row.tokens) for row in rows)
    length = -(-length // BUCKET) * BUCKET

    def padded(values: list[list[int]], filler: int) -> torch.Tensor:
        table = np.full((len(values), length), filler, dtype=np.int32)
        for place, value in enumerate(values):
            table[place, : len(value)] = value
        return torch.from_numpy(table)

    weights = np.zeros((len(rows), length), dtype=np.float32)
    for place, row in enumerate(rows):
        weights[place, : len(row.weights)] = row.weights
    return Batch(
        tokens=padded([row.tokens for row in rows], pad),
        positions=padded([row.positions for row in rows], 0),
        weights=torch.from_numpy(weights),
        branches=padded([row.branches for row in rows], -1),
    )


def pad_id(tokenizer: Tokenizer) -> int:
    """Return the id that fills up a batch."""
    return get_id(tokenizer, PAD)
