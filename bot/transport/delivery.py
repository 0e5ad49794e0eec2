"""Takes requests from either transport, stores events on disk, then hands them to the workspace's app.

Slack waits 3 s for a word that an event arrived. It gets it once the event is a row in `feedback.arrivals`; the inbox,
which tells what came before, and the listeners come after. Presses, forms and commands are answered by the listeners
themselves. Knows nothing of what the apps do.
"""

import json
import logging
import math
import sqlite3
import threading
import time
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

HANDING_ON = 2  # threads that hand on a team's events: more would take their turns from acknowledging
SWEEP_SECONDS = 5.0  # who acknowledges at that moment waits for it
KEEP_SECONDS = 86_400.0  # an event of a workspace that is not served: it may only be left out for now


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a team's event once it is acknowledged; `at` is its instant, in seconds since 1970."""

    team: str
    key: str
    at: float | None
    hand_on: Callable[[], None]


Taken = tuple[BoltResponse | None, Rest | None]


class Delivery:
    """Takes requests of Slack's for the apps. `signing_secret` is what those over HTTP are signed with.

    `later` tries again what the inbox could not store; `clock` gives the seconds that Slack's events name.
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
        self._opening = threading.Lock()
        self._handing_on: dict[str, WorkPool] = {}  # by team, so that none waits for another's database or Slack

    @property
    def is_idle(self) -> bool:
        """Whether the inbox holds all that was acknowledged, but for what waits for another try."""
        return not self._under_way

    def take(self, request: BoltRequest) -> Taken:
        """Return what to tell Slack, None where the team is nobody's, and what is left to be done after that."""
        return self.take_all([request])[0]

    def take_all(self, requests: Sequence[BoltRequest]) -> list[Taken]:
        """Take requests that came together, whose events are kept on the disk together.

        Raises `sqlite3.Error` where they cannot be kept.
        """
        answers = [self._answer(request) for request in requests]
        events = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
        kept = iter([self._note(event, number) for event, number in zip(events, self._keep(events), strict=True)])
        return [next(kept) if answer is None else answer for answer in answers]

    def _answer(self, request: BoltRequest) -> Taken | None:
        """Return what a request is told; None for an event that is to be kept."""
        # Before all else: who did not sign says nothing to the log, and Bolt would log the whole body.
        if request.mode == "http" and not self._is_signed(request):
            if request.body.get("ssl_check") == "1":  # Slack looks whether the address answers
                return BoltResponse(status=200), None
            logger.info("a request that Slack did not sign is refused")
            return BoltResponse(status=401, body="Not signed"), None
        if not isinstance(request.context.team_id, str | None):
            logger.warning("a request whose team is no text is left aside")
            return BoltResponse(status=200), None
        app = self._find_app(request.context.team_id)
        if app is None:
            logger.warning("a request of the unknown team %r stays unanswered", request.context.team_id)
            return None, None
        body = request.body
        if body.get("type") != "event_callback":
            return self._dispatch(app, request) or BoltResponse(status=200), None
        if not isinstance(body.get("event"), dict):  # Bolt itself would stumble over it
            logger.warning("an event without content is left aside")
            return BoltResponse(status=200), None
        return None

    def _keep(self, events: Sequence[BoltRequest]) -> list[int]:
        return self._arrivals.keep_all([json.dumps(event.body) for event in events]) if events else []

    def _note(self, event: BoltRequest, number: int) -> Taken:
        self._under_way.add(number)
        body, team = event.body, str(event.context.team_id)
        return BoltResponse(status=200), Rest(
            team, str(number), _read_instant(body), lambda: self._hand_on(body, number)
        )

    def do_later(self, rest: Rest | None) -> None:
        """Do what is left of an event soon, of those that wait the earliest first; `close` leaves it to the next start.

        Connections deliver side by side, and each several events at once.
        """
        if rest is None:
            return
        with self._opening:
            if rest.team not in self._handing_on:
                self._handing_on[rest.team] = WorkPool(HANDING_ON, name=f"chip-hand-on-{rest.team}")
        self._handing_on[rest.team].submit(rest.key, rest.hand_on, at=rest.at)

    def close(self) -> None:
        """Let what is being handed on come to its end."""
        for pool in list(self._handing_on.values()):
            pool.close()

    def hand_on_kept(self) -> int:
        """Let the events that an earlier process left be handed on soon, and return how many.

        They may be thousands, and take minutes: they wait in turn with what comes now, the earliest first.
        """
        kept = self._arrivals.list_kept()
        for number, text in kept:
            try:
                _, rest = self._note(BoltRequest(mode="socket_mode", body=json.loads(text)), number)
            except Exception:
                logger.exception("event %d from before cannot be handed on", number)
            else:
                self.do_later(rest)
        return len(kept)

    def _hand_on(self, body: dict[str, Any], number: int, tries: int = 0) -> None:
        """Hand an event to its app; it stays until the inbox holds it, and is tried again ever later."""
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
        """Return the app's response; None where Bolt itself stumbles over what lacks something."""
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
        """Now and then clear what is done, and try again what could not be stored, until told to stop."""
        while not stop.wait(SWEEP_SECONDS):
            try:
                self._arrivals.sweep()
                self._later.run_due()
            except sqlite3.Error as error:
                logger.error("the arrivals cannot be cleared: %s", error)


@contextmanager
def open_delivery(find_app: FindApp, data: Path, signing_secret: str) -> Iterator[Delivery]:
    """Open the arrivals in the data folder; what an earlier process left there is handed on beside all else.

    Raises `DatabaseUnusable` where the file cannot be used.
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
