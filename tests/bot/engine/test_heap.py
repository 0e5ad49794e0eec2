"""Freed memory goes back to the system."""

import subprocess
import sys

import pytest

# Blocks that grow, of which every second is kept: by default what lies between is kept from going back.
SCRIPT = """
import ctypes, sys, psutil
from bot.engine.heap import limit_heaps
if sys.argv[1] == "limited":
    assert limit_heaps()
c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def take(size):
    block = c.malloc(size)
    ctypes.memset(block, 1, size)
    return block
c.free(take(30 * 2**20))  # raises glibc's own threshold
before = psutil.Process().memory_info().rss
blocks = [(take(2**20), take(64)) for _ in range(64)]
for large, _ in blocks[:-1]:
    c.free(large)
print((psutil.Process().memory_info().rss - before) // 2**20)
"""


def grow(kind: str) -> int:
    """Return the MiB that stay when 63 of 64 are freed."""
    return int(subprocess.run([sys.executable, "-c", SCRIPT, kind], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_freed_blocks_do_not_stay() -> None:
    assert grow("limited") <= 4
    assert grow("as it is") >= 32  # else the limits would show nothing here
