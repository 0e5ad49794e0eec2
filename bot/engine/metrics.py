"""What the engine counts for Prometheus: requests, tokens, the queue, swaps, restarts and time by stage.

Labels are few and fixed (lane, outcome, stage): never a person, a thread or a text. Knows nothing of llama.cpp.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.engine.port import Completion, EngineError, Lane

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
STAGES = ("decode", "sample", "park", "turn")
"""Stages of a turn of the engine's loop: llama.cpp's decode, picking tokens, saving and restoring parked states; and
the whole turn.
"""


class EngineMetrics:
    """Counters of one engine in a registry of their own (or the one given), so that two engines never mix."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._requests = self._counter("requests", "Requests that ended", "lane", "outcome")
        self._tokens = self._counter("tokens", "Tokens read (computed or reused), answered and drafted", "kind")
        self._swaps = self._counter("swaps", "Adapter swaps", "lane")
        self._restarts = self._counter("restarts", "Restarts after the engine's thread died")
        self._seconds = self._counter("seconds", "Seconds of the engine's thread", "stage")
        self._parked = Gauge("chip_engine_parked_bytes", "RAM that holds parked prompts", registry=self.registry)
        self._on_disk = Gauge("chip_engine_parked_disk_bytes", "Parked prompts on the disk", registry=self.registry)
        self._waiting = Gauge("chip_engine_waiting", "Requests that wait", registry=self.registry)
        self._waited = self._histogram("wait", "From submit to a slot")
        self._first = self._histogram("first_token", "From submit to the first token")
        self._total = self._histogram("total", "From submit to the end")

    def note_completion(self, lane: Lane, done: Completion, waited_seconds: float) -> None:
        """Count a request that ended with a completion."""
        self._requests.labels(lane, done.finish).inc()
        self._tokens.labels("computed").inc(done.prompt_tokens - done.reused_tokens)
        self._tokens.labels("reused").inc(done.reused_tokens)
        self._tokens.labels("answered").inc(done.completion_tokens)
        self._tokens.labels("drafted").inc(done.drafted_tokens)
        self._waited.labels(lane).observe(waited_seconds)
        self._first.labels(lane).observe(done.first_token_ms / 1000)
        self._total.labels(lane).observe(done.total_ms / 1000)

    def note_failure(self, lane: Lane, error: EngineError) -> None:
        """Count a request that ended with an error, by the error's type."""
        self._requests.labels(lane, type(error).__name__).inc()

    def note_swap(self, lane: Lane) -> None:
        """Count a swap of the lane's adapter."""
        self._swaps.labels(lane).inc()

    def note_restart(self) -> None:
        """Count a restart of the engine's thread."""
        self._restarts.inc()

    def note_seconds(self, stage: str, seconds: float) -> None:
        """Add to one of `STAGES`."""
        self._seconds.labels(stage).inc(seconds)

    def show_waiting(self, requests: int) -> None:
        """Show how many requests wait."""
        self._waiting.set(requests)

    def show_parked(self, size: int, disk_size: int) -> None:
        """Show how many bytes of parked states are in RAM and on disk."""
        self._parked.set(size)
        self._on_disk.set(disk_size)

    def value(self, name: str, **labels: str) -> float:
        """Return the present value of a series, for tests and benchmarks; 0 if it has not begun."""
        return self.registry.get_sample_value(f"chip_engine_{name}", labels) or 0.0

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"chip_engine_{name}", help_text, labels, registry=self.registry)

    def _histogram(self, name: str, help_text: str) -> Histogram:
        return Histogram(f"chip_engine_{name}_seconds", help_text, ["lane"], buckets=_SECONDS, registry=self.registry)
