"""Owns a person at the page for tests and scripts: what a Visit can do, callable from any thread.

Knows nothing of HTTP. Every step crosses to the server's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from bot.workspace.visits import Shape, Visit
from bot.workspace.workspace import Workspace

T = TypeVar("T")

PATIENCE_SECONDS = 30.0  # a busy machine does within this time what a quiet one does at once


class Visitor:
    """A person at the page. Every method may raise Refusal, as the page would be refused."""

    def __init__(self, workspace: Workspace, user: str, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._workspace = workspace
        self._visit = Visit(workspace, user)
        self._run = run
        self.user = user

    def channels(self) -> list[str]:
        """The ids of the conversations that this person sees."""
        shape: Shape = self._step(self._visit.bootstrap)
        return [channel["id"] for channel in shape["channels"]]

    def post(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Returns the ts of the new message."""
        return self._step(lambda: self._visit.post(channel, text, thread_ts))

    def edit(self, channel: str, ts: str, text: str) -> None:
        self._step(lambda: self._visit.edit(channel, ts, text))

    def delete(self, channel: str, ts: str) -> None:
        self._step(lambda: self._visit.delete(channel, ts))

    def react(self, channel: str, ts: str, name: str, *, on: bool = True) -> None:
        self._step(lambda: self._visit.react(channel, ts, name, on=on))

    def stop(self, channel: str, ts: str) -> None:
        """Presses Stop on a message that is being streamed."""
        self._step(lambda: self._visit.stop(channel, ts))

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Shape]:
        """As the page shows them (docs/WORKSPACE.md): the channel's top level, or a thread with its root."""
        return self._step(lambda: self._visit.messages(channel, thread_ts))

    def command(self, channel: str, text: str) -> bool:
        """Whether the app acknowledged `/name words` in time."""
        return bool(self._run(self._visit.command(channel, text)))

    def click(
        self, message: Mapping[str, Any], channel: str, action_id: str, value: str | None = None, selected: Any = None
    ) -> bool:
        """Presses the element `action_id` of a message from `messages`; of feedback buttons the one with `value`."""
        block_id = find_block_id(message, action_id)
        return bool(self._run(self._visit.click(channel, message["ts"], block_id, action_id, value, selected)))

    def click_in_view(self, view: Mapping[str, Any], action_id: str, selected: Any = None) -> bool:
        block_id = find_block_id(view, action_id)
        return bool(self._run(self._visit.click_in_view(view["id"], block_id, action_id, selected=selected)))

    def shortcut(self, channel: str, ts: str, callback_id: str) -> bool:
        return bool(self._run(self._visit.shortcut(channel, ts, callback_id)))

    def view(self) -> Shape | None:
        """The modal that is open, the topmost of several."""

        def find() -> Shape | None:
            view = self._workspace.views.find_top(self.user)
            return view.build() if view else None

        return self._step(find)

    def submit_view(self, values: Mapping[str, Any], view_id: str | None = None) -> dict[str, str]:
        """Submits the open modal with `{block_id: raw value}`. Returns the errors by block, {} if it was accepted."""
        shown = view_id or (self.view() or {}).get("id", "")
        errors: dict[str, str] = self._run(self._visit.submit_view(shown, values))
        return errors

    def upload(self, name: str, content: bytes) -> str:
        """Stores a file for a form. Returns its id, the raw value of a `file_input`'s list."""
        return self._step(lambda: self._visit.upload(name, content))

    def close_view(self, view_id: str | None = None) -> None:
        self._run(self._visit.close_view(view_id or (self.view() or {}).get("id", "")))

    def open_home(self) -> Shape | None:
        """Opens the Home tab. Returns the view as published before that."""
        return self._step(self._visit.open_home)

    def home(self) -> Shape | None:
        """The published Home view."""

        def find() -> Shape | None:
            view = self._workspace.views.find_home(self.user)
            return view.build() if view else None

        return self._step(find)

    def notices(self) -> list[str]:
        """The sentences that were flashed over this person's page, oldest first."""
        return self._step(lambda: list(self._workspace.feed.notices[self.user]))

    def wait_for_message(
        self,
        channel: str,
        predicate: Callable[[Shape], bool] = lambda _message: True,
        thread_ts: str | None = None,
        timeout_seconds: float = PATIENCE_SECONDS,
    ) -> Shape:
        """The first message here that fits `predicate`. Raises TimeoutError, with how many messages there were."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            shown = self.messages(channel, thread_ts)
            for message in shown:
                if predicate(message):
                    return message
            if time.monotonic() > deadline:
                raise TimeoutError(f"none of {len(shown)} messages fits after {timeout_seconds} s")
            time.sleep(0.01)

    def wait_for_reply(self, channel: str, thread_ts: str, timeout_seconds: float = PATIENCE_SECONDS) -> Shape:
        """The app's first finished (not streaming) reply in a thread."""
        return self.wait_for_message(
            channel, lambda m: "bot_id" in m and not m["streaming"] and m["ts"] != thread_ts, thread_ts, timeout_seconds
        )

    def wait_for_view(self, timeout_seconds: float = PATIENCE_SECONDS) -> Shape:
        """The modal, as soon as one is open. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_seconds
        while (view := self.view()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no view opened within {timeout_seconds} s")
            time.sleep(0.01)
        return view

    def _step(self, work: Callable[[], T]) -> T:
        async def step() -> T:
            return work()

        result: T = self._run(step())
        return result


def find_block_id(shown: Mapping[str, Any], action_id: str) -> str:
    """The block of a message or view that holds the element. Raises KeyError."""
    for block in shown.get("blocks", []):
        elements = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        if any(isinstance(e, Mapping) and e.get("action_id") == action_id for e in elements):
            return str(block["block_id"])
    raise KeyError(action_id)
