"""Owns who and what exists in the local workspace: the team, people, channels, user groups and what each may see.

Knows nothing of messages, events or HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Role = Literal["customer", "agent", "admin", "bot"]

TEAM_ID = "T0LOCAL"
APP_ID = "A0CHIP"
BOT_USER_ID = "U0CHIP"
BOT_ID = "B0CHIP"


@dataclass(frozen=True, slots=True)
class Team:
    id: str = TEAM_ID
    name: str = "Local"
    domain: str = "local"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the local workspace, or the bot."""

    id: str
    name: str
    real_name: str
    role: Role
    color: str
    email: str = ""
    time_zone: str = "Europe/Berlin"
    time_zone_offset_seconds: int = 3600
    locale: str = "en-GB"
    team_id: str = ""  # another organisation, whose people are in shared channels; "" is this team

    @property
    def is_bot(self) -> bool:
        return self.role == "bot"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, public or private.

    With `is_im` it is one person's direct conversation with the bot, with `is_mpim` several people's.
    """

    id: str
    name: str
    members: frozenset[str]
    topic: str = ""
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    shared_with: tuple[str, ...] = ()  # teams of other organisations (Slack Connect)

    @property
    def kind(self) -> Literal["im", "mpim", "group", "channel"]:
        """Slack's `channel_type`."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"

    @property
    def scope_prefix(self) -> str:
        """The family of OAuth scopes that covers this conversation: `channels:read`, `groups:history`, …"""
        return {"im": "im", "mpim": "mpim", "group": "groups", "channel": "channels"}[self.kind]


@dataclass(frozen=True, slots=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...]


PEOPLE = (
    Person("U0CLEO", "cleo", "Cleo", "customer", "#d1495b", "cleo@customer.example"),
    Person("U0SAM", "sam", "Sam", "agent", "#2e86ab", "sam@local.example"),
    Person("U0ADA", "ada", "Ada", "admin", "#6a4c93", "ada@local.example"),
    Person(BOT_USER_ID, "chip", "Chip", "bot", "#2f9e44"),
)

CHANNELS = (
    Channel(
        "C0HELP", "help", frozenset({"U0CLEO", "U0SAM", "U0ADA", BOT_USER_ID}), topic="Questions to the support team"
    ),
    Channel("C0STAFF", "support-team", frozenset({"U0SAM", "U0ADA", BOT_USER_ID}), "The support team", is_private=True),
    Channel("C0ADMIN", "chip-admin", frozenset({"U0ADA", BOT_USER_ID}), "How Chip is doing", is_private=True),
    Channel("D0CLEO", "", frozenset({"U0CLEO", BOT_USER_ID}), is_im=True),
    Channel("D0SAM", "", frozenset({"U0SAM", BOT_USER_ID}), is_im=True),
    Channel("D0ADA", "", frozenset({"U0ADA", BOT_USER_ID}), is_im=True),
)

USER_GROUPS = (
    UserGroup("S0STAFF", "support", "Support team", ("U0SAM", "U0ADA")),
    UserGroup("S0ADMINS", "chip-admins", "Chip's admins", ("U0ADA",)),
)


def build_channels(company: str) -> tuple[Channel, ...]:
    """The local channels, with a topic that says whom one asks."""
    return tuple(
        replace(channel, topic=f"Questions to {company}") if channel.name == "help" else channel for channel in CHANNELS
    )


class Directory:
    """Looks up people, channels and groups; `find_` may give None, the others raise KeyError."""

    def __init__(
        self,
        people: Iterable[Person] = PEOPLE,
        channels: Iterable[Channel] = CHANNELS,
        groups: Iterable[UserGroup] = USER_GROUPS,
        team: Team | None = None,
    ) -> None:
        self.team = team or Team()
        self.people: dict[str, Person] = {person.id: person for person in people}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in channels}
        self.groups: dict[str, UserGroup] = {group.id: group for group in groups}

    def find_person(self, user_id: str) -> Person | None:
        return self.people.get(user_id)

    def find_channel(self, channel_id: str) -> Channel | None:
        return self.channels.get(channel_id)

    def find_im(self, user_id: str) -> Channel | None:
        """The direct conversation between this person and the bot."""
        return next((c for c in self.channels.values() if c.is_im and user_id in c.members), None)

    def is_member(self, user_id: str, channel_id: str) -> bool:
        channel = self.channels.get(channel_id)
        return channel is not None and user_id in channel.members

    def may_see(self, user_id: str, channel_id: str) -> bool:
        """Members see their conversations; everybody in the team except guests sees a public channel."""
        channel = self.channels.get(channel_id)
        if channel is None:
            return False
        if user_id in channel.members:
            return True
        person = self.people.get(user_id)
        is_own = person is not None and not person.team_id and person.role in ("agent", "admin")
        return channel.kind == "channel" and is_own

    def visible_channels(self, user_id: str) -> list[Channel]:
        return [channel for channel in self.channels.values() if self.may_see(user_id, channel.id)]

    def add_person(self, person: Person) -> None:
        self.people[person.id] = person

    def add_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel

    def join(self, user_id: str, channel_id: str) -> Channel:
        channel = self.channels[channel_id]
        self.channels[channel_id] = replace(channel, members=channel.members | {user_id})
        return self.channels[channel_id]

    def leave(self, user_id: str, channel_id: str) -> Channel:
        channel = self.channels[channel_id]
        self.channels[channel_id] = replace(channel, members=channel.members - {user_id})
        return self.channels[channel_id]

    def archive(self, channel_id: str) -> None:
        self.channels[channel_id] = replace(self.channels[channel_id], is_archived=True)


def build_user(person: Person, *, with_email: bool, team_id: str = TEAM_ID) -> dict[str, Any]:
    """The user object of users.info."""
    profile: dict[str, Any] = {"real_name": person.real_name, "display_name": person.real_name, "image_48": ""}
    if with_email and person.email:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": person.team_id or team_id,
        "name": person.name,
        "real_name": person.real_name,
        "color": person.color.lstrip("#"),
        "deleted": False,
        "is_bot": person.is_bot,
        "is_admin": person.role == "admin" and not person.team_id,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.role == "customer" and not person.team_id,
        "is_ultra_restricted": False,
        "is_stranger": False,
        "is_app_user": False,
        "tz": person.time_zone,
        "tz_label": person.time_zone,
        "tz_offset": person.time_zone_offset_seconds,
        "locale": person.locale,
        "updated": 1790000000,
        "profile": profile,
    }


def build_channel(channel: Channel, *, bot_user_id: str = BOT_USER_ID) -> dict[str, Any]:
    """The channel object of conversations.info."""
    shape: dict[str, Any] = {
        "id": channel.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.is_im,
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private or channel.is_im or channel.is_mpim,
        "is_archived": channel.is_archived,
        "is_shared": bool(channel.shared_with),
        "is_ext_shared": bool(channel.shared_with),
        "is_org_shared": False,
        "connected_team_ids": list(channel.shared_with),
        "created": 1790000000,
    }
    if channel.is_im:
        shape["user"] = next(iter(channel.members - {bot_user_id}), "")
        return shape
    topic: Mapping[str, Any] = {"value": channel.topic, "creator": "", "last_set": 0}
    return shape | {"name": channel.name, "is_member": bot_user_id in channel.members, "topic": topic, "purpose": topic}
