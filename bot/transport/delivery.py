"""Takes requests from either transport, stores events on disk, then hands them to the workspace's app.

Slack waits 3 s for an acknowledgement. Chip acknowledges an event once it is a row in `feedback.arrivals`; the inbox,
which knows duplicates, and the listeners come after that. Listeners answer presses, forms and commands directly. Knows
nothing of what the apps do.
"""

import json
import logging
import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.transport.later import Later
from bot.transport.work import WorkPool
from feedback.arrivals import Arrivals

logger = logging.getLogger(__name__)

FindApp = Callable[[str | None], App | None]

HANDING_ON = 2  # threads that hand on a team's events; more would take the interpreter away from acknowledging
MOST_UNKEPT = 1_000  # events in memory while the disk is full; Slack delivers the others again
SWEEP_SECONDS = 5.0  # an acknowledgement at that moment waits for the sweep
KEEP_SECONDS = 86_400.0  # an event of a workspace that is not served; it may only be left out for now


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that is acknowledged and not handed on yet. `at` is its instant, in seconds since 1970."""

    team: str
    key: str
    at: float | None
    hand_on: Callable[[], None]


Receipt = tuple[BoltResponse | None, PendingEvent | None]


class Delivery:
    """Takes Slack's requests for the apps. `signing_secret` is the key of requests over HTTP.

    `later` retries what the inbox could not store. `clock` returns seconds, as Slack's events name them.
    """

    def __init__(
        self,
        find_app: FindApp,
        arrivals: Arrivals,
        signing_secret: str,
        later: Later,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._find_app = find_app
        self._arrivals = arrivals
        self._verifier = SignatureVerifier(signing_secret)
        self._later = later
        self._clock = clock
        self._under_way: set[int] = set()
        self._unkept: deque[BoltRequest] = deque(maxlen=MOST_UNKEPT)
        self._opening = threading.Lock()
        self._handing_on: dict[str, WorkPool] = {}  # by team, so that no team waits for another's database or Slack

    @property
    def is_idle(self) -> bool:
        """Whether the inbox holds everything that was acknowledged, except events that wait for another try."""
        return not self._under_way

    def receive(self, request: BoltRequest) -> Receipt:
        """Return the response for Slack (None: no workspace of that team), and the event to hand on afterwards."""
        return self.receive_all([request])[0]

    def receive_all(self, requests: Sequence[BoltRequest]) -> list[Receipt]:
        """Take requests that came together, and store their events on disk together.

        Raises `sqlite3.Error` if the events cannot be stored.
        """
        answers = [self._answer(request) for request in requests]
        events = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
        kept = iter([self._note(event, number) for event, number in zip(events, self._keep(events), strict=True)])
        return [next(kept) if answer is None else answer for answer in answers]

    def _answer(self, request: BoltRequest) -> Receipt | None:
        """Return the response to a request; None for an event, which is stored instead."""
        # First of all: an unsigned request must not reach the log, and Bolt would log its whole body.
        if request.mode == "http" and not self._is_signed(request):
            if request.body.get("ssl_check") == "1":  # Slack checks whether the address answers
                return BoltResponse(status=200), None
            logger.info("a request that Slack did not sign is refused")
            return BoltResponse(status=401, body="Not signed"), None
        if not isinstance(request.context.team_id, str | None):
            logger.warning("a request whose team is not text is ignored")
            return BoltResponse(status=200), None
        app = self._find_app(request.context.team_id)
        if app is None:
            logger.warning("a request of the unknown team %r stays unanswered", request.context.team_id)
            return None, None
        body = request.body
        if body.get("type") != "event_callback":
            return self._dispatch(app, request) or BoltResponse(status=200), None
        if not isinstance(body.get("event"), dict):  # Bolt itself fails on it
            logger.warning("an event without content is ignored")
            return BoltResponse(status=200), None
        return None

    def _keep(self, events: Sequence[BoltRequest]) -> list[int]:
        """Store events. Those that the disk does not take are held in memory, unacknowledged, for a later try."""
        if not events:
            return []
        try:
            return self._arrivals.keep_all([json.dumps(event.body) for event in events])
        except sqlite3.Error:
            self._unkept.extend(events)
            raise

    def keep_again(self) -> None:
        """Store what the disk did not take, and do it. Slack may deliver it again, which the inbox recognises.

        Raises `sqlite3.Error` if the disk still takes nothing.
        """
        events = [self._unkept.popleft() for _ in range(len(self._unkept))]
        for event, number in zip(events, self._keep(events), strict=True):
            self.hand_on_soon(self._note(event, number)[1])

    def _note(self, event: BoltRequest, number: int) -> Receipt:
        self._under_way.add(number)
        body, team = event.body, str(event.context.team_id)
        return BoltResponse(status=200), PendingEvent(
            team, str(number), _read_instant(body), lambda: self._hand_on(body, number)
        )

    def hand_on_soon(self, pending: PendingEvent | None) -> None:
        """Hand an acknowledged event on soon, the earliest first. What is left at `close` waits for the next start.

        Connections deliver in parallel, and each one several events at once.
        """
        if pending is None:
            return
        with self._opening:
            if pending.team not in self._handing_on:
                self._handing_on[pending.team] = WorkPool(HANDING_ON, name=f"chip-hand-on-{pending.team}")
        self._handing_on[pending.team].submit(pending.key, pending.hand_on, at=pending.at)

    def close(self) -> None:
        """Let the events that are being handed on finish."""
        for pool in list(self._handing_on.values()):
            pool.close()

    def hand_on_kept(self) -> int:
        """Queue the events that an earlier process left, and return how many there are.

        There may be thousands, which take minutes. They queue with new events, the earliest first.
        """
        kept = self._arrivals.list_kept()
        for number, text in kept:
            try:
                _, pending = self._note(BoltRequest(mode="socket_mode", body=json.loads(text)), number)
            except Exception:
                logger.exception("event %d from before cannot be handed on", number)
            else:
                self.hand_on_soon(pending)
        return len(kept)

    def _hand_on(self, body: dict[str, Any], number: int, tries: int = 0) -> None:
        """Hand an event to its app. It stays on disk until the inbox holds it, and is retried with growing pauses."""
        request = BoltRequest(mode="socket_mode", body=body)
        app = self._find_app(request.context.team_id)
        response = self._dispatch(app, request) if app is not None else None
        self._under_way.discard(number)
        if response is not None and response.status < 500:
            self._arrivals.drop(number)
        elif app is not None:
            logger.error("event %s is not in the inbox yet, try %d", body.get("event_id"), tries + 1)
            self._later.put(tries, lambda: self._hand_on(body, number, tries + 1))
        elif self._clock() - (body.get("event_time") or 0) > KEEP_SECONDS:
            logger.warning("event %s of a workspace that is not served is dropped", body.get("event_id"))
            self._arrivals.drop(number)

    @staticmethod
    def _dispatch(app: App, request: BoltRequest) -> BoltResponse | None:
        """Return the app's response; None if Bolt itself fails on an incomplete payload."""
        try:
            return app.dispatch(request)
        except Exception:
            logger.exception("a request of type %s cannot be read", request.body.get("type"))
            return None

    def _is_signed(self, request: BoltRequest) -> bool:
        timestamp = request.headers.get("x-slack-request-timestamp", [""])[0]
        signature = request.headers.get("x-slack-signature", [""])[0]
        return self._verifier.is_valid(request.raw_body, timestamp, signature)

    def watch(self, stop: threading.Event) -> None:
        """Regularly clear what is done, and retry what could not be stored, until told to stop."""
        while not stop.wait(SWEEP_SECONDS):
            try:
                self._arrivals.sweep()
                self._later.run_due()
                self.keep_again()
            except sqlite3.Error as error:
                logger.error("the arrivals cannot be written: %s", error)


@contextmanager
def open_delivery(find_app: FindApp, data: Path, signing_secret: str) -> Iterator[Delivery]:
    """Open the arrivals in the data folder. What an earlier process left there is handed on in the background.

    Raises `DatabaseUnusable` if the file cannot be used.
    """
    arrivals = Arrivals(data / "arrivals.db")
    delivery, stop = Delivery(find_app, arrivals, signing_secret, Later()), threading.Event()
    if left := delivery.hand_on_kept():
        logger.info("%d events from before are taken up now", left)
    watcher = threading.Thread(target=delivery.watch, args=(stop,), name="chip-arrivals")
    watcher.start()
    try:
        yield delivery
    finally:
        delivery.close()
        stop.set()
        watcher.join()
        arrivals.close()


def _read_instant(body: dict[str, Any]) -> float | None:
    event = body["event"]
    try:
        at = float(event.get("event_ts") or event.get("ts"))
    except (TypeError, ValueError):
        return None
    return at if math.isfinite(at) else None
