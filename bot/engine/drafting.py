"""Guesses the next tokens of an answer from its prompt, because answers mostly quote the evidence.

Prompt lookup decoding (Saxena, 2023): if the last tokens occurred before, what followed them then is the guess. The
engine computes the guesses together with the next token and keeps those that its own choice confirms, so that the
answer does not change.
"""

from collections.abc import Sequence

_LENGTHS = (3, 2)
"""How many tokens must have occurred before. The longer run is tried first."""
_PAUSE_TOKENS = 4
"""How many tokens pass without a guess after one that was wrong at once, doubled each time: a wrong guess is wasted
work.
"""
_LONGEST_PAUSE = 64


class PromptLookup:
    """The places of every short run of tokens of one request, and how well its guesses did."""

    def __init__(self, tokens: Sequence[int], most: int) -> None:
        """`most` is the length of the longest guess."""
        self._most = most
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._size = most
        self._pause = 0
        self._next_pause = _PAUSE_TOKENS
        for token in tokens:
            self.append(token)

    def append(self, token: int) -> None:
        """Note the next token of the prompt or the answer."""
        end = len(self._tokens)
        for length in _LENGTHS:
            if end >= length:
                self._after[tuple(self._tokens[end - length : end])] = end
        self._tokens.append(token)
        self._pause = max(0, self._pause - 1)

    def guess(self, room: int) -> list[int]:
        """Return at most `room` tokens that may follow; none if nothing is known."""
        if self._pause:
            return []
        for length in _LENGTHS:
            place = self._after.get(tuple(self._tokens[-length:]))
            if place is not None:
                return self._tokens[place : place + max(0, min(self._size, room))]
        return []

    def note_result(self, guessed: int, right: int) -> None:
        """Learn from a guess. The next is two longer than what was right; if nothing was right, guessing pauses."""
        self._size = min(self._most, right + 2)
        if guessed and not right:
            self._pause, self._next_pause = self._next_pause, min(2 * self._next_pause, _LONGEST_PAUSE)
        elif right:
            self._next_pause = _PAUSE_TOKENS
