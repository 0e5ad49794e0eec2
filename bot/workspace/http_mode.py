"""Owns the delivery over HTTP: signed requests to the app's address, acks, retries with their headers.

Knows nothing of what a request says. Lives on the server's event loop; the requests themselves run on threads.
"""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.workspace.errors import NotDelivered
from bot.workspace.faults import Faults
from bot.workspace.socket_mode import Delivery, Envelope, EnvelopeKind, Payload

logger = logging.getLogger(__name__)

SENDERS = 32


@dataclass(frozen=True, slots=True)
class Target:
    """Where the app listens, and the secret that signs requests to it."""

    url: str
    signing_secret: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the app answered; `status` is 0 if it did not, because of `reason`."""

    status: int
    body: str = ""
    headers: Mapping[str, str] | None = None
    reason: str = ""

    @property
    def is_ack(self) -> bool:
        return 200 <= self.status < 300


class HttpMode:
    """Posts each event until it is acknowledged or given up; interactions once."""

    def __init__(self, target: Target, faults: Faults, delivery: Delivery, clock: Callable[[], datetime]) -> None:
        self._target = target
        self._faults = faults
        self._delivery = delivery
        self._clock = clock
        self._signer = SignatureVerifier(target.signing_secret)
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="workspace-http")
        self._tasks: set[asyncio.Task[None]] = set()
        self.connected = True
        self.given_up: list[str] = []
        self.redelivered = 0
        self.ack_seconds: deque[float] = deque(maxlen=10_000)

    @property
    def idle(self) -> bool:
        """Whether every event was acknowledged or given up."""
        return not self._tasks

    def push_event(self, payload: Payload) -> None:
        """Delivers an event_callback, again if it was not acknowledged."""
        task = asyncio.get_running_loop().create_task(self._deliver(Envelope("events_api", payload)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, kind: EnvelopeKind, payload: Payload, *, accepts_response: bool) -> Payload:
        """Delivers an interaction and returns the answer's payload ({} if it had none). Raises NotDelivered."""
        answer = await self._post(Envelope(kind, payload, accepts_response))
        if not answer.is_ack:
            raise NotDelivered("operation_timeout" if answer.reason == "http_timeout" else "dispatch_failed")
        if not answer.body or not accepts_response:
            return {}
        try:
            return dict(json.loads(answer.body))
        except ValueError:
            return {"text": answer.body}

    def move(self, target: Target) -> None:
        """Delivers to another address from now on, including what is still to be delivered again."""
        self._target, self._signer = target, SignatureVerifier(target.signing_secret)

    async def verify(self) -> None:
        """Asks the address for the challenge, as Slack does when it is entered. Raises NotDelivered."""
        challenge = {"token": "local", "challenge": "3eZbrw1aBm2rZgRNFdxV", "type": "url_verification"}
        answer = await self._send(json.dumps(challenge), "application/json", {})
        if not answer.is_ack or challenge["challenge"] not in answer.body:
            raise NotDelivered("dispatch_failed")

    def close(self) -> None:
        """Gives up what waits, and lets requests in progress end."""
        for task in self._tasks:
            task.cancel()
        self._senders.shutdown(cancel_futures=True)

    async def _deliver(self, envelope: Envelope, reason: str = "") -> None:
        answer = await self._post(envelope, reason)
        if answer.is_ack:
            return
        waits = self._delivery.redelivery_seconds
        wants_no_more = (answer.headers or {}).get("x-slack-no-retry") == "1"
        if wants_no_more or envelope.attempt >= len(waits):
            self.given_up.append(str(envelope.payload.get("event_id")))
            logger.warning("event given up after %d deliveries", envelope.attempt + 1)
            return
        await asyncio.sleep(waits[envelope.attempt])
        self.redelivered += 1
        await self._deliver(replace(envelope, attempt=envelope.attempt + 1), answer.reason)

    async def _post(self, envelope: Envelope, reason: str = "") -> HttpAnswer:
        started = asyncio.get_running_loop().time()
        headers = {}
        if envelope.attempt:
            headers = {"X-Slack-Retry-Num": str(envelope.attempt), "X-Slack-Retry-Reason": reason}
        if envelope.kind == "events_api":
            answer = await self._send(json.dumps(envelope.payload), "application/json", headers)
        elif envelope.kind == "interactive":
            form = urlencode({"payload": json.dumps(envelope.payload)})
            answer = await self._send(form, "application/x-www-form-urlencoded", headers)
        else:
            answer = await self._send(urlencode(envelope.payload), "application/x-www-form-urlencoded", headers)
        if answer.is_ack:
            self.ack_seconds.append(asyncio.get_running_loop().time() - started)
        return HttpAnswer(0, reason="http_timeout") if answer.is_ack and self._faults.take_lost_ack() else answer

    async def _send(self, body: str, content_type: str, headers: Mapping[str, str]) -> HttpAnswer:
        timestamp = str(int(self._clock().timestamp()))
        signature = self._signer.generate_signature(timestamp=timestamp, body=body) or ""
        signed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, "Content-Type": content_type}
        request = urllib.request.Request(self._target.url, body.encode(), {**headers, **signed})
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._senders, _exchange, request, self._delivery.ack_seconds)


def _exchange(request: urllib.request.Request, timeout_seconds: float) -> HttpAnswer:
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as response:
            return HttpAnswer(response.status, response.read().decode(), _lower(response.headers.items()))
    except urllib.error.HTTPError as error:
        with error:
            return HttpAnswer(error.code, headers=_lower(error.headers.items()), reason="http_error")
    except TimeoutError:
        return HttpAnswer(0, reason="http_timeout")
    except (urllib.error.URLError, OSError):
        return HttpAnswer(0, reason="connection_failed")


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
