"""The slots of a context: what each holds, which one a prompt should take, and what the next batch computes.

Pure bookkeeping over token lists. Calls nothing of llama.cpp.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.engine.context import Chunk
from bot.engine.job import Job
from bot.engine.parking import common_prefix

COPY_GAIN_TOKENS = 64
"""Copying another slot's memory costs about as much as prefilling this many tokens, whatever it saves."""

TOGETHER_TOKENS = 128
"""Prompts are read in one batch up to this many tokens in all.

Beyond that the first would wait for the last and nothing is gained, because a batch of this many rows is as efficient
as a larger one.
"""


@dataclass(slots=True)
class Slot:
    """One sequence of a context. `held` are the tokens in its memory, kept after a job for the next one to share.

    `is_begun`: something was computed for its job.
    """

    index: int
    held: list[int] = field(default_factory=list)
    job: Job | None = None
    last_used: int = 0
    is_begun: bool = False

    @property
    def remaining(self) -> int:
        """How many of the job's tokens are to be computed: one while it answers, more while its prompt is read."""
        return 0 if self.job is None else len(self.job.tokens) - len(self.held)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a prompt goes: into `slot`, after a copy from `donor` (None: no copy), with `reused` tokens kept.

    `is_parked`: the kept tokens come from the parking instead and are restored into `slot`.
    """

    slot: Slot
    donor: Slot | None
    reused: int
    is_parked: bool = False


def choose_slot(slots: Sequence[Slot], tokens: list[int], parked: int = 0) -> Placement | None:
    """Return the free slot that shares most of the prompt; None if no slot is free.

    Among slots that share about as much, an idle context takes the one unused for longest, so that recent threads stay.
    A busy one takes the lowest, because llama.cpp splits a batch at each gap between slots. If any slot, busy or free,
    or the parking (`parked` tokens of it) shares much more, its memory is copied. The last prompt token is always
    computed: its logits start the answer.
    """
    free = [slot for slot in slots if slot.job is None]
    if not free:
        return None
    usable = tokens[:-1]
    shared = {slot.index: common_prefix(slot.held, usable) for slot in slots}
    most = max(shared[slot.index] for slot in free)
    alike = [slot for slot in free if most - shared[slot.index] < COPY_GAIN_TOKENS]
    is_idle = len(free) == len(slots)
    chosen = min(alike, key=lambda slot: (slot.last_used if is_idle else 0, slot.index))
    donor = max(slots, key=lambda slot: shared[slot.index])
    parked = min(parked, len(usable))
    if parked - shared[donor.index] >= COPY_GAIN_TOKENS:
        return Placement(chosen, None, parked, is_parked=True)
    if shared[donor.index] - shared[chosen.index] >= COPY_GAIN_TOKENS:
        return Placement(chosen, donor, shared[donor.index])
    return Placement(chosen, None, shared[chosen.index])


def find_late_donor(slots: Sequence[Slot], slot: Slot) -> tuple[Slot, int] | None:
    """Return the slot that now holds much more of a prompt that was not begun, and how much; None if there is none.

    Prompts that come together and begin alike are admitted before any of them is read.
    """
    if slot.job is None or slot.is_begun or slot.remaining <= COPY_GAIN_TOKENS:
        return None
    usable = slot.job.tokens[:-1]
    shared = {other.index: common_prefix(other.held, usable) for other in slots if other is not slot}
    donor = max((other for other in slots if other is not slot), key=lambda other: shared[other.index], default=None)
    if donor is None or shared[donor.index] - len(slot.held) < COPY_GAIN_TOKENS:
        return None
    return donor, shared[donor.index]


def plan_batch(
    slots: Sequence[Slot], batch_tokens: int, guesses: Mapping[int, Sequence[int]] | None = None
) -> list[Chunk]:
    """Return the chunks of the next batch in ascending order of slot, at most `batch_tokens` in all.

    Each answering slot gets its one token. Then prompts are read, the longest waiting first: one in a batch, or several
    short ones (`TOGETHER_TOKENS`), which are not cut. A prompt waits if another one is just reading the same beginning,
    to copy it instead of computing it. What is left goes to `guesses`, by slot, of what follows the one token.
    """
    busy = [slot for slot in slots if slot.remaining > 0]
    takes = {slot.index: 1 for slot in busy if slot.remaining == 1}
    budget = batch_tokens - len(takes)
    aligned = align_guesses(guesses or {}, answering=len(takes))
    reading = sorted((slot for slot in busy if slot.remaining > 1), key=lambda slot: (slot.last_used, slot.index))
    together = TOGETHER_TOKENS
    for place, slot in enumerate(reading):
        take = min(slot.remaining, budget)
        joins = slot.remaining <= together and not _is_being_read(slot, reading[:place])
        if take < 1 or (place > 0 and not joins):
            continue
        takes[slot.index] = take
        budget -= take
        together = min(together - take, budget)
    drafts: dict[int, Sequence[int]] = {}
    for index, guess in aligned.items():
        drafts[index] = guess[:budget]
        budget -= len(drafts[index])
    return [_chunk(slot, takes[slot.index], drafts.get(slot.index, ())) for slot in busy if slot.index in takes]


def align_guesses(guesses: Mapping[int, Sequence[int]], answering: int) -> dict[int, Sequence[int]]:
    """Cut the guesses of a batch to one length, and leave out shorter ones; none if fewer than half would guess.

    llama.cpp computes a batch in passes in which every slot has as many tokens. Two lengths are two passes, and on a
    small model a pass costs more than the tokens in it. The length is the one that keeps the most guessed tokens.
    """
    lengths = sorted(len(guess) for guess in guesses.values() if guess)
    if not lengths:
        return {}
    length = max(lengths, key=lambda length: length * sum(other >= length for other in lengths))
    chosen = {index: guess[:length] for index, guess in guesses.items() if len(guess) >= length}
    return chosen if 2 * len(chosen) >= answering else {}


def _is_being_read(slot: Slot, earlier: Sequence[Slot]) -> bool:
    """Whether an earlier prompt is about to compute much of the beginning of this one, which is not begun yet."""
    if slot.is_begun or slot.job is None:
        return False
    tokens, held = slot.job.tokens, len(slot.held)
    shared = (common_prefix(other.job.tokens, tokens) for other in earlier if other.job is not None)
    return any(length - held >= COPY_GAIN_TOKENS for length in shared)


def _chunk(slot: Slot, take: int, draft: Sequence[int]) -> Chunk:
    assert slot.job is not None  # only busy slots are planned
    start = len(slot.held)
    tokens = slot.job.tokens[start : start + take]
    return Chunk(slot.index, [*tokens, *draft], start, wants_logits=take == slot.remaining, drafted=len(draft))
