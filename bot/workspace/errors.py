"""Owns the workspace's errors: what Slack refuses an app, and what the page refuses a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class WorkspaceError(Exception):
    """The base of every error of the local workspace."""


class SlackError(WorkspaceError):
    """A Web API call that Slack answers with `{"ok": false, "error": code}`."""

    def __init__(self, code: str, messages: Sequence[str] = (), **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = tuple(messages)
        self.fields: Mapping[str, Any] = fields

    def build_body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.fields}
        if self.messages:
            body["response_metadata"] = {"messages": list(self.messages)}
        return body


class NotDelivered(WorkspaceError):
    """An interaction that no app took: no socket was open (`dispatch_failed`) or no ack came (`operation_timeout`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


REASONS = {
    "not_visible": "You cannot see this conversation.",
    "unknown_user": "There is no such person here.",
    "message_not_found": "This message is gone.",
    "not_yours": "Only the person who wrote a message can change it.",
    "no_text": "There is nothing to send.",
    "msg_too_long": "This message is too long to send: 40,000 characters at most.",
    "unknown_command": "There is no such command here.",
    "unknown_shortcut": "There is no such shortcut here.",
    "unknown_action": "This button is gone.",
    "not_streaming": "This message has already ended.",
    "command_in_thread": "Slash commands cannot be used in threads.",
    "view_not_found": "This window is gone.",
    "file_not_found": "This file is gone. Choose it again?",
    "file_too_large": "This file is too large for a form: 10 MB at most.",
    "dispatch_failed": "Chip is not connected, so this did not reach it.",
    "operation_timeout": "Chip did not answer in time. Try again?",
    "bad_request": "The page sent something that the workspace does not understand.",
}


class Refusal(WorkspaceError):
    """Something that the page may not do; `code` is a key of REASONS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = REASONS[code]
