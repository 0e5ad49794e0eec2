"""An event is kept before it is acknowledged, and handed on until the inbox has it, whatever fails in between."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult

from bot.transport.delivery import Delivery, open_delivery
from bot.transport.later import Later
from feedback.arrivals import Arrivals
from tests.patience import PATIENCE_SECONDS, wait_until


class Desk:
    """An app whose inbox is a list, and which fails as long as it is told to."""

    def __init__(self) -> None:
        self.fails = False
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.tried = 0
        self.held: list[str] = []
        self.app = App(
            signing_secret="secret",
            token_verification_enabled=False,
            authorize=lambda: AuthorizeResult(
                enterprise_id=None, team_id="T1", bot_user_id="U1", bot_id="B1", bot_token="xoxb-1"
            ),
        )
        self.app.middleware(self._hold)
        self.app.event("message")(lambda: None)

    def _hold(self, body: dict[str, Any], next: Any) -> BoltResponse:
        assert body["team_id"] != "T1" or self.may_go_on.wait(PATIENCE_SECONDS)
        self.tried += 1
        if self.fails:
            raise sqlite3.OperationalError("disk I/O error")
        if body["event_id"] not in self.held:
            self.held.append(body["event_id"])
        taken: BoltResponse = next()
        return taken

    def find(self, team: str | None) -> App | None:
        return self.app if team in ("T1", "T2") else None


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.app.listener_runner.listener_executor.shutdown()


def event(identity: str, team: str = "T1", ts: str = "1.1") -> dict[str, Any]:
    said = {"type": "message", "user": "U2", "channel": "D1", "channel_type": "im", "text": "hi", "ts": ts}
    return {"type": "event_callback", "event_id": identity, "event_time": 1_790_000_000, "team_id": team, "event": said}


def build_request(body: dict[str, Any]) -> BoltRequest:
    return BoltRequest(mode="socket_mode", body=body)


def wait_until_held(desk: Desk, count: int) -> None:
    wait_until(lambda: len(desk.held) >= count)


def list_kept(data: Path) -> list[str]:
    """Return the events that a process which is started now would find."""
    arrivals = Arrivals(data / "arrivals.db")
    try:
        return [json.loads(body)["event_id"] for _, body in arrivals.list_kept()]
    finally:
        arrivals.close()


def test_an_event_is_kept_when_it_is_acknowledged_and_gone_when_it_is_handed_on(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        response, pending = delivery.receive(build_request(event("Ev1")))
        assert response is not None
        assert (response.status, desk.held, list_kept(tmp_path)) == (200, [], ["Ev1"])
        assert pending is not None
        pending.hand_on()
        assert desk.held == ["Ev1"]
    assert list_kept(tmp_path) == []


def test_what_came_out_of_order_is_handed_on_in_order(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transport.delivery.HANDING_ON", 1)
    desk.may_go_on.clear()
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        for stamps in (["1.0"], ["5.0", "3.0"], ["4.0", "2.0"]):  # the first is under way, the others came together
            for _, pending in delivery.receive_all([build_request(event(f"Ev{ts}", ts=ts)) for ts in stamps]):
                delivery.hand_on_soon(pending)
        desk.may_go_on.set()
        wait_until_held(desk, 5)
    assert desk.held == ["Ev1.0", "Ev2.0", "Ev3.0", "Ev4.0", "Ev5.0"]


def test_a_team_whose_work_is_slow_holds_up_no_other(desk: Desk, tmp_path: Path) -> None:
    desk.may_go_on.clear()
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        for number in range(5):
            delivery.hand_on_soon(delivery.receive(build_request(event(f"Ev{number}")))[1])
        delivery.hand_on_soon(delivery.receive(build_request(event("Ev9", team="T2")))[1])
        wait_until_held(desk, 1)
        assert desk.held == ["Ev9"]
        desk.may_go_on.set()
        wait_until_held(desk, 6)


def test_what_a_kill_left_is_handed_on_at_the_next_start(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        delivery.receive(build_request(event("Ev1")))  # and then nothing more happens in this process
    with open_delivery(desk.find, tmp_path, "secret"):
        wait_until_held(desk, 1)
    assert list_kept(tmp_path) == []


def test_what_a_kill_left_keeps_nobody_from_the_open_door(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        delivery.receive_all([build_request(event(f"Ev{number}", ts=f"{number}.0")) for number in range(1, 501)])
    desk.may_go_on.clear()
    with open_delivery(desk.find, tmp_path, "secret") as delivery:  # opens, although nothing can be handed on
        response, pending = delivery.receive(build_request(event("Ev999", ts="999.0")))
        assert response is not None
        assert response.status == 200
        delivery.hand_on_soon(pending)
        desk.may_go_on.set()
        wait_until_held(desk, 501)
    assert "Ev999" in desk.held[-2:]  # two threads hand on


def test_an_event_that_cannot_be_stored_is_tried_again_and_never_lost(desk: Desk, tmp_path: Path) -> None:
    desk.fails = True
    now = [0.0]
    later, arrivals = Later(lambda: now[0]), Arrivals(tmp_path / "arrivals.db")
    delivery = Delivery(desk.find, arrivals, "secret", later)
    (_, pending) = delivery.receive(build_request(event("Ev1")))
    assert pending is not None
    pending.hand_on()
    tried = []
    for second in range(0, 1_200, 5):
        now[0] = second
        later.run_due()
        tried.append(desk.tried)
    assert tried[:10] == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4]  # after 5 s, 10 s, 20 s and so on
    assert 8 < desk.tried < 12  # and at last every five minutes
    assert desk.held == []
    arrivals.close()
    assert list_kept(tmp_path) == ["Ev1"]
    desk.fails = False
    with open_delivery(desk.find, tmp_path, "secret"):
        wait_until_held(desk, 1)


def test_an_event_of_a_workspace_that_is_left_out_waits_for_a_day(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(lambda _team: desk.app, tmp_path, "secret") as delivery:
        delivery.receive(build_request(event("Ev1", team="T9")))
    for hours, kept in ((1, ["Ev1"]), (25, [])):
        arrivals = Arrivals(tmp_path / "arrivals.db")
        when = event("Ev1")["event_time"] + 3_600 * hours
        delivery = Delivery(desk.find, arrivals, "secret", Later(), clock=partial(float, when))
        delivery.hand_on_kept()
        wait_until(partial(getattr, delivery, "is_idle"))
        delivery.close()
        arrivals.close()
        assert (desk.held, list_kept(tmp_path)) == ([], kept)


def test_an_unknown_team_gets_no_acknowledgement(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        assert delivery.receive(build_request(event("Ev1", team="T9")))[0] is None
    assert list_kept(tmp_path) == []


def test_an_event_without_content_is_acknowledged_and_left_aside(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret") as delivery:
        response, _ = delivery.receive(build_request({**event("Ev1"), "event": None}))
        assert response is not None
        assert response.status == 200
    assert (desk.held, list_kept(tmp_path)) == ([], [])


def test_what_came_while_the_disk_was_full_is_done_once_there_is_room(desk: Desk, tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path / "arrivals.db")
    arrivals._connection.execute("PRAGMA max_page_count = 2")
    delivery = Delivery(desk.find, arrivals, "secret", Later())
    with pytest.raises(sqlite3.Error):
        delivery.receive(build_request({**event("Ev1"), "padding": "x" * 100_000}))
    with pytest.raises(sqlite3.Error):
        delivery.keep_again()
    arrivals._connection.execute("PRAGMA max_page_count = 10000")
    delivery.keep_again()
    wait_until_held(desk, 1)
    delivery.keep_again()
    delivery.close()
    assert desk.held == ["Ev1"]
    arrivals.close()
    assert list_kept(tmp_path) == []


def test_a_full_disk_leaves_the_event_to_slacks_redelivery(desk: Desk, tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path / "arrivals.db")
    arrivals._connection.execute("PRAGMA max_page_count = 2")
    delivery = Delivery(desk.find, arrivals, "secret", Later())
    with pytest.raises(sqlite3.Error):
        delivery.receive(build_request({**event("Ev1"), "padding": "x" * 100_000}))
    assert desk.held == []
    arrivals.close()


def test_the_watch_ends_when_it_is_told_to(desk: Desk, tmp_path: Path) -> None:
    with open_delivery(desk.find, tmp_path, "secret"):
        assert any(thread.name == "chip-arrivals" for thread in threading.enumerate())
    assert not any(thread.name == "chip-arrivals" for thread in threading.enumerate())
