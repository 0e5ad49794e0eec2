"""Sends llama.cpp's own log to Python's at debug level and remembers why it last refused something."""

import ctypes
import logging

import llama_cpp

_log = logging.getLogger(__name__)
_ERROR = 4  # GGML_LOG_LEVEL_ERROR
_CONCLUSION = "failed to load model"  # follows the line that says why
_last_error = ""


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]  # a ctypes type, not a decorator
def _receive(level: int, text: bytes, _user_data: ctypes.c_void_p) -> None:
    global _last_error
    line = text.decode("utf-8", "replace").strip()
    if level == _ERROR and line and not line.endswith(_CONCLUSION):
        _last_error = line.partition(": ")[2] or line
    _log.debug("%s", line)


def route_log() -> None:
    """Take over the log of llama.cpp for the whole process."""
    llama_cpp.llama_log_set(_receive, ctypes.c_void_p(0))


def last_error() -> str:
    """Return the last error line of llama.cpp, the only place that says why a file was refused."""
    return _last_error
