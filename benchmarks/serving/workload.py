"""What is asked: the same requests, in the same order, for every system. Tokens are words of the random models."""

from dataclasses import dataclass

import numpy as np

PREFIX, DISTINCT, ANSWER = 300, 400, 64
THREADS, MOST_TURNS, PASSAGES, PASSAGE, PER_TURN, QUESTION = 200, 5, 500, 100, 2, 20
BURST = 16
ZIPF = 1.1


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its prompt as tokens. `after` is the request of the same thread that must have ended before it."""

    index: int
    tokens: tuple[int, ...]
    after: int | None = None


def build_uniform(words: tuple[int, int], count: int, seed: int, distinct: int = DISTINCT) -> list[Ask]:
    """Return workload A: a shared prefix, then distinct tokens."""
    prefix = _draw(np.random.default_rng(0), words, PREFIX)
    random = np.random.default_rng(seed)
    return [Ask(index, (*prefix, *_draw(random, words, distinct))) for index in range(count)]


def build_desk(words: tuple[int, int], threads: int, seed: int) -> list[Ask]:
    """Return workload B: threads of one to five turns that come in bursts of 16 threads.

    Each turn appends two passages, drawn by a Zipf law from 500 and the popular one first, and a question to the prompt
    before it with a canned answer (the same for every system, so what each generated is not read again).
    """
    random = np.random.default_rng(seed)
    fixed = np.random.default_rng(0)
    prefix = _draw(fixed, words, PREFIX)
    passages = [_draw(fixed, words, PASSAGE) for _ in range(PASSAGES)]
    popularity = 1.0 / np.arange(1, PASSAGES + 1) ** ZIPF
    popularity /= popularity.sum()
    asks: list[Ask] = []
    for first in range(0, threads, BURST):
        burst = range(first, min(first + BURST, threads))
        turns = {thread: int(random.integers(1, MOST_TURNS + 1)) for thread in burst}
        prompts, latest = dict.fromkeys(burst, prefix), dict[int, int]()
        for turn in range(MOST_TURNS):
            for thread in (thread for thread in burst if turns[thread] > turn):
                drawn = sorted(random.choice(PASSAGES, PER_TURN, replace=False, p=popularity))
                found = tuple(token for place in drawn for token in passages[place])
                prompts[thread] = (*prompts[thread], *found, *_draw(random, words, QUESTION))
                asks.append(Ask(len(asks), prompts[thread], latest.get(thread)))
                latest[thread] = asks[-1].index
                prompts[thread] = (*prompts[thread], *_draw(random, words, ANSWER))
    return asks


def _draw(random: np.random.Generator, words: tuple[int, int], count: int) -> tuple[int, ...]:
    return tuple(int(token) for token in random.integers(words[0], words[1], count))
