"""Socket Mode as Slack runs it: tickets, one socket per envelope, acks, redelivery, disconnects."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import HASTY, BareSocket

OpenSocket = Callable[[], BareSocket]


def test_hello_counts_the_sockets(open_socket: OpenSocket) -> None:
    assert open_socket().hello["num_connections"] == 1
    assert open_socket().hello["num_connections"] == 2


def test_a_ticket_opens_one_socket_only(workspace: LocalWorkspace) -> None:
    url = WebClient(base_url=workspace.api_url).apps_connections_open(app_token=workspace.app_token)["url"]
    with connect(url) as line:
        line.recv()
        with pytest.raises(InvalidStatus), connect(url):
            pass


def test_the_eleventh_socket_is_sent_away(open_socket: OpenSocket) -> None:
    for _ in range(10):
        open_socket()
    late = open_socket()
    assert late.receive()["reason"] == "too_many_websockets"


def test_each_envelope_goes_to_exactly_one_socket(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    sockets = [open_socket(), open_socket()]
    for number in range(4):
        workspace.visit("U0CLEO").post("D0CLEO", f"question {number}")
    frames = [socket.receive() for socket in sockets for _ in range(2)]
    for frame in frames:
        sockets[0].ack(frame)

    assert {frame["payload"]["event"]["text"] for frame in frames} == {f"question {n}" for n in range(4)}
    assert all(socket.hears_nothing(0.01) for socket in sockets)
    workspace.wait_for(workspace.is_idle)


@pytest.mark.parametrize("delivery", [HASTY])
def test_an_event_without_an_ack_comes_again_with_the_same_id(
    workspace: LocalWorkspace, open_socket: OpenSocket
) -> None:
    socket = open_socket()
    workspace.visit("U0CLEO").post("D0CLEO", "hello")
    first, second = socket.receive(), socket.receive()
    socket.ack(second)

    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["envelope_id"] != second["envelope_id"]
    assert first["payload"] == second["payload"]
    workspace.wait_for(workspace.is_idle)


@pytest.mark.parametrize("delivery", [HASTY])
def test_an_event_is_given_up_after_three_redeliveries(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    socket = open_socket()
    workspace.visit("U0CLEO").post("D0CLEO", "hello")
    frames = [socket.receive() for _ in range(4)]
    workspace.wait_for(workspace.is_idle)

    assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
    assert socket.hears_nothing()


@pytest.mark.parametrize("delivery", [HASTY])
def test_a_lost_ack_brings_the_event_again(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    socket = open_socket()
    workspace.faults.lose_acks(1)
    workspace.visit("U0CLEO").post("D0CLEO", "hello")
    socket.ack(socket.receive())
    again = socket.receive()
    socket.ack(again)
    assert again["retry_attempt"] == 1
    workspace.wait_for(workspace.is_idle)


def test_an_event_of_a_broken_socket_goes_to_the_next_one(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    socket = open_socket()
    workspace.visit("U0CLEO").post("D0CLEO", "hello")
    first = socket.receive()
    workspace.drop_connections()
    with pytest.raises(ConnectionClosed):
        socket.receive()
    again = open_socket().receive()
    assert again["payload"]["event_id"] == first["payload"]["event_id"]


def test_events_wait_while_no_socket_is_open(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    workspace.visit("U0CLEO").post("D0CLEO", "anybody here?")
    assert open_socket().receive()["payload"]["event"]["text"] == "anybody here?"


def test_a_disconnect_frame_comes_before_the_close(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    socket = open_socket()
    workspace.disconnect("warning")
    assert socket.receive() == {"type": "disconnect", "reason": "warning", "debug_info": {"host": "local"}}
    assert not workspace.is_connected()
    with pytest.raises(ConnectionClosed):
        socket.receive()


@pytest.mark.parametrize("delivery", [HASTY])
def test_a_command_without_an_ack_is_not_repeated_and_its_user_is_told(
    workspace: LocalWorkspace, open_socket: OpenSocket
) -> None:
    sam = workspace.visit("U0SAM")
    assert not sam.command("C0HELP", "/chip status")
    socket = open_socket()
    assert not sam.command("C0HELP", "/chip status")

    assert socket.receive()["accepts_response_payload"] is True
    assert socket.hears_nothing()
    assert sam.notices() == [
        "Chip is not connected, so this did not reach it.",
        "Chip did not answer in time. Try again?",
    ]


def test_what_is_no_ack_is_ignored(workspace: LocalWorkspace, open_socket: OpenSocket) -> None:
    socket = open_socket()
    for noise in ("not json", "[]", "{}", '{"envelope_id": "unknown"}'):
        socket.line.send(noise)
    workspace.visit("U0CLEO").post("D0CLEO", "hello")
    socket.ack(socket.receive())
    workspace.wait_for(workspace.is_idle)


def test_the_server_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with LocalWorkspace():
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_workspace_that_is_started_again_remembers() -> None:
    workspace = LocalWorkspace()
    with workspace:
        workspace.visit("U0CLEO").post("C0HELP", "remember me")
    with pytest.raises(RuntimeError, match="not running"):
        workspace.messages("C0HELP")
    with workspace:
        assert [message.text for message in workspace.messages("C0HELP")] == ["remember me"]
