"""Distinguishes a wrong answer from one that a tie decided differently.

Sums over batches of other shapes differ in their last bits. If the two likeliest tokens are closer than that, either is
right. Mixed-up memory or a wrong adapter would be off by far more.
"""

from bot.engine.port import Completion
from bot.engine.sampling import Sampling

RANKED = Sampling(logprobs=2)
"""What a request needs to be judged."""
TIE = 0.03
"""A tie, as a difference of logprobs; the median difference of the tests' random models is about 1."""


def find_gap(done: Completion, expected: str) -> float | None:
    """Return by how much the first unexpected token was preferred over the second choice; None if there is none.

    `done` was requested with `RANKED`. A cancelled answer may end early.
    """
    text = ""
    for token in done.logprobs:
        text += token.text
        if not expected.startswith(text):
            return token.top[0][1] - token.top[1][1]
    is_as_long = done.text == expected or done.finish in ("cancelled", "deadline")
    return None if is_as_long else float("inf")
