"""Owns what a person can do at the page: read, write, react, press, fill in, run commands.

Knows nothing of HTTP. Runs on the server's thread. What waits for the app's ack is a coroutine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from bot.workspace import events, payloads
from bot.workspace.block_kit import prepare_view
from bot.workspace.board import Message
from bot.workspace.errors import NotDelivered, Refusal, SlackError
from bot.workspace.forms import build_page_message
from bot.workspace.inputs import build_action, complete_values, fill_files, find_element, find_errors
from bot.workspace.mrkdwn import write_slack_text
from bot.workspace.people import Channel
from bot.workspace.responses import post_response
from bot.workspace.views import View
from bot.workspace.workspace import Workspace

MAX_TYPED = 40_000
MAX_FORM_FILE = 10 * 2**20  # in bytes
_EMOJI = re.compile(r"^[\w+'-]+(::skin-tone-[2-6])?$")
Shape = dict[str, Any]


class Visit:
    """One person at the page. Every method may raise Refusal."""

    def __init__(self, workspace: Workspace, user: str) -> None:
        person = workspace.directory.find_person(user)
        if person is None or person.is_bot:
            raise Refusal("unknown_user")
        self._workspace = workspace
        self.person = person

    def bootstrap(self) -> Shape:
        """Everything that the page needs to begin."""
        workspace, directory = self._workspace, self._workspace.directory
        users = [
            {"id": p.id, "name": p.name, "real_name": p.real_name, "role": p.role, "color": p.color}
            for p in directory.people.values()
        ]
        commands = [
            {
                "command": c.command,
                "description": c.description,
                "usage_hint": c.usage_hint,
                "subcommands": [
                    {"usage": sub.usage, "description": sub.description}
                    for sub in c.subcommands
                    if self.person.role in sub.roles
                ],
            }
            for c in workspace.manifest.slash_commands
        ]
        shortcuts = [{"callback_id": s.callback_id, "name": s.name} for s in workspace.manifest.shortcuts]
        return {
            "team": {"id": directory.team.id, "name": directory.team.name, "domain": directory.team.domain},
            "me": self.person.id,
            "users": users,
            "channels": [self._build_channel(channel) for channel in directory.visible_channels(self.person.id)],
            "commands": commands,
            "shortcuts": shortcuts,
            "examples": self._examples(),
            "connected": workspace.line.connected,
        }

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Shape]:
        self._channel(channel)
        board = self._workspace.board
        found = board.thread(channel, thread_ts) if thread_ts else board.top_level(channel)
        mine = [message for message in found if message.ephemeral_to in (None, self.person.id)]
        return [build_page_message(message, board) for message in mine]

    def post(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Returns the new message's ts."""
        self._channel(channel)
        root = self._message(channel, thread_ts) if thread_ts else None
        message = Message(
            channel=channel,
            ts=self._workspace.timeline.next_ts(),
            user=self.person.id,
            text=self._write(text),
            thread_ts=root.root_ts if root else None,
            client_msg_id=str(uuid4()),
        )
        return self._workspace.board.post(message).ts

    def edit(self, channel: str, ts: str, text: str) -> None:
        message = self._own_message(channel, ts)
        edited_ts = self._workspace.timeline.next_ts()
        edited = replace(message, text=self._write(text), edited_ts=edited_ts, edited_by=self.person.id)
        self._workspace.board.change(edited, self.person.id)

    def delete(self, channel: str, ts: str) -> None:
        self._own_message(channel, ts)
        self._workspace.board.delete(channel, ts, self.person.id)

    def react(self, channel: str, ts: str, name: str, *, on: bool = True) -> None:
        """Gives or takes back a reaction. Doing it twice changes nothing."""
        if not _EMOJI.match(name):
            raise Refusal("bad_request")
        self._message(channel, ts)
        board = self._workspace.board
        (board.react if on else board.unreact)(channel, ts, self.person.id, name)

    def stop(self, channel: str, ts: str) -> None:
        """Presses Stop on a message that is being streamed."""
        message = self._message(channel, ts)
        if not self._workspace.streams.is_streaming(channel, ts):
            raise Refusal("not_streaming")
        self._workspace.streams.end(channel, ts, "stopped_by_user")
        self._workspace.board.change(replace(message, streaming=False), self.person.id, "streamed")
        now_ts = self._workspace.timeline.next_ts()
        self._workspace.push_event(events.build_session_stopped(message, self.person.id, now_ts))

    def open_home(self) -> Shape | None:
        """The Home tab as it is. The app is told that it was opened and may publish a new one."""
        view = self._workspace.views.find_home(self.person.id)
        shape = view.build() if view else None
        im = self._workspace.directory.find_im(self.person.id)
        now_ts = self._workspace.timeline.next_ts()
        event = events.build_app_home_opened(self.person.id, im.id if im else "", "home", shape, now_ts)
        self._workspace.push_event(event)
        return shape

    async def command(self, channel: str, text: str) -> bool:
        """Runs `/name words`. Returns False, with a notice, if the app did not acknowledge it."""
        place = self._channel(channel)
        name, _, words = text.strip().partition(" ")
        command = self._workspace.manifest.find_command(name)
        if command is None:
            raise Refusal("unknown_command")
        payload = payloads.build_command(self._workspace, self.person, place, command, words.strip())
        try:
            answer = await self._workspace.line.ask("slash_commands", payload, accepts_response=True)
        except NotDelivered as error:
            self._notify(error.code)
            return False
        if answer.get("text") or answer.get("blocks"):
            self._post_ack(place, answer)
        return True

    async def click(
        self,
        channel: str,
        ts: str,
        block_id: str,
        action_id: str,
        value: str | None = None,
        selected: Any = None,
    ) -> bool:
        """Presses a button or chooses in a message. Returns False, with a notice, if the app did not acknowledge it."""
        message = self._message(channel, ts, ephemeral=True)
        element = find_element(message.blocks, block_id, action_id)
        action = build_action(element, block_id, value, selected, self._workspace.timeline.next_ts())
        return await self._act(payloads.build_message_action(self._workspace, self.person, message, action))

    async def click_in_view(
        self, view_id: str, block_id: str, action_id: str, value: str | None = None, selected: Any = None
    ) -> bool:
        """The same in a modal or in Home."""
        view = self._view(view_id)
        element = find_element(view.blocks, block_id, action_id)
        action = build_action(element, block_id, value, selected, self._workspace.timeline.next_ts())
        chosen = {key: chosen for key, chosen in action.items() if key.startswith("selected_")}
        if chosen:
            state = {block_id: {action_id: {"type": element["type"], **chosen}}}
            view = self._workspace.views.remember(view_id, state)
        return await self._act(payloads.build_view_action(self._workspace, self.person, view, action))

    async def submit_view(self, view_id: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Submits a modal. Returns the errors by block, {} if it was accepted."""
        view = self._view(view_id)
        completed = fill_files(complete_values(view.blocks, values, view.values), self._describe_file)
        errors = find_errors(view.blocks, completed)
        if errors:
            return errors
        view = self._workspace.views.remember(view_id, completed)
        payload = payloads.build_view_submission(self._workspace, self.person, view)
        try:
            answer = await self._workspace.line.ask("interactive", payload, accepts_response=True)
        except NotDelivered as error:
            raise Refusal(error.code) from error
        return self._follow(view, answer)

    def upload(self, name: str, content: bytes) -> str:
        """Stores a file for a form. Returns its id."""
        if len(content) > MAX_FORM_FILE:
            raise Refusal("file_too_large")
        files = self._workspace.files
        return files.fill(files.announce(name or "file", len(content)).id, content).id

    async def close_view(self, view_id: str) -> None:
        view = self._view(view_id)
        self._close(view)
        if view.content.get("notify_on_close"):
            await self._act(payloads.build_view_closed(self._workspace, self.person, view, is_cleared=False))

    async def shortcut(self, channel: str, ts: str, callback_id: str) -> bool:
        message = self._message(channel, ts)
        if self._workspace.manifest.find_shortcut(callback_id) is None:
            raise Refusal("unknown_shortcut")
        return await self._act(payloads.build_shortcut(self._workspace, self.person, message, callback_id))

    def _examples(self) -> list[str]:
        """Questions to try: those that the app suggested to this person, or those that it offers to all."""
        im = self._workspace.directory.find_im(self.person.id)
        suggested = self._workspace.prompts.get(im.id if im else "", [])
        own = list(self._workspace.examples()) or list(self._workspace.manifest.suggested_questions)
        return [prompt["message"] for prompt in suggested] or own

    def _follow(self, view: View, answer: Mapping[str, Any]) -> dict[str, str]:
        """Does what the ack of a submission asks for."""
        action = answer.get("response_action")
        if action == "errors":
            return dict(answer["errors"])
        try:
            if action == "update":
                content = prepare_view(answer["view"], "modal", self._workspace.ids)
                self._push_view("view_updated", self._workspace.views.update(view.id, content))
            elif action == "push":
                content = prepare_view(answer["view"], "modal", self._workspace.ids)
                self._push_view("view_opened", self._workspace.views.push(self.person.id, content))
            elif action == "clear":
                for closed in self._workspace.views.clear(self.person.id):
                    self._workspace.feed.push(self.person.id, "view_closed", view_id=closed)
            else:
                self._close(view)
        except SlackError as error:
            raise Refusal("operation_timeout") from error
        return {}

    def _close(self, view: View) -> None:
        beneath = self._workspace.views.close(view.id)
        self._workspace.feed.push(self.person.id, "view_closed", view_id=view.id)
        if beneath:
            self._push_view("view_opened", beneath)

    def _push_view(self, kind: str, view: View) -> None:
        self._workspace.feed.push(self.person.id, kind, view=view.build())

    def _post_ack(self, place: Channel, answer: Mapping[str, Any]) -> None:
        key = self._workspace.response_urls.issue(self.person.id, place.id)
        try:
            post_response(self._workspace, self._workspace.response_urls.use(key), answer)
        except SlackError:
            self._notify("operation_timeout")

    async def _act(self, payload: Shape) -> bool:
        try:
            await self._workspace.line.ask("interactive", payload, accepts_response=False)
        except NotDelivered as error:
            self._notify(error.code)
            return False
        return True

    def _notify(self, code: str) -> None:
        self._workspace.feed.notify(self.person.id, Refusal(code).sentence)

    def _write(self, typed: str) -> str:
        if not typed.strip():
            raise Refusal("no_text")
        if len(typed) > MAX_TYPED:
            raise Refusal("msg_too_long")
        return write_slack_text(typed, self._workspace.directory)

    def _channel(self, channel: str) -> Channel:
        if not self._workspace.directory.may_see(self.person.id, channel):
            raise Refusal("not_visible")
        return self._workspace.directory.channels[channel]

    def _message(self, channel: str, ts: str, *, ephemeral: bool = False) -> Message:
        self._channel(channel)
        message = self._workspace.board.find(channel, ts, ephemeral=ephemeral)
        if message is None or message.ephemeral_to not in (None, self.person.id):
            raise Refusal("message_not_found")
        return message

    def _own_message(self, channel: str, ts: str) -> Message:
        message = self._message(channel, ts)
        if message.user != self.person.id:
            raise Refusal("not_yours")
        return message

    def _describe_file(self, file_id: str) -> Shape:
        try:
            file = self._workspace.files.get(file_id)
        except SlackError as error:
            raise Refusal("file_not_found") from error
        return payloads.build_file(self._workspace, self.person, file)

    def _view(self, view_id: str) -> View:
        view = self._workspace.views.find(view_id)
        if view is None or view.user != self.person.id:
            raise Refusal("view_not_found")
        return view

    def _build_channel(self, channel: Channel) -> Shape:
        partner = next(iter(channel.members - {self.person.id}), "") if channel.is_im else ""
        name = self._workspace.directory.people[partner].real_name if partner else channel.name
        return {"id": channel.id, "name": name, "is_im": channel.is_im, "topic": channel.topic, "with": partner or None}
