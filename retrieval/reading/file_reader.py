"""Reads files that strangers wrote in separate processes, which time and memory limits end.

A process serves one file after another, because starting one takes longer than most files. Its output is treated as
data: only the values of reading can come out of it. Knows nothing of the formats.
"""

import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from retrieval.reading.documents import Part, RejectedError, StoppedError
from retrieval.reading.formats import require_format
from retrieval.reading.reader_process import LENGTH, OUT_OF_MEMORY

FILES_EACH = 2_000
"""After this many files a process is replaced, so that what a parser leaks stays small."""
_LARGEST_ANSWER = 200_000_000
_PATIENCE = 10  # how many times its own limit a file may wait for the processor
_START_SECONDS = 120.0
_VALUES = {"retrieval.reading.documents", "retrieval.passage"}


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading one file may use: processor time, and the memory of the process in all."""

    seconds: float = 60.0
    megabytes: int = 2_048


class FileReader:
    """Reads files in processes of its own. Thread-safe: each thread that reads has a process to itself."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        """Remember the limits. No process is started yet."""
        self._limits = limits or ReadingLimits()
        self._lock = threading.Lock()
        self._idle: _Process | None = None
        self._busy: set[_Process] = set()
        self._is_closed = False

    def __call__(self, name: str, raw: bytes) -> Iterator[Part]:
        """Yield the parts of a file's bytes.

        Raise `RejectedError` if it cannot be read within the limits, `StoppedError` once this is closed, and `OSError`
        if no process can be started, which is not the file's fault.
        """
        require_format(name, len(raw))
        process = self._ask(name, raw)
        is_whole = False
        try:
            patience = _PATIENCE * self._limits.seconds
            while True:
                started = time.monotonic()
                part = process.receive(patience)
                patience -= time.monotonic() - started  # the caller's work on a part does not count
                if not isinstance(part, Part):
                    break
                yield part
            is_whole = True
            if part is not None:
                raise RejectedError(part)
        except EOFError as error:
            raise self._explain(process) from error
        finally:
            self._give_back(process, is_whole=is_whole)

    def close(self) -> None:
        """End all processes, including those that read. The thread that waits for one gets `StoppedError`."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, None
            for process in self._busy:
                process.interrupt()
        if idle is not None:
            idle.end()

    def _ask(self, name: str, raw: bytes) -> "_Process":
        """Return a process that got the file: the idle one, or a new one if that has ended."""
        head = (name, len(raw), self._limits.seconds, self._limits.megabytes)
        while True:
            process, is_fresh = self._take()
            try:
                if is_fresh:
                    process.receive(_START_SECONDS)
                process.send(head, raw)
            except (EOFError, BrokenPipeError) as error:
                self._give_back(process, is_whole=False)
                if self._is_closed:
                    raise StoppedError from error
                if is_fresh:
                    raise OSError(f"The process that reads files does not start ({process.status}).") from error
            else:
                return process

    def _take(self) -> "tuple[_Process, bool]":
        with self._lock:
            if self._is_closed:
                raise StoppedError
            process, self._idle = self._idle, None
            if process is not None and process.status is not None:
                process.end()
                process = None
            is_fresh = process is None
            process = process or _Process()
            self._busy.add(process)
        return process, is_fresh

    def _give_back(self, process: "_Process", *, is_whole: bool) -> None:
        with self._lock:
            self._busy.discard(process)
            is_kept = is_whole and process.files < FILES_EACH and self._idle is None and not self._is_closed
            if is_kept:
                self._idle = process
        if not is_kept:
            process.end()

    def _explain(self, process: "_Process") -> Exception:
        """Return why a process ended in the middle of a file."""
        if self._is_closed:
            return StoppedError()
        process.end()
        if process.is_late or process.status == -signal.SIGXCPU:
            return RejectedError(f"Reading it takes more than {self._limits.seconds:g} seconds.")
        if process.status == OUT_OF_MEMORY:
            return RejectedError(f"Reading it takes more than {self._limits.megabytes:,} MB of memory.")
        return RejectedError(f"The file is broken: the process that read it ended with {process.status}.")


class _Process:
    """One process that reads files, with a folder of its own for what parsers write."""

    def __init__(self) -> None:
        self.files = 0
        self.is_late = False
        self._folder = tempfile.mkdtemp(prefix="chip-reading-")
        try:
            # It gets none of our secrets, no terminal, and no signal that is meant for us.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "retrieval.reading.reader_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "TMPDIR": self._folder,
                    "LC_ALL": "C.UTF-8",
                },
                start_new_session=True,
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    @property
    def status(self) -> int | None:
        """The exit status, or minus the signal that ended the process; None while it runs."""
        return self._process.poll()

    def send(self, head: tuple[str, int, float, int], raw: bytes) -> None:
        """Send a file. Raise `BrokenPipeError` if the process has ended."""
        self.files += 1
        told = pickle.dumps(head)
        assert self._process.stdin is not None
        self._process.stdin.write(LENGTH.pack(len(told)) + told + raw)
        self._process.stdin.flush()

    def receive(self, seconds: float) -> Part | str | None:
        """Return the next part; at the end None, or why there is none. Raise `EOFError` if no answer comes."""
        ends = time.monotonic() + seconds
        (length,) = LENGTH.unpack(self._read(LENGTH.size, ends))
        if length > _LARGEST_ANSWER:
            raise EOFError
        try:
            value = _ValuesOnly(BytesIO(self._read(length, ends))).load()
        except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise EOFError from error
        if not isinstance(value, Part | str | None):
            raise EOFError
        return value

    def interrupt(self) -> None:
        """Kill the process. The thread that reads from it notices, and ends it."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process in any state, and delete its folder."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, size: int, ends: float) -> bytes:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        pieces = bytearray()
        while len(pieces) < size:
            ready, _, _ = select.select([pipe], [], [], max(0.0, ends - time.monotonic()))
            self.is_late = not ready
            piece = os.read(pipe, min(size - len(pieces), 2**20)) if ready else b""
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)


class _ValuesOnly(pickle.Unpickler):
    """Unpickles the values of reading and nothing else, whatever a hijacked parser may send."""

    def find_class(self, module: str, name: str) -> Any:
        found: Any = super().find_class(module, name) if "." not in name and module in _VALUES else None
        is_ours = isinstance(found, type) and found.__module__ == module
        if not is_ours and (module, name) != ("datetime", "date"):
            raise pickle.UnpicklingError(f"{module}.{name} is no value of reading")
        return found or date
