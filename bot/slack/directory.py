"""Looks up people's roles and what an answer in a place may draw on. Asks Slack once and remembers.

A customer never sees staff passages. An answer uses them only if the asker is staff *and* everybody who can read the
place is staff: no member is a guest, of another organisation, or unknown.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.slack.errors import SLACK_ERRORS, name_error
from feedback.channel_rules import DEFAULT_RULES, ChannelRules
from feedback.events import Role
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope

logger = logging.getLogger(__name__)

_GROUPS = "group:"
_GROUP = f"{_GROUPS}the admins'"
_MEMBERS = "members of "
_PAGE = 500
_MOST_PAGES = 10
_FEW = 20  # up to this many people are looked up one by one
REMEMBER = timedelta(hours=1)
REMEMBER_MEMBERS = timedelta(minutes=5)  # an app that was installed earlier may not be told who joins


class Directory:
    """Looks people and channels up in Slack: each at most once an hour, a channel's members every five minutes."""

    def __init__(
        self,
        client: WebClient,
        *,
        team: str,
        staff_channels: tuple[str, ...],
        admins: tuple[str, ...],
        clock: Callable[[], datetime],
        rules: Callable[[str], ChannelRules] = lambda _channel: DEFAULT_RULES,
        admin_group: str = "",
        groups: Callable[[], frozenset[Audience]] = frozenset,
    ) -> None:
        """`groups` are the user groups that documents are meant for. Slack is asked about no others."""
        self._client = client
        self.team = team
        self._staff_channels = frozenset(name.lstrip("#") for name in staff_channels)
        self._admins = frozenset(admins)
        self._clock = clock
        self._rules = rules
        self._admin_group = admin_group.lstrip("@")
        self._groups = groups
        self._remembered: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def role(self, user: str) -> Role:
        """Return the person's role; a person that Slack does not show is a customer."""
        profile = self._profile(user)
        return role_of(profile, team=self.team, admins=self._admins | self._find_group())

    def names(self, user: str) -> tuple[str, ...]:
        """Return the person's names, for masking; empty if Slack does not show the person."""
        profile = self._profile(user)
        display = profile.get("profile", {}).get("display_name", "")
        return tuple({name for name in (profile.get("real_name", ""), display, profile.get("name", "")) if name})

    def display_name(self, user: str) -> str:
        """Return the name that people use; the id if Slack does not show the person."""
        profile = self._profile(user)
        display = profile.get("profile", {}).get("display_name", "")
        return str(display or profile.get("real_name") or profile.get("name") or user)

    def scope(self, user: str, channel: str | None) -> Scope:
        """Return what an answer to this person in this channel may draw on. None: nobody else will see it."""
        if self.role(user) is Role.CUSTOMER or not (channel is None or self._only_staff_read(channel)):
            usual = CUSTOMER_SCOPE
        else:
            usual = STAFF_SCOPE
        if channel is not None and not self._channel(channel).get("is_im"):
            return usual
        return Scope(usual.audiences | {group for group in self._groups() if self._is_in(user, group)})

    def _is_in(self, user: str, group: Audience) -> bool:
        """Whether the person is in the Slack user group. A group that Slack does not show has no members."""
        group_id = group.removeprefix("group:")
        found = self._look_up(group, lambda: {"users": self._client.usergroups_users_list(usergroup=group_id)["users"]})
        return user in found.get("users", ())

    def forget(self, key: str) -> None:
        """Forget the person, or the channel and its members, after a change event, so that they are looked up again."""
        with self._lock:
            self._changes += 1
            self._remembered.pop(key, None)
            self._remembered.pop(_MEMBERS + key, None)

    def forget_group(self) -> None:
        """Forget every user group after a change event, so that they are looked up again."""
        with self._lock:
            self._changes += 1
            for key in [key for key in self._remembered if key.startswith(_GROUPS)]:
                del self._remembered[key]

    def _find_group(self) -> frozenset[str]:
        """Return the members of the admins' user group; empty if there is no such group."""
        return (
            frozenset(self._look_up(_GROUP, self._fetch_group).get("users", ())) if self._admin_group else frozenset()
        )

    def _fetch_group(self) -> dict[str, Any]:
        groups = self._client.usergroups_list()["usergroups"]
        named = (group["id"] for group in groups if self._admin_group in (group["id"], group.get("handle")))
        group_id = next(named, None)
        if group_id is None:
            logger.warning("there is no user group @%s", self._admin_group)
            return {"users": []}
        return {"users": self._client.usergroups_users_list(usergroup=group_id)["users"]}

    def _profile(self, user: str) -> dict[str, Any]:
        return self._look_up(user, lambda: self._client.users_info(user=user)["user"])

    def _channel(self, channel: str) -> dict[str, Any]:
        return self._look_up(channel, lambda: self._client.conversations_info(channel=channel)["channel"])

    def _only_staff_read(self, channel: str) -> bool:
        info = self._channel(channel)
        if info.get("is_im"):
            return True
        marked = self._rules(channel).audience
        if info.get("is_ext_shared") or marked == Role.CUSTOMER:
            return False
        is_meant = marked == Role.STAFF or not self._staff_channels.isdisjoint({info.get("name"), info.get("id")})
        return is_meant and self._has_only_staff(channel)

    def _has_only_staff(self, channel: str) -> bool:
        """Whether every member is staff or a bot of this team. False if Slack does not show all of them."""
        found = self._look_up(_MEMBERS + channel, lambda: self._fetch_members(channel), REMEMBER_MEMBERS)
        members = found.get("members", ())
        self._look_up_many(members)
        return bool(members) and all(self._is_staff_or_bot(member) for member in members)

    def _is_staff_or_bot(self, user: str) -> bool:
        profile = self._profile(user)
        is_bot = bool(profile.get("is_bot")) and profile.get("team_id", self.team) == self.team
        return is_bot or role_of(profile, team=self.team, admins=frozenset()) is not Role.CUSTOMER

    def _fetch_members(self, channel: str) -> dict[str, Any]:
        """Return all members of the channel; none if there are too many to look through."""
        members, is_whole = _read_pages(lambda **page: self._client.conversations_members(channel=channel, **page))
        if not is_whole:
            logger.warning("%s has more than %d members and is taken for one with guests", channel, len(members))
        return {"members": members if is_whole else []}

    def _look_up_many(self, users: Sequence[str]) -> None:
        """Look up all of the team's people in one call if many of these are unknown, rather than one by one."""
        now = self._clock()
        with self._lock:
            unknown = [user for user in users if not self._is_fresh(user, now, REMEMBER)]
            changes = self._changes
        if len(unknown) <= _FEW:
            return
        try:
            people, _ = _read_pages(self._client.users_list)
        except SLACK_ERRORS as error:
            logger.warning("Slack does not list the people: %s", name_error(error))
            return
        with self._lock:
            if changes == self._changes:
                self._remembered |= {person["id"]: (now, person) for person in people}

    def _is_fresh(self, key: str, now: datetime, remember: timedelta) -> bool:
        return key in self._remembered and now - self._remembered[key][0] < remember

    def _look_up(self, key: str, fetch: Callable[[], Any], remember: timedelta = REMEMBER) -> dict[str, Any]:
        now = self._clock()
        with self._lock:
            if self._is_fresh(key, now, remember):
                return self._remembered[key][1]
            changes = self._changes
        try:
            found = dict(fetch())
        except SLACK_ERRORS as error:
            logger.warning("Slack does not show %s: %s", key, name_error(error))
            return {}
        with self._lock:
            if changes == self._changes:  # otherwise the answer may be from before the change
                self._remembered[key] = (now, found)
        return found


def _read_pages(call: Callable[..., Any]) -> tuple[list[Any], bool]:
    """Return the members on the first pages of an answer, and whether those are all."""
    found: list[Any] = []
    cursor = ""
    for _ in range(_MOST_PAGES):
        page = call(limit=_PAGE, cursor=cursor)
        found += page["members"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return found, True
    return found, False


def role_of(profile: dict[str, Any], *, team: str, admins: frozenset[str]) -> Role:
    """Return the role behind a `users.info` profile. Guests, strangers, other teams and the unknown are customers."""
    if not profile or profile.get("is_stranger") or profile.get("team_id", team) != team:
        return Role.CUSTOMER
    if profile.get("is_restricted") or profile.get("is_ultra_restricted") or profile.get("is_bot"):
        return Role.CUSTOMER
    if profile.get("id") in admins or profile.get("is_admin") or profile.get("is_owner"):
        return Role.ADMIN
    return Role.STAFF
