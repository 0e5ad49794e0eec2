"""Turns the bytes of tokens into text that may be shown: whole characters, and nothing from a stop string on."""

import codecs
from collections.abc import Sequence


class AnswerText:
    """The text of one answer. What may begin a stop string is held back until that is certain."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = tuple(stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown: list[str] = []
        self._held = ""
        self.is_stopped = False

    @property
    def text(self) -> str:
        """What was shown so far."""
        return "".join(self._shown)

    def feed(self, piece: bytes) -> str:
        """Add a token's bytes and return what may be shown now: whole characters before any stop string."""
        if self.is_stopped:
            return ""
        self._held += self._decoder.decode(piece)
        found = [place for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if found:
            self.is_stopped = True
            shown, self._held = self._held[: min(found)], ""
        else:
            keep = self._beginning_of_a_stop()
            shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return self._show(shown)

    def finish(self) -> str:
        """Return what was held back for a stop string that never came. Bytes of an incomplete character are dropped."""
        shown, self._held = self._held, ""
        return self._show(shown)

    def _show(self, text: str) -> str:
        if text:
            self._shown.append(text)
        return text

    def _beginning_of_a_stop(self) -> int:
        """Return how many of the last characters begin a stop string."""
        return max(
            (
                length
                for stop in self._stop
                for length in range(1, min(len(stop), len(self._held) + 1))
                if self._held.endswith(stop[:length])
            ),
            default=0,
        )
