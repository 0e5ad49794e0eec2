"""How long a test waits for what happens in another thread or process, before it says that nothing happened.

The bound is for failures only: what is waited for comes in milliseconds on a quiet machine, in seconds on a busy one.
"""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0


def wait_until(holds: Callable[[], object]) -> None:
    """Return once `holds()` is true, which is asked every 5 ms."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, f"it did not happen within {PATIENCE_SECONDS} s"
        time.sleep(0.005)
