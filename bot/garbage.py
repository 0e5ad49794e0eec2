"""Keeps Python's garbage collector from pausing the process for a third of a second.

The libraries that Chip stands on leave half a million objects that live as long as the process. A full collection looks
at each of them, holding the interpreter's lock: 0.29 s on two Zen 3 cores, now and then, in which nothing is
acknowledged and no token is made. Once frozen, they are no longer looked at.
"""

import gc


def spare_lasting_objects() -> None:
    """Call it once, when everything that lasts is loaded: what lives now is never collected."""
    gc.collect()
    gc.freeze()
