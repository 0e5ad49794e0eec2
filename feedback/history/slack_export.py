"""Reads a Slack export, zipped or unpacked: every channel's days, who is staff, and which messages form threads."""

import html
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.history.files import open_zip
from feedback.history.message import Given, HistoryError, Left, Message, Reading, Side

USERS = "users.json"
LARGEST_DAY = 256 * 2**20
"""In bytes of one channel's day; a larger one is a bomb."""

_DAY = re.compile(r"(?:\A|/)([^/]+)/\d{4}-\d{2}-\d{2}\.json\Z")
_LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]+\|?([^<>]*)>")
_GROUP = re.compile(r"<!(?:subteam\^[A-Z0-9]+\|)?@?([^<>^|]+)(?:\|[^<>]*)?>")
_KEPT_SUBTYPES = ("", "thread_broadcast", "file_share", "me_message")


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    side: Side
    is_bot: bool


def open_export(path: Path) -> Reading:
    """Open an export. Raises `HistoryError` if it has no users or is damaged."""
    names, read = _list_folder(path) if path.is_dir() else _list_zip(path)
    users_at = min((name for name in names if name.rpartition("/")[2] == USERS), key=len, default=None)
    if users_at is None:
        raise HistoryError(f"It is no Slack export: {USERS} is missing")
    try:
        users = json.loads(read(users_at))
        profiles = {str(user["id"]): user for user in users}
    except (ValueError, KeyError, TypeError) as error:
        raise HistoryError(f"Its {USERS} cannot be read") from error
    team = _find_team(profiles)
    people = {person: _build_person(profile, team) for person, profile in profiles.items()}
    days = sorted((match[1], name) for name in names if (match := _DAY.search(name)))
    return Reading("Slack", iter(days), lambda day: _parse_day(day, read, people), team)


def is_export(path: Path) -> bool:
    """Whether a zip is a Slack export. Raises `HistoryError` for a damaged one."""
    with open_zip(path) as archive:
        return any(name.rpartition("/")[2] == USERS for name in archive.namelist())


def _list_folder(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    names = [str(inner.relative_to(path).as_posix()) for inner in path.rglob("*.json")]
    return names, lambda name: (path / name).read_bytes()


def _list_zip(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    archive = open_zip(path)

    def read(name: str) -> bytes:
        if archive.getinfo(name).file_size > LARGEST_DAY:
            raise HistoryError("It is larger than a day of a channel can be")
        return archive.read(name)

    return archive.namelist(), read


def _find_team(profiles: dict[str, Any]) -> str:
    teams = Counter(str(profile["team_id"]) for profile in profiles.values() if profile.get("team_id"))
    return teams.most_common(1)[0][0] if teams else ""


def _build_person(profile: dict[str, Any], team: str) -> _Person:
    """Distinguish members, who are staff, from guests and people of other workspaces, as Chip does in Slack."""
    inner = profile.get("profile") or {}
    name = profile.get("real_name") or inner.get("real_name") or inner.get("display_name") or profile.get("name") or ""
    is_outside = (
        profile.get("is_stranger")
        or profile.get("team_id", team) != team
        or profile.get("is_restricted")
        or profile.get("is_ultra_restricted")
    )
    is_bot = bool(profile.get("is_bot")) or profile.get("id") == "USLACKBOT"
    return _Person(str(name), "customer" if is_outside else "staff", is_bot)


def _parse_day(day: tuple[str, str], read: Callable[[str], bytes], people: dict[str, _Person]) -> Iterator[Given]:
    channel, name = day
    try:
        rows = json.loads(read(name))
    except (HistoryError, ValueError, zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        yield Left("a channel's day that cannot be read", f"{name}: {type(error).__name__}")
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("type", "message") == "message":
            yield _parse_message(row, channel, people)


def _parse_message(row: dict[str, Any], channel: str, people: dict[str, _Person]) -> Given:
    author = str(row.get("user") or "")
    person = people.get(author, _Person("", "customer", False))
    subtype = str(row.get("subtype") or "")
    if row.get("bot_id") or subtype == "bot_message" or person.is_bot:
        return Left("written by a bot")
    if subtype not in _KEPT_SUBTYPES:
        return Left("a notice, such as that somebody joined")
    if not author:
        return Left("its author is not named")
    ts = str(row.get("ts") or "")
    thread = str(row.get("thread_ts") or "")
    return Message(
        author=author,
        name=person.name or str((row.get("user_profile") or {}).get("real_name") or ""),
        side=person.side,
        text=read_markup(str(row.get("text") or "")),
        thread=f"{channel}/{thread}" if thread else "",
        id=f"{channel}/{ts}",
        at=_parse_ts(ts),
        place=channel,
    )


def _parse_ts(ts: str) -> float | None:
    try:
        return float(ts)
    except ValueError:
        return None


def read_markup(text: str) -> str:
    """Return Slack's markup as people see it. Mentions of people stay, for masking."""
    text = _LINK.sub(lambda link: _show_link(link[1], link[2]), text)
    text = _CHANNEL.sub(lambda channel: f"#{channel[1]}", text)
    text = _GROUP.sub(lambda group: f"@{group[1]}", text)
    return html.unescape(text)


def _show_link(address: str, label: str | None) -> str:
    plain = address.removeprefix("mailto:").removeprefix("tel:")
    return plain if not label or label == plain or plain.endswith(label) else f"{label} ({plain})"
