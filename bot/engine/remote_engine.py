"""An `Engine` that asks an OpenAI-compatible server (llama-server, vLLM and others) instead of computing itself.

The server batches and samples. This module owns the queue before it, the stream from it, and what its refusals mean. An
adapter is a model with a name of its own there. One that the server does not list is loaded over vLLM's API, which must
allow it.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import httpx

from bot.engine.metrics import EngineMetrics
from bot.engine.model import verify_adapter
from bot.engine.port import (
    DeadlinePassed,
    EngineBusy,
    EngineError,
    EngineStopped,
    Generation,
    GenerationFailed,
    GenerationRequest,
    Lane,
    ModelFileError,
)
from bot.engine.reading import require_sensible
from bot.engine.remote_protocol import Answering, build_body, explain_refusal
from bot.engine.stream import QueuedGeneration
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrain.bases.base import Base

SILENCE_SECONDS = 60.0
"""A server that is silent for this long is given up."""
BUSY_SECONDS = 5.0
_log = logging.getLogger(__name__)


class RemoteEngine:
    """Serves one base through a server at `settings.url`. `close` it when done."""

    def __init__(
        self,
        base: Base,
        settings: EngineSettings,
        clock: Callable[[], float] = time.perf_counter,
        metrics: EngineMetrics | None = None,
    ) -> None:
        """Nothing is asked of the server yet, so that Chip can start first. Raises `EngineError` without a URL."""
        if settings.url is None:
            raise EngineError("The setting engine.url names no server.")
        self._base = base
        self._settings = settings
        self._clock = clock
        self.metrics = metrics or EngineMetrics()
        key = {} if settings.url_key is None else {"Authorization": f"Bearer {settings.url_key.get_secret_value()}"}
        self._client = httpx.Client(
            base_url=settings.url.rstrip("/").removesuffix("/v1"),
            headers=key,
            timeout=SILENCE_SECONDS,
            limits=httpx.Limits(max_connections=settings.slots + 4),
            trust_env=False,  # no conversation may go through a proxy that the environment names
        )
        self._pool = ThreadPoolExecutor(settings.slots, thread_name_prefix="remote-engine")
        self._lock = Lock()
        self._open: set[QueuedGeneration] = set()
        self._adapters: dict[Lane, Adapter | None] = dict.fromkeys(Lane)
        self._is_closed = False

    @property
    def base_id(self) -> str:
        return self._base.id

    @property
    def reads_passages(self) -> bool:
        return self._base.reads_passages

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None:
        adapter = self._adapters[lane]
        return None if adapter is None else adapter.id

    def submit(self, request: GenerationRequest) -> Generation:
        """Queue a request; see `Engine`. The generation raises what the server refuses."""
        require_sensible(request)
        generation = QueuedGeneration(lambda: None)
        with self._lock:
            self._require_open()
            if len(self._open) >= self._settings.slots + self._settings.queue:
                raise EngineBusy(BUSY_SECONDS)
            self._open.add(generation)
            self._pool.submit(self._run, request, generation, self._clock())
        return generation

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        """Verify the adapter, make sure that the server has it, and use it on the lane; see `Engine`."""
        started = time.perf_counter()
        with self._lock:
            self._require_open()
        if adapter is not None:
            verify_adapter(adapter, self._base)
            self._require_served(adapter)
        self._adapters[lane] = adapter
        self.metrics.note_swap(lane)
        return (time.perf_counter() - started) * 1000

    def close(self) -> None:
        """End what is in progress with `EngineStopped`. Calling it twice is harmless."""
        with self._lock:
            self._is_closed = True
            running = list(self._open)
        for generation in running:
            generation.settle(EngineStopped("The engine was closed before this was done."))
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def _require_open(self) -> None:
        if self._is_closed:
            raise EngineStopped("The engine is closed.")

    def _require_served(self, adapter: Adapter) -> None:
        if adapter.id in self.list_models():
            return
        body = {"lora_name": adapter.id, "lora_path": str(adapter.folder.resolve())}
        try:
            self._client.post("/v1/load_lora_adapter", json=body)
        except httpx.HTTPError as error:
            raise ModelFileError(f"The server was not reached for adapter {adapter.id}: {error}.") from error
        if adapter.id not in self.list_models():
            raise ModelFileError(f"The server does not serve adapter {adapter.id} and does not load it.")

    def list_models(self) -> set[str]:
        """Return the names of the server's models. Raises `ModelFileError`."""
        try:
            listed = self._client.get("/v1/models").raise_for_status().json()
            return {str(model["id"]) for model in listed["data"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"The server does not list its models: {error}.") from error

    # From here on, on a thread of the pool.

    def _run(self, request: GenerationRequest, generation: QueuedGeneration, submitted: float) -> None:
        is_live = request.lane is Lane.CANARY and self.adapter_id(Lane.CANARY) is None
        adapter_id = self.adapter_id(Lane.LIVE if is_live else request.lane)
        name = adapter_id or self._settings.url_model or self._base.id
        seconds = request.deadline_seconds or self._settings.deadline_seconds
        answering = Answering(request, generation, self._base.id, adapter_id, self._clock, submitted)
        try:
            if self._clock() - submitted >= seconds and not generation.is_cancelled:
                raise DeadlinePassed(self._clock() - submitted)
            if not generation.is_cancelled:
                self._stream(build_body(request, name), answering, submitted + seconds)
            completion = answering.complete()
            self.metrics.note_completion(request.lane, completion, waited_seconds=0.0)
            generation.settle(completion)
        except Exception as error:  # the thread's edge: nobody waits for ever
            failure = error if isinstance(error, EngineError) else _translate(error)
            _log.warning("id=%s lane=%s failed: %s", request.id, request.lane, type(error).__name__)
            self.metrics.note_failure(request.lane, failure)
            generation.settle(failure)
        finally:
            with self._lock:
                self._open.discard(generation)

    def _stream(self, body: dict[str, object], answering: Answering, deadline: float) -> None:
        path = "/v1/completions" if "prompt" in body else "/v1/chat/completions"
        with self._client.stream("POST", path, json=body) as response:
            if response.status_code != httpx.codes.OK:
                response.read()
                raise explain_refusal(response)
            for line in response.iter_lines():
                answering.read(line)
                if answering.is_over or self._is_closed:
                    return
                if self._clock() >= deadline:
                    answering.finish = "deadline"
                    return


def _translate(error: Exception) -> EngineError:
    failure = GenerationFailed(f"The server that generates could not be used ({type(error).__name__}).")
    failure.__cause__ = error
    return failure
