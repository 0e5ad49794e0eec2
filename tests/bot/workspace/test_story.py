"""A real Bolt app and the real slack_sdk against the local workspace."""

from __future__ import annotations

from typing import Any

from tests.bot.workspace.conftest import BoltApp

from bot.workspace.server import LocalWorkspace


def test_a_mention_reaches_the_app_and_its_reply_streams_back(workspace: LocalWorkspace, bolt: BoltApp) -> None:
    @bolt.app.event("app_mention")
    def answer(event: dict[str, Any]) -> None:
        stream = bolt.client.chat_stream(
            channel=event["channel"],
            thread_ts=event["ts"],
            recipient_team_id=event["team"],
            recipient_user_id=event["user"],
            buffer_size=1,
        )
        stream.append(markdown_text="It lifts **5 kg**")
        stream.append(markdown_text=", no more.")
        stream.stop()

    bolt.connect()
    cleo = workspace.visit("U0CLEO")
    ts = cleo.post("C0HELP", "@Chip how much can it lift? <5 kg?")
    reply = cleo.wait_for_reply("C0HELP", ts)

    assert reply["markdown"] == "It lifts **5 kg**, no more."
    mention = bolt.events("app_mention")[0]
    assert mention["text"] == "<@U0CHIP> how much can it lift? &lt;5 kg?"
