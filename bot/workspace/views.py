"""Owns modals and Home pages: trigger ids (3 s, one use), the stack of up to three views, and what was typed into them.

Knows nothing of HTTP, of sockets or of which blocks are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.workspace.errors import SlackError
from bot.workspace.people import APP_ID, BOT_ID, TEAM_ID

TRIGGER_LIFETIME = timedelta(seconds=3)
MAX_STACK = 3

Content = Mapping[str, Any]
Values = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Trigger:
    user: str
    issued: datetime
    view_id: str | None = None


class Triggers:
    """Trigger ids. Each interaction gets one, which opens one view within three seconds."""

    def __init__(self, clock: Callable[[], datetime], ids: Callable[[str], str]) -> None:
        self._clock = clock
        self._ids = ids
        self._issued: dict[str, Trigger] = {}
        self._used: set[str] = set()

    def issue(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{len(self._issued) + 1}.{TEAM_ID}.{self._ids('').lower()}"
        self._issued[trigger_id] = Trigger(user, self._clock(), view_id)
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Raises SlackError: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger_id in self._used:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.issued > TRIGGER_LIFETIME:
            raise SlackError("expired_trigger_id")
        self._used.add(trigger_id)
        return trigger


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a Home page as one person sees it; `content` is what the app sent."""

    id: str
    user: str
    content: Content
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Values = field(default_factory=dict)

    @property
    def blocks(self) -> list[Mapping[str, Any]]:
        return list(self.content.get("blocks", []))

    def build(self) -> dict[str, Any]:
        """The view object of the Web API, of payloads and of the page."""
        defaults: dict[str, Any] = {"callback_id": "", "private_metadata": "", "external_id": ""}
        defaults |= {"clear_on_close": False, "notify_on_close": False, "close": None, "submit": None}
        return {
            **defaults,
            **self.content,
            "id": self.id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "app_installed_team_id": TEAM_ID,
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "state": {"values": {block: dict(actions) for block, actions in self.values.items()}},
        }


class ViewStacks:
    """Each person's open modals (the last one is shown) and published Home."""

    def __init__(self, ids: Callable[[str], str]) -> None:
        self._ids = ids
        self._views: dict[str, View] = {}
        self._stacks: dict[str, list[str]] = {}
        self._homes: dict[str, str] = {}

    def find(self, view_id: str) -> View | None:
        return self._views.get(view_id)

    def find_top(self, user: str) -> View | None:
        stack = self._stacks.get(user, [])
        return self._views[stack[-1]] if stack else None

    def find_home(self, user: str) -> View | None:
        return self._views.get(self._homes.get(user, ""))

    def open(self, user: str, content: Content) -> View:
        """Opens a modal and closes what this person had open."""
        self._refuse_known_external_id(content)
        self.clear(user)
        return self._stack(user, content)

    def push(self, user: str, content: Content) -> View:
        """Raises SlackError: not_found (nothing is open), push_limit_reached."""
        if not self._stacks.get(user):
            raise SlackError("not_found")
        if len(self._stacks[user]) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        self._refuse_known_external_id(content)
        return self._stack(user, content)

    def update(self, view_id: str, content: Content, expected_hash: str = "") -> View:
        """Raises SlackError: not_found, hash_conflict."""
        view = self._views.get(view_id)
        if view is None:
            raise SlackError("not_found")
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        kept = {block["block_id"] for block in content.get("blocks", []) if "block_id" in block}
        values = {block_id: actions for block_id, actions in view.values.items() if block_id in kept}
        return self._keep_view(replace(view, content=content, hash=self._ids("h"), values=values))

    def find_by_external_id(self, external_id: str) -> View | None:
        return next((v for v in self._views.values() if v.content.get("external_id") == external_id), None)

    def remember(self, view_id: str, values: Values) -> View:
        """Keeps what was typed so far."""
        view = self._views[view_id]
        merged = {**view.values, **{block: {**view.values.get(block, {}), **new} for block, new in values.items()}}
        return self._keep_view(replace(view, values=merged))

    def publish(self, user: str, content: Content, expected_hash: str = "") -> View:
        if user in self._homes:
            return self.update(self._homes[user], content, expected_hash)
        view_id = self._ids("V")
        self._homes[user] = view_id
        return self._keep_view(View(view_id, user, content, self._ids("h"), view_id))

    def close(self, view_id: str) -> View | None:
        """Closes a modal and those above it. Returns the one that becomes visible beneath."""
        view = self._views.get(view_id)
        if view is None or view_id not in self._stacks.get(view.user, []):
            return None
        stack = self._stacks[view.user]
        while stack and view_id in stack:
            del self._views[stack.pop()]
        return self.find_top(view.user)

    def clear(self, user: str) -> list[str]:
        """Closes everything that this person has open. Returns the ids."""
        closed = self._stacks.pop(user, [])
        for view_id in closed:
            del self._views[view_id]
        return closed

    def _stack(self, user: str, content: Content) -> View:
        stack = self._stacks.setdefault(user, [])
        view_id = self._ids("V")
        previous = stack[-1] if stack else None
        stack.append(view_id)
        return self._keep_view(View(view_id, user, content, self._ids("h"), stack[0], previous))

    def _keep_view(self, view: View) -> View:
        self._views[view.id] = view
        return view

    def _refuse_known_external_id(self, content: Content) -> None:
        external_id = content.get("external_id")
        if external_id and self.find_by_external_id(str(external_id)):
            raise SlackError("duplicate_external_id")
