"""Tells an answer that is wrong from one that a tie decided otherwise.

Sums over batches of other shapes differ in their last bits. Where the two likeliest tokens are closer than that, either
is right; a mixed-up memory or adapter would be off by far more.
"""

from bot.engine.port import Completion
from bot.engine.sampling import Sampling

RANKED = Sampling(logprobs=2)
"""What a request needs to be judged."""
TIE = 0.03
"""A tie, as a difference of logprobs; the median difference of the tests' random models is about 1."""


def find_gap(done: Completion, expected: str) -> float | None:
    """By how much the first token that is not as expected was preferred over the second choice; None without any.

    `done` was asked for with `RANKED`. A cancelled answer may end early.
    """
    text = ""
    for token in done.logprobs:
        text += token.text
        if not expected.startswith(text):
            return token.top[0][1] - token.top[1][1]
    is_as_long = done.text == expected or done.finish in ("cancelled", "deadline")
    return None if is_as_long else float("inf")
