"""Owns the parts of the local workspace and how they are told of each other; builds none of the doors.

Knows nothing of HTTP. Used on the server's thread only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.workspace import events
from bot.workspace.board import Board, Change, Message, Timeline
from bot.workspace.borrowed_line import BorrowedLine
from bot.workspace.faults import Faults
from bot.workspace.files import FileStore
from bot.workspace.http_mode import HttpMode, Target
from bot.workspace.manifest import AppManifest
from bot.workspace.page_feed import PageFeed
from bot.workspace.people import BOT_USER_ID, Directory, Person, build_user
from bot.workspace.response_urls import ResponseUrls
from bot.workspace.socket_mode import Delivery, SocketMode
from bot.workspace.streaming import StreamLimits, Streams
from bot.workspace.views import Triggers, ViewStacks

STATUS_LIFETIME = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the app: `bot` may call the Web API within its scopes, `app` may open sockets."""

    kind: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A Web API call as it came in, for tests that ask what the app sent. `error` is "" if it succeeded."""

    method: str
    arguments: Mapping[str, Any]
    error: str


class Workspace:
    """Everything that the doors share."""

    def __init__(
        self,
        directory: Directory,
        manifest: AppManifest,
        tokens: dict[str, Token],
        clock: Callable[[], datetime],
        ids: Callable[[str], str],
        delivery: Delivery,
        stream_limits: StreamLimits,
        examples: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self.tokens = tokens
        self.clock = clock
        self.ids = ids
        self.base_url = ""
        self.faults = Faults()
        self.timeline = Timeline(clock)
        self.board = Board()
        self.feed = PageFeed(directory, self.board)
        self.streams = Streams(clock, stream_limits)
        self.triggers = Triggers(clock, ids)
        self.views = ViewStacks(ids)
        self.files = FileStore(ids)
        self.pins: dict[str, list[str]] = {}
        self.response_urls = ResponseUrls(clock, ids)
        self.sockets = SocketMode(ids, self.faults, delivery, self._note_connection)
        self.http: HttpMode | None = None
        self.borrowed: BorrowedLine | None = None
        self._delivery = delivery
        self.oauth_codes: set[str] = set()
        self.calls: deque[ApiCall] = deque(maxlen=10_000)
        self.examples = examples
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self._statuses: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.board.watch(self._emit)
        self.board.watch(self._clear_status)

    @property
    def line(self) -> SocketMode | HttpMode | BorrowedLine:
        """Where the app is delivered to: its address if it gave one, else its sockets, which may be elsewhere."""
        return self.http or self.borrowed or self.sockets

    async def deliver_to(self, target: Target) -> None:
        """Delivers over HTTP from now on, once the address answered the challenge. Raises NotDelivered."""
        http = HttpMode(target, self.faults, self._delivery, self.clock)
        await http.verify()
        if self.http is None:
            self.http = http
        else:
            http.close()
            self.http.move(target)
        self._note_connection(True)

    def push_event(self, event: dict[str, Any]) -> None:
        """Sends an event to the app if the manifest asks for its kind."""
        if not events.is_subscribed(event, self.manifest.bot_events):
            return
        channel = self.directory.find_channel(str(event.get("channel")))
        is_shared = channel is not None and bool(channel.shared_with)
        team = self.directory.team.id
        callback = events.build_callback(event, self.ids("Ev"), team, self.clock(), is_ext_shared=is_shared)
        self.line.push_event(callback)

    def invite(self, user: str, channel: str) -> None:
        """Adds a person to a channel and tells the app. Raises KeyError."""
        joined = self.directory.join(user, channel)
        event_ts, team_id = self.timeline.next_ts(), self.directory.team.id
        self.push_event(events.build_membership(user, joined, team_id, event_ts, joined=True))

    def remove(self, user: str, channel: str) -> None:
        """Removes a person from a channel and tells the app while it is still a member. Raises KeyError."""
        left = self.directory.leave(user, channel)
        event_ts, team_id = self.timeline.next_ts(), self.directory.team.id
        if BOT_USER_ID in left.members:
            self.push_event(events.build_membership(user, left, team_id, event_ts, joined=False))

    def change_person(self, person: Person) -> None:
        """Replaces the person with this id by `person`, or adds it, and tells the app by user_change."""
        self.directory.add_person(person)
        user = build_user(person, with_email=False, team_id=self.directory.team.id)
        self.push_event({"type": "user_change", "user": user, "event_ts": self.timeline.next_ts()})

    def statuses(self) -> dict[tuple[str, str], str]:
        """The statuses still shown, by channel and thread; Slack forgets them after two minutes."""
        now = self.clock()
        return {key: text for key, (text, since) in self._statuses.items() if now - since < STATUS_LIFETIME}

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        if status:
            self._statuses[(channel, thread_ts)] = (status, self.clock())
        else:
            self._statuses.pop((channel, thread_ts), None)
        self.feed.push_channel(channel, "status", thread_ts=thread_ts, status=status)

    def _emit(self, change: Change) -> None:
        for event in events.build_events(change, self.directory, self.board, self.timeline.next_ts):
            self.push_event(event)

    def _clear_status(self, change: Change) -> None:
        message: Message = change.message
        shown = (message.channel, message.root_ts) in self._statuses
        if change.kind == "posted" and message.user == BOT_USER_ID and shown and not message.ephemeral_to:
            self.set_status(message.channel, message.root_ts, "")

    def _note_connection(self, connected: bool) -> None:
        self.feed.push_everybody("app", connected=connected)
