"""First weights that already copy: an induction circuit written into two layers before any training.

Layer 0: head 0 looks at the token before, head 1 at the one before that, head 2 at the latest marker "[k]". Layer 1:
head 0 looks for the place in the same line where the last two tokens were the same, and says the token that follows
there. The circuit is a start, not a fence: every weight stays trainable. Copying that took millions of tokens to
emerge is there at step zero, so that the whole budget goes into reading. Induction heads: Olsson et al., 2022.
"""

import math
from dataclasses import dataclass

import torch
from transformers import LlamaForCausalLM

_IDENTITY, _LINE, _PREVIOUS, _BEFORE, _MEANING = (
    slice(2, 66), slice(66, 76), slice(76, 106), slice(106, 116), slice(116, 180),
)  # fmt: skip
_CONSTANT, _MARKER = 0, 1
_MATCHED = 20  # how many of the 30 numbers kept of the token before take part in the match
FREQUENCIES = 12  # rotary pairs fast enough to tell positions; the slower ones carry content


@dataclass(frozen=True, slots=True)
class Strength:
    """Attention scores (in nats) and gains that the circuit starts with."""

    position: float = 60.0
    marker: float = 80.0
    match: float = 14.0
    say: float = 3.0


@torch.no_grad()
def write_copy_circuit(
    model: LlamaForCausalLM, markers: list[int], meanings: torch.Tensor | None, *, seed: int, strength: Strength
) -> None:
    """Write token identities and the circuit into an untrained model with heads of 64 and as many kv heads as heads.

    `markers` are the ids of "[1]".."[9]". `meanings` (vocabulary, 64) are unit vectors that are alike for tokens of
    like meaning; None leaves them out.
    """
    generator = torch.Generator().manual_seed(seed)
    embedding = model.model.embed_tokens.weight
    _write_identities(embedding, markers, meanings, generator)
    model.model.norm.weight.fill_(0.0)
    model.model.norm.weight[_IDENTITY] = 1.0
    keep = torch.linalg.qr(torch.randn(64, 30, generator=generator))[0].T
    scale = math.sqrt(embedding.shape[1]) / float(embedding[100].norm())
    _write_positions(model, keep, scale, strength)
    _write_induction(model, keep, strength)


def _write_identities(
    embedding: torch.Tensor, markers: list[int], meanings: torch.Tensor | None, generator: torch.Generator
) -> None:
    rows = torch.randn(embedding.shape[0], 64, generator=generator)
    embedding.mul_(0.1)
    embedding[:, _IDENTITY] = rows / rows.norm(dim=1, keepdim=True)
    embedding[:, _LINE.start : _BEFORE.stop] = 0.0
    embedding[:, _CONSTANT] = 0.5
    embedding[:, _MARKER] = 0.0
    if meanings is not None:
        embedding[:, _MEANING] = 0.7 * meanings
    for number, marker in enumerate(markers):
        embedding[marker, _MARKER] = 0.7
        embedding[marker, _MEANING] = 0.0
        embedding[marker, _LINE.start + number] = 0.7


def _write_positions(model: LlamaForCausalLM, keep: torch.Tensor, scale: float, strength: Strength) -> None:
    """Layer 0. `scale` is what the norm before attention multiplies an embedding by."""
    attention = model.model.layers[0].self_attn
    frequencies = model.model.rotary_emb.inv_freq
    query, key = attention.q_proj.weight, attention.k_proj.weight
    value, output = attention.v_proj.weight, attention.o_proj.weight
    constant = 0.5 * scale
    for head, distance, kept, place in ((0, 1, keep, _PREVIOUS), (1, 2, keep[_MATCHED:], _BEFORE)):
        _clear_head(attention, head)
        # Each of the four fastest pairs adds amplitude² · cos(frequency · miss) / 8 to the score.
        amplitude = math.sqrt(strength.position * 8 / 4)
        for pair in range(4):
            angle = distance * float(frequencies[pair])
            key[64 * head + pair, _CONSTANT] = amplitude / constant
            query[64 * head + pair, _CONSTANT] = amplitude * math.cos(angle) / constant
            query[64 * head + pair + 32, _CONSTANT] = -amplitude * math.sin(angle) / constant
        rows = slice(64 * head, 64 * head + len(kept))
        value[rows, _IDENTITY] = kept / scale
        output[place, rows] = torch.eye(len(kept)) * math.sqrt(64 / len(kept))
    _clear_head(attention, 2)
    for pair, part in ((6, 0.5), (8, 1.0)):
        amplitude = math.sqrt(strength.marker * part * 8)
        key[128 + pair, _MARKER] = amplitude / (0.7 * scale)
        query[128 + pair, _CONSTANT] = amplitude / constant
    value[128:138, _LINE] = torch.eye(10) / (0.7 * scale)
    output[_LINE, 128:138] = torch.eye(10)


def _write_induction(model: LlamaForCausalLM, keep: torch.Tensor, strength: Strength) -> None:
    """Layer 1, head 0. The norm's scale differs from token to token here, so strengths are only roughly met."""
    attention = model.model.layers[1].self_attn
    _clear_head(attention, 0)
    query, key = attention.q_proj.weight, attention.k_proj.weight
    slow = [*range(FREQUENCIES, 32), *range(FREQUENCIES + 32, 64)]
    size = math.sqrt(strength.match) * math.sqrt(8) / 8  # 8: roughly the norm's scale after layer 0
    token, before, line = slow[:_MATCHED], slow[_MATCHED : _MATCHED + 10], slow[_MATCHED + 10 :]
    here = size * math.sqrt(64 / 30)
    query[token, _IDENTITY] = here * keep[:_MATCHED] * math.sqrt(64 / _MATCHED)
    key[token, _PREVIOUS] = here * torch.eye(30)[:_MATCHED]
    query[before, _PREVIOUS] = here * torch.eye(30)[_MATCHED:]
    key[before, _BEFORE] = here * torch.eye(10)
    query[line, _LINE] = 1.5 * size * torch.eye(10)
    key[line, _LINE] = 1.5 * size * torch.eye(10)
    attention.v_proj.weight[:64, _IDENTITY] = torch.eye(64) / 8
    attention.o_proj.weight[_IDENTITY, :64] = torch.eye(64) * strength.say


def _clear_head(attention: torch.nn.Module, head: int) -> None:
    rows = slice(64 * head, 64 * head + 64)
    for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
        projection.weight[rows] = 0.0
    attention.o_proj.weight[:, rows] = 0.0
