"""The tracks of both lanes: which one computes next, and how a lane changes its adapter under load.

A lane's new adapter answers from the next admission on. If replies are in progress, the lane gets a second context and
the old one retires: it admits nothing more, finishes its replies with its own adapter and is freed. So nothing waits,
nothing is dropped and no reply mixes two adapters. The price is one more context until the last old reply ends. A lane
has at most one retiring track; `can_swap` says when the next change may start. Runs on the engine's thread.
"""

import time
from collections.abc import Iterator

from bot.engine.context import LlamaContext
from bot.engine.port import EngineError, Lane
from bot.engine.track import LoadedAdapter, Shared, Track
from config.settings import EngineSettings
from retrain.adapter import Adapter

BATCH_TOKENS = 512
"""Limits the time between two tokens of a running reply while prompts are read."""
TRIAL_EVERY = 8
"""While people wait, the trial lane computes one batch in this many, so that an evaluation still ends."""

SERVING = (Lane.LIVE, Lane.CANARY)
"""The lanes that people wait for. They take turns."""


class Lanes:
    """Builds, swaps and retires tracks."""

    def __init__(self, shared: Shared, settings: EngineSettings) -> None:
        """Build the live track and let it compute.

        Raises `EngineError` if there is no memory for it, and `ModelFileError` if the weights compute nothing usable.
        """
        self._shared = shared
        self._model = shared.model
        self._settings = settings
        chosen = settings.context_tokens or shared.model.base.choose_context(settings.slots)
        self.slot_tokens = min(chosen, shared.model.context)
        self._current: dict[Lane, Track] = {}
        self._retiring: dict[Lane, Track] = {}
        self._steps = 0
        live = self._track(Lane.LIVE)
        live.warm_up()
        live.check()

    def adapter_id(self, lane: Lane) -> str | None:
        """Return the id of the lane's adapter; None for the bare base."""
        track = self._current.get(lane)
        return None if track is None else track.adapter_id

    @property
    def is_busy(self) -> bool:
        """Whether any reply is in progress."""
        return any(track.is_busy for track in self.all())

    def has_room(self, lane: Lane) -> bool:
        """Whether the lane can admit. A lane without a context gets one when it needs it."""
        return lane not in self._current or self._current[lane].has_room

    def track(self, lane: Lane) -> Track:
        """Return the lane's track, built on first use. Raises `EngineError`."""
        return self._track(lane)

    def next_track(self) -> Track | None:
        """Return the track that computes the next batch; None if there is nothing to compute."""
        serving = [track for lane in SERVING for track in self._of(lane) if track.is_busy]
        trial = [track for track in self._of(Lane.TRIAL) if track.is_busy]
        self._steps += 1
        due = trial if trial and (not serving or self._steps % TRIAL_EVERY == 0) else serving
        return due[self._steps % len(due)] if due else None

    def drop_ended(self) -> None:
        """End the jobs of all tracks that were cancelled or whose deadline has passed."""
        for track in self.all():
            track.drop_ended()

    def can_swap(self, lane: Lane) -> bool:
        """Whether no track of the lane is retiring, so that a change may start."""
        return lane not in self._retiring

    def swap(self, lane: Lane, adapter: Adapter | None) -> float:
        """Change the lane's adapter (None: the bare base). Return for how many milliseconds decoding stood still.

        Raises `ModelFileError` or `EngineError` and leaves the lane unchanged. A lane other than the live one is freed
        if it gets no adapter.
        """
        started = time.perf_counter()
        if adapter is None and lane is not Lane.LIVE:
            self._retire(lane)
        elif self.adapter_id(lane) != (adapter and adapter.id):
            self._change(lane, adapter)
        return (time.perf_counter() - started) * 1000

    def free_retired(self) -> None:
        """Free each retiring track whose last reply has ended."""
        for lane, track in list(self._retiring.items()):
            if not track.is_busy:
                del self._retiring[lane]
                track.close()

    def close(self) -> None:
        """Free every context and adapter. No job may be left."""
        for track in self.all():
            track.close()
        self._current.clear()
        self._retiring.clear()

    def all(self) -> list[Track]:
        """Return every track, the retiring ones included."""
        return [track for lane in Lane for track in self._of(lane)]

    def _of(self, lane: Lane) -> Iterator[Track]:
        return (tracks[lane] for tracks in (self._current, self._retiring) if lane in tracks)

    def _track(self, lane: Lane) -> Track:
        if lane not in self._current:
            self._current[lane] = self._build_track(lane)
        return self._current[lane]

    def _build_track(self, lane: Lane) -> Track:
        slots = self._settings.slots if lane is Lane.LIVE else max(1, self._settings.slots // 2)
        context = LlamaContext(
            self._model,
            slots=slots,
            slot_tokens=self.slot_tokens,
            batch_tokens=BATCH_TOKENS,
            threads=self._settings.threads,
            draft=self._settings.draft_tokens,
            flash_attention=self._settings.flash_attention,
        )
        draft = self._settings.draft_tokens
        return Track(self._shared, lane, context, slots=slots, batch_tokens=BATCH_TOKENS, draft=draft)

    def _change(self, lane: Lane, adapter: Adapter | None) -> None:
        loaded = self._load_adapter(adapter) if adapter else None
        old = self._current.get(lane)
        track = None
        try:
            track = old if old and not old.is_busy else self._build_track(lane)
            track.set_adapter(loaded)
        except EngineError:
            if loaded:
                self._model.free_adapter(loaded.handle)
            if track is not None and track is not old:
                track.close()
            raise
        if track is not old:
            self._retire(lane)
        self._current[lane] = track

    def _load_adapter(self, adapter: Adapter) -> LoadedAdapter:
        file_hash = adapter.files.get(adapter.gguf_path.name, "")
        return LoadedAdapter(adapter.id, f"{adapter.id}:{file_hash}", self._model.load_adapter(adapter))

    def _retire(self, lane: Lane) -> None:
        old = self._current.pop(lane, None)
        if old is not None:
            self._retiring[lane] = old
            self.free_retired()
