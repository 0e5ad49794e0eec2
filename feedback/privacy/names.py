"""Finds names of people whom nobody knows, by a model in a process of its own (`name_model.py`).

That process takes about 200 MB and ends with the job that asked: a serving Chip never holds the model.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

Spans = list[tuple[int, int]]
FindNames = Callable[[Sequence[str]], list[Spans]]

_LONGEST_TEXT = 20_000  # characters; the model's memory grows with the text


class NameReaderError(Exception):
    """The process that reads names ended; the message says how."""


@contextmanager
def read_names() -> Iterator[FindNames]:
    """Lend what finds names, for one job. It raises `NameReaderError`."""
    with closing(NameReader()) as reader:
        yield reader.find


class NameReader:
    """Reads texts for names. Starts its process at the first text, and ends it when closed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def find(self, texts: Sequence[str]) -> list[Spans]:
        """Return where names stand in each text, by its characters; many texts at once go three times as fast.

        Raises `NameReaderError`.
        """
        if self._process is None:
            command = [sys.executable, "-m", "feedback.privacy.name_model"]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None
        assert answers is not None
        answer = ""
        with suppress(OSError):
            source.write(json.dumps([text[:_LONGEST_TEXT] for text in texts]) + "\n")
            source.flush()
            answer = answers.readline()
        if not answer:
            raise NameReaderError(f"the process that reads names ended with code {self._process.wait()}")
        return [[(start, end) for start, end in spans] for spans in json.loads(answer)]

    def close(self) -> None:
        """End the process; the next text starts another."""
        if self._process is not None:
            with suppress(OSError):
                self._process.communicate()
            self._process = None
