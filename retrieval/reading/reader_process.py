"""The process that reads files: takes one request at a time on standard input, and writes the file's parts.

Runs as `python -m retrieval.reading.reader_process`, started by `file_reader`. A request is a pickled head and the
file's bytes; every answer is a pickled value after its length. This process sets its own limits on processor time and
memory for each file, so that the kernel ends what runs away. Knows nothing of where files come from.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator
from enum import Enum
from io import BytesIO
from typing import Any, BinaryIO

from retrieval.reading.documents import Part, RejectedError
from retrieval.reading.formats import read_parts

LENGTH = struct.Struct(">Q")
OUT_OF_MEMORY = 77
"""This process ends with this status if a file needs more memory than it may have."""
MOST_CHARACTERS = 20_000_000
"""What all parts of one file may hold together: four times the largest text file."""


def main() -> None:
    """Answer requests until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the process that started this one and ends it
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with answers
    _write_answer(answers, None)  # tells that it is ready
    while head := sys.stdin.buffer.read(LENGTH.size):
        _serve(head, sys.stdin.buffer, answers)


def _serve(head: bytes, requests: BinaryIO, answers: BinaryIO) -> None:
    """Read one file. If memory runs out, this process is of no further use."""
    name, size, seconds, megabytes = pickle.loads(requests.read(*LENGTH.unpack(head)))
    raw = requests.read(size)
    _limit(seconds, megabytes)
    try:
        for part in _count(read_parts(name, raw)):
            _write_answer(answers, part)
        _write_answer(answers, None)
    except RejectedError as error:
        _write_answer(answers, str(error))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _limit(seconds: float, megabytes: int) -> None:
    """Allow this much more processor time, and this much memory in all, each up to the system's limit."""
    for kind, wanted in (
        (resource.RLIMIT_CPU, int(time.process_time() + seconds) + 1),
        (resource.RLIMIT_AS, megabytes * 2**20),
    ):
        _, most = resource.getrlimit(kind)
        soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (soft, most))


def _count(parts: Iterator[Part]) -> Iterator[Part]:
    characters = 0
    for part in parts:
        characters += len(part.text)
        if characters > MOST_CHARACTERS:
            raise RejectedError(f"The file holds more than {MOST_CHARACTERS:,} characters of text.")
        yield part


class _ValuePickler(pickle.Pickler):
    """Writes a member of an enum as its class and value. Python 3.11.2 writes `getattr`, which no reader may accept."""

    def reducer_override(self, value: object) -> Any:
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


def _write_answer(answers: BinaryIO, value: Part | str | None) -> None:
    buffer = BytesIO()
    _ValuePickler(buffer).dump(value)
    told = buffer.getvalue()
    answers.write(LENGTH.pack(len(told)) + told)
    answers.flush()


if __name__ == "__main__":
    main()
