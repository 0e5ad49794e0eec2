"""Owns how typed words become Slack's text: escaping, mentions, channel references, bare links.

Knows nothing of messages or of rendering.
"""

from __future__ import annotations

import re

from bot.workspace.people import Directory

_TOKEN = re.compile(
    r"(?P<ready><@(?P<ready_id>[UW][A-Z0-9]+)>)"
    r"|(?<![\w@])@(?P<person>\w+)"
    r"|(?<![\w#&])#(?P<channel>[a-z0-9][a-z0-9_-]*)"
    r"|(?P<link>https?://[^\s<>]+)"
)
_EVERYBODY = {"here", "channel", "everyone"}


def escape(text: str) -> str:
    """Slack's three entities, and only these."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def write_slack_text(typed: str, directory: Directory) -> str:
    """What a person typed, as Slack stores it: `@Chip` becomes `<@U0CHIP>`, `<` becomes `&lt;`, links get brackets."""
    pieces: list[str] = []
    position = 0
    for match in _TOKEN.finditer(typed):
        pieces.append(escape(typed[position : match.start()]))
        pieces.append(_write_token(match, directory))
        position = match.end()
    return "".join(pieces) + escape(typed[position:])


def _write_token(match: re.Match[str], directory: Directory) -> str:
    if match["link"]:
        return f"<{escape(match['link'])}>"
    if match["ready_id"]:
        return match["ready"] if directory.find_person(match["ready_id"]) else escape(match["ready"])
    if match["channel"]:
        named = next((c for c in directory.channels.values() if c.name == match["channel"]), None)
        return f"<#{named.id}|{named.name}>" if named else match.group()
    if match["person"].lower() in _EVERYBODY:
        return f"<!{match['person'].lower()}>"
    called = next((p for p in directory.people.values() if p.name == match["person"].lower()), None)
    return f"<@{called.id}>" if called else match.group()


def describe_for_commands(typed: str, directory: Directory, *, should_escape: bool) -> str:
    """The text of a slash command: raw, or with `<@U…|name>` and `<#C…|name>` if the command asks to be escaped."""
    if not should_escape:
        return typed
    written = write_slack_text(typed, directory)
    for person in directory.people.values():
        written = written.replace(f"<@{person.id}>", f"<@{person.id}|{person.name}>")
    return written
