"""First weights that already quote: a matching circuit and a copying circuit, written in before any training.

| layer | head | looks at | and notes |
| --- | --- | --- | --- |
| 0 | 0, 1 | the token before; the one before that | which they were |
| 0 | 2 | the latest marker "[k]" or line break | the line that this token stands in (none: a heading) |
| 0 | 3 | the word "Question" | whether this token comes after it |
| 2 | 0 | the same token in a line of evidence | a vote for that line |
| 2 | 1 | a token of like meaning in a line | a vote for that line |
| 3 | 0 | from <|assistant|>: the words of the question | the tally: "[k]" with most votes is said |
| 3 | 1 | from <|assistant|>: strong, fair or weak | more or less reason to say "I don't know" |
| 4 | 0 | where the last two tokens stood in this line | the token that follows there is said |

The circuits are a start, not a fence: every weight stays trainable. Reading and copying that would take many millions
of tokens to emerge are there at step zero. Induction heads after Olsson et al., 2022.
"""

import math
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from models.recipes.chip_nano.ranking import STOP
from models.recipes.chip_nano.tokenizer import MARKERS, get_id, list_tokens

_CONSTANT, _MARKER, _AFTER_QUESTION, _CONTENT = 0, 1, 180, 191
_IDENTITY, _LINE, _PREVIOUS, _BEFORE, _MEANING, _VOTES = (
    slice(2, 66), slice(66, 76), slice(76, 106), slice(106, 116), slice(116, 180), slice(181, 191),
)  # fmt: skip
_MATCHED = 20  # of the 30 numbers kept of the token before, those that match; the other 10 are kept two tokens long
_SLOW = [*range(12, 31), *range(44, 63)]  # rotary pairs that hardly turn within a prompt: they carry content
_BIAS = 31  # the slowest pair carries what is added to a score whatever the content
_HEAD = 64


@dataclass(frozen=True, slots=True)
class Strength:
    """Attention scores in nats, and gains in units of a token's identity."""

    position: float = 60.0
    marker: float = 80.0
    match: float = 30.0
    sink: float = 0.6  # share of a full match that a token of the evidence must reach to get a vote
    say: float = 3.0
    tally: float = 16.0
    first_line: float = 0.4
    levels: tuple[tuple[str, float], ...] = (("strong", 0.0), ("fair", 0.7), ("weak", 1.4))


@torch.no_grad()
def write_circuits(
    model: LlamaForCausalLM, tokenizer: Tokenizer, meanings: torch.Tensor | None, *, seed: int, strength: Strength
) -> None:
    """Write token identities and the circuits into an untrained model.

    It needs at least five layers and four heads of 64 with as many kv heads, and a width of at least 192. `meanings`
    (vocabulary, 64) are rows of length 1 that are alike for tokens of like meaning; None leaves them out.
    """
    generator = torch.Generator().manual_seed(seed)
    embedding = model.model.embed_tokens.weight
    for layer in model.model.layers:
        # What random weights would write overwhelms the circuits: 0.2 votes for a line, for every token.
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    markers = [get_id(tokenizer, marker) for marker in MARKERS]
    _write_identities(embedding, markers, meanings, generator)
    _flag_words(embedding, tokenizer)
    model.model.norm.weight.fill_(0.0)
    model.model.norm.weight[_IDENTITY] = 1.0
    keep = torch.linalg.qr(torch.randn(_HEAD, 30, generator=generator))[0].T
    writer = _Writer(model, tokenizer, keep, strength)
    writer.write_positions()
    writer.write_votes(with_meanings=meanings is not None)
    writer.write_tally(markers)
    writer.write_copying()


def _write_identities(
    embedding: torch.Tensor, markers: list[int], meanings: torch.Tensor | None,
    generator: torch.Generator,
) -> None:  # fmt: skip
    rows = torch.randn(embedding.shape[0], _HEAD, generator=generator)
    embedding.mul_(0.1)
    embedding[:, : _VOTES.stop] = 0.0
    embedding[:, _IDENTITY] = rows / rows.norm(dim=1, keepdim=True)
    # Markers share nothing, so that votes for one line are no votes for another.
    embedding[markers, _IDENTITY] = torch.linalg.qr(rows[markers].T)[0].T.contiguous()
    embedding[:, _CONSTANT] = 0.5
    if meanings is not None:
        embedding[:, _MEANING] = 0.7 * meanings
    for number, marker in enumerate(markers):
        embedding[marker, _MARKER] = 0.7
        embedding[marker, _LINE.start + number] = 0.7


def _flag_words(embedding: torch.Tensor, tokenizer: Tokenizer) -> None:
    """Mark the line break like a marker (what follows it is a heading, not a line) and the words that carry meaning.

    Scores scale with the norm of an embedding, so the break's mark is made as strong as a marker's after the norm.
    """
    line_break, marker = tokenizer.encode("\n").ids[0], get_id(tokenizer, MARKERS[0])
    for index, token in enumerate(list_tokens(tokenizer)):
        word = token.lstrip("Ġ").lower()
        embedding[index, _CONTENT] = (
            0.5 if word.isdigit() or (len(word) > 2 and word.isalpha() and word not in STOP) else 0.0
        )
    for _ in range(3):
        embedding[line_break, _MARKER] = 0.7 * embedding[line_break].norm() / embedding[marker].norm()


class _Head:
    """The rows of one attention head, emptied."""

    def __init__(self, model: LlamaForCausalLM, layer: int, head: int) -> None:
        attention = model.model.layers[layer].self_attn
        rows = slice(_HEAD * head, _HEAD * head + _HEAD)
        self.query: torch.Tensor = attention.q_proj.weight[rows]
        self.key: torch.Tensor = attention.k_proj.weight[rows]
        self.value: torch.Tensor = attention.v_proj.weight[rows]
        self.output: torch.Tensor = attention.o_proj.weight[:, rows]
        for part in (self.query, self.key, self.value, self.output):
            part.zero_()


class _Writer:
    """Writes the heads. `scales` is what the norm before each layer's attention multiplies by, roughly."""

    def __init__(self, model: LlamaForCausalLM, tokenizer: Tokenizer, keep: torch.Tensor, strength: Strength) -> None:
        self._model, self._tokenizer, self._keep, self._strength = model, tokenizer, keep, strength
        self._embedding = model.model.embed_tokens.weight
        width = self._embedding.shape[1]
        first = math.sqrt(width) / float(self._embedding[100].norm())
        self._scales = (first, *[math.sqrt(width / 5.5)] * 4)

    def _identity(self, text: str) -> torch.Tensor:
        """The identity of the last token of a text: most words asked for here are one token, but none need be."""
        identity: torch.Tensor = self._embedding[self._tokenizer.encode(text).ids[-1], _IDENTITY].clone()
        return identity

    def write_positions(self) -> None:
        """Layer 0."""
        scale, strength = self._scales[0], self._strength
        constant = 0.5 * scale
        frequencies = self._model.model.rotary_emb.inv_freq
        for head, distance, kept, place in ((0, 1, self._keep, _PREVIOUS), (1, 2, self._keep[_MATCHED:], _BEFORE)):
            rows = _Head(self._model, 0, head)
            # Each of the four fastest pairs adds amplitude² · cos(frequency · miss) / 8 to the score.
            amplitude = math.sqrt(strength.position * 8 / 4)
            for pair in range(4):
                angle = distance * float(frequencies[pair])
                rows.key[pair, _CONSTANT] = amplitude / constant
                rows.query[pair, _CONSTANT] = amplitude * math.cos(angle) / constant
                rows.query[pair + 32, _CONSTANT] = -amplitude * math.sin(angle) / constant
            rows.value[: len(kept), _IDENTITY] = kept / scale
            rows.output[place, : len(kept)] = torch.eye(len(kept)) * math.sqrt(_HEAD / len(kept))
        line = _Head(self._model, 0, 2)
        for pair, part in ((6, 0.5), (8, 1.0)):
            amplitude = math.sqrt(strength.marker * part * 8)
            line.query[pair, _CONSTANT] = amplitude / constant
            line.key[pair, _MARKER] = amplitude / (0.7 * scale)
        line.value[:10, _LINE] = torch.eye(10) / (0.7 * scale)
        line.output[_LINE, :10] = torch.eye(10)
        after = _Head(self._model, 0, 3)
        question = self._identity("\n\nQuestion")
        after.query[_BIAS, _CONSTANT] = 40.0 * 8 / constant
        rest = self._identity("<|user|>") + self._identity("<|system|>")
        after.key[_BIAS, _IDENTITY] = (question + 0.6 * rest) / scale
        after.value[0, _IDENTITY] = question / scale
        after.output[_AFTER_QUESTION, 0] = 1.0

    def write_votes(self, *, with_meanings: bool) -> None:
        """Layer 2: tokens of the question vote for the lines that hold them; unmatched ones look at <|user|>."""
        scale, strength = self._scales[2], self._strength
        size = math.sqrt(strength.match * 8) / scale
        spread = torch.linalg.qr(torch.randn(_HEAD, len(_SLOW), generator=torch.Generator().manual_seed(3)))[0].T
        same = spread * math.sqrt(_HEAD / len(_SLOW)) * size
        alike = torch.eye(_HEAD)[: len(_SLOW)] * size / 0.7
        matches = [(0, _IDENTITY, same), (1, _MEANING, alike)]
        for number, place, projection in matches if with_meanings else matches[:1]:
            head = _Head(self._model, 2, number)
            head.query[_SLOW, place] = projection
            head.key[_SLOW, place] = projection
            # Only the question votes: before it, the sink weighs three times as much.
            head.query[_BIAS, _CONSTANT] = 3 * strength.match * 8 / (0.5 * scale)
            head.query[_BIAS, _AFTER_QUESTION] = -2 * strength.match * 8 / scale
            head.key[_BIAS, _IDENTITY] = strength.sink * self._identity("<|user|>") / scale
            head.key[_BIAS, _AFTER_QUESTION] = -2.0 / scale
            head.value[:10, _LINE] = torch.eye(10) / scale
            head.output[_VOTES, :10] = torch.eye(10)

    def write_tally(self, markers: list[int]) -> None:
        """Layer 3: from <|assistant|>, count the votes and weigh the level of the match."""
        scale, strength = self._scales[3], self._strength
        assistant = self._identity("<|assistant|>")
        tally = _Head(self._model, 3, 0)
        # Few nats: the norm of a token that voted is larger, which would push its score below that of the others.
        self._ask_only(tally, assistant, 20.0, scale)
        tally.key[_BIAS, _AFTER_QUESTION] = 1 / scale
        tally.key[_BIAS, _CONTENT] = 1 / (0.5 * scale)
        tally.key[_BIAS, _VOTES] = 1 / scale
        tally.value[:10, _VOTES] = torch.eye(10) / scale
        tally.value[10, _AFTER_QUESTION] = 1 / scale
        for number, marker in enumerate(markers):
            identity = self._embedding[marker, _IDENTITY]
            tally.output[_IDENTITY, number] = strength.tally * identity
            tally.output[_IDENTITY, 10] += (1.2 + (strength.first_line if number == 0 else 0.0)) * identity
        level = _Head(self._model, 3, 1)
        self._ask_only(level, assistant, 60.0, scale)
        for word, reason in strength.levels:
            level.key[_BIAS, _IDENTITY] += self._identity(f" ({word}") / scale
            level.value[0, _IDENTITY] += reason * self._identity(f" ({word}") / scale
        level.output[_IDENTITY, 0] = self._identity("I")

    @staticmethod
    def _ask_only(head: _Head, identity: torch.Tensor, nats: float, scale: float) -> None:
        """Let one token alone look at what the bias marks; all others look away from it."""
        head.query[_BIAS, _IDENTITY] = nats * 8 * identity / scale
        head.query[_BIAS, _CONSTANT] = -0.6 * nats * 8 / (0.5 * scale)

    def write_copying(self) -> None:
        """Layer 4: say what followed the last two tokens in this line."""
        scale, strength, keep = self._scales[4], self._strength, self._keep
        head = _Head(self._model, 4, 0)
        size = math.sqrt(strength.match * 8) / scale
        token, before, line = _SLOW[:_MATCHED], _SLOW[_MATCHED : _MATCHED + 9], _SLOW[_MATCHED + 9 :]
        assistant = self._identity("<|assistant|>")
        rest = torch.eye(_HEAD) - torch.outer(assistant, assistant)
        head.query[token, _IDENTITY] = size * keep[:_MATCHED] @ rest * math.sqrt(_HEAD / _MATCHED)
        head.key[token, _PREVIOUS] = size * torch.eye(30)[:_MATCHED] * math.sqrt(30 / _MATCHED)
        head.query[before, _PREVIOUS] = 0.6 * size * torch.eye(30)[_MATCHED : _MATCHED + 9]
        head.key[before, _BEFORE] = 0.6 * size * torch.eye(10)[:9]
        head.query[line, _LINE] = size * torch.eye(10)[:9]
        head.key[line, _LINE] = size * torch.eye(10)[:9]
        head.value[:, _IDENTITY] = torch.eye(_HEAD) / scale
        head.output[_IDENTITY] = torch.eye(_HEAD) * strength.say
