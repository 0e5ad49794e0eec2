"""The process that reads files: one request at a time from its standard input, the parts of the file to its output.

Runs as `python -m retrieval.reading.reader_process`, started by `file_reader`. A request is a pickled head and the
file's bytes; every answer is a pickled value behind its length. The limits on processor time and memory are set here
for each file, so that the kernel ends what runs away. Knows nothing of where files come from.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

from retrieval.reading.documents import Part, RejectedError
from retrieval.reading.formats import read_parts

LENGTH = struct.Struct(">Q")
OUT_OF_MEMORY = 77
"""The status with which this process ends where a file needs more memory than it may have."""
MOST_CHARACTERS = 20_000_000
"""What all parts of one file may hold together: four times the largest text file."""


def main() -> None:
    """Answer requests until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for who started this process, and who ends it
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _write_answer(answers, None)  # ready
    while head := sys.stdin.buffer.read(LENGTH.size):
        _serve(head, sys.stdin.buffer, answers)


def _serve(head: bytes, requests: BinaryIO, answers: BinaryIO) -> None:
    """Read one file. Where memory runs out this process is of no use any more."""
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
    """Allow so much more processor time, and so much memory in all, each up to what the system allows."""
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


def _write_answer(answers: BinaryIO, value: Part | str | None) -> None:
    told = pickle.dumps(value)
    answers.write(LENGTH.pack(len(told)) + told)
    answers.flush()


if __name__ == "__main__":
    main()
