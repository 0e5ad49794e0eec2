"""Words how far a retrain is: the step, what it does, and the time left as earlier runs took it.

Knows neither Slack nor training.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retrain.run import Progress

STEPS = ("curate", "rehearse", "train", "evaluate", "promote")
_FIRST_TOLD = 1  # the first step ends before anybody could read about it


@dataclass(slots=True)
class Steps:
    """The steps of the running retrain. `find_earlier` returns the seconds of each step of the last complete run."""

    find_earlier: Callable[[], Mapping[str, float]]
    changed: Callable[[str], None] = lambda text: None  # noqa: ARG005
    timer: Callable[[], float] = time.monotonic
    _now: Progress | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _earlier: Mapping[str, float] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def note(self, progress: Progress) -> None:
        """Store the retrain's progress and pass it on in words."""
        with self._lock:
            if self._now is None:
                self._earlier = self.find_earlier()
            if self._now is None or self._now.step != progress.step:
                self._began = self.timer()
            self._now = progress
        if progress.step in STEPS[_FIRST_TOLD:]:
            self.changed(self.describe())

    def end(self) -> None:
        """Forget the retrain that ended, and pass on ""."""
        with self._lock:
            self._now = None
        self.changed("")

    def describe(self) -> str:
        """Return the step and the time left; "" if nothing runs."""
        with self._lock:
            if self._now is None:
                return ""
            number = STEPS.index(self._now.step) + 1 if self._now.step in STEPS else 1
            left = self._estimate(self._now)
            return f"step {number} of {len(STEPS)}: {self._now.text}{_tell_left(left)}"

    def _estimate(self, now: Progress) -> float | None:
        """Return the seconds left: of this step by its pace or its last run, of the other steps by their last runs."""
        later = STEPS[STEPS.index(now.step) + 1 :] if now.step in STEPS else ()
        if not {now.step, *later} - {"promote"} <= self._earlier.keys():
            return None
        gone = self.timer() - self._began
        whole = gone / now.share if 0.0 < now.share <= 1.0 and gone else self._earlier.get(now.step, 0.0)
        return max(0.0, whole - gone) + sum(self._earlier.get(step, 0.0) for step in later)


def _tell_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return ", less than a minute left"
    minutes = round(seconds / 60)
    return f", about {minutes} {'minute' if minutes == 1 else 'minutes'} left"
