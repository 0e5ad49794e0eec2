"""Dense rows: the tokens of one reading, followed by each question with its answer, which see only the reading.

A row is three arrays: tokens, the branch of each (0: shared by all) and whether it is to be learned. The positions of
every branch continue those of the shared part. Rows are packed into one file. Knows nothing of models.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.recipes.chip_smol.base import END
from models.recipes.chip_smol.lessons import Asked, Lesson
from models.recipes.chip_smol.prompt import build_system
from retrieval.prompt import ChatMessage

LONGEST_ROW = 1_536
PADDING = -1


@dataclass(frozen=True, slots=True)
class Row:
    """One dense row; `source` names the set that it comes from."""

    tokens: NDArray[np.uint16]
    branches: NDArray[np.uint8]
    learned: NDArray[np.bool_]
    source: str


def build_row(lesson: Lesson, tokenizer: Tokenizer) -> Row | None:
    """Return the lesson as a row, with as many of its questions as fit; None if not even one fits."""
    tokens = _encode(tokenizer, render([build_system(lesson.pages, company=lesson.company)]))
    branches, learned = [0] * len(tokens), [False] * len(tokens)
    number = 0
    for asked in lesson.asked:
        before, after = _encode_asked(asked, tokenizer)
        if len(tokens) + len(before) + len(after) > LONGEST_ROW or number == 255:
            break
        number += 1
        tokens += before + after
        branches += [number] * (len(before) + len(after))
        learned += [False] * len(before) + [True] * len(after)
    if not number:
        return None
    return Row(np.array(tokens, np.uint16), np.array(branches, np.uint8), np.array(learned), lesson.source)


def render(messages: Sequence[ChatMessage]) -> str:
    """Return the messages in ChatML, as the model's own template does."""
    return "".join(f"<|im_start|>{message.role}\n{message.content}{END}\n" for message in messages)


def open_answer(messages: Sequence[ChatMessage]) -> str:
    """Return the messages in ChatML and the beginning of the answer."""
    return f"{render(messages)}<|im_start|>assistant\n"


def _encode_asked(asked: Asked, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    turns = [ChatMessage(turn.role, turn.text) for turn in asked.thread]
    before = open_answer([*turns, ChatMessage("user", asked.question.strip())])
    return _encode(tokenizer, before), _encode(tokenizer, f"{asked.answer}{END}")


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def find_positions(branches: torch.Tensor) -> torch.Tensor:
    """Return the position of each token, shape as given (rows, length): every branch continues the shared part."""
    places = torch.arange(branches.shape[1], device=branches.device).expand(branches.shape)
    begins = torch.ones_like(branches, dtype=torch.bool)
    begins[:, 1:] = branches[:, 1:] != branches[:, :-1]
    first = torch.where(begins, places, 0).cummax(1).values
    shared = (branches == 0).sum(1, keepdim=True)
    return places - first + torch.where(branches == 0, 0, shared)


def build_mask(branches: torch.Tensor) -> torch.Tensor:
    """Return what each token may see, bool (rows, 1, length, length): the shared part and its own branch, up to itself.

    `branches` has the shape (rows, length); `PADDING` follows the end of a row.
    """
    length = branches.shape[1]
    is_before = torch.ones(length, length, dtype=torch.bool, device=branches.device).tril()
    own = branches[:, None, :] == branches[:, :, None]
    return (is_before & (own | (branches == 0)[:, None, :]))[:, None]


def save_rows(rows: Iterable[Row], path: Path) -> int:
    """Write the rows into one compressed file and return their number."""
    kept = list(rows)
    sources = sorted({row.source for row in kept})
    unfinished = path.with_suffix(".part.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        unfinished,
        tokens=np.concatenate([row.tokens for row in kept]),
        branches=np.concatenate([row.branches for row in kept]),
        learned=np.packbits(np.concatenate([row.learned for row in kept])),
        lengths=np.array([len(row.tokens) for row in kept], np.int32),
        source=np.array([sources.index(row.source) for row in kept], np.uint8),
        sources=np.array(sources),
    )
    unfinished.replace(path)
    return len(kept)


def load_rows(path: Path) -> list[Row]:
    """Return the rows that `save_rows` wrote."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    ends = np.cumsum(arrays["lengths"])
    learned = np.unpackbits(arrays["learned"])[: ends[-1]].astype(bool)
    return [
        Row(
            arrays["tokens"][start:end], arrays["branches"][start:end], learned[start:end], str(arrays["sources"][name])
        )
        for start, end, name in zip([0, *ends[:-1]], ends, arrays["source"], strict=True)
    ]


def split_rows(rows: Sequence[Row], every: int = 50) -> tuple[list[Row], list[Row]]:
    """Return (rows to train on, rows kept to watch): every fiftieth is kept."""
    return [row for number, row in enumerate(rows) if number % every], list(rows[::every])
