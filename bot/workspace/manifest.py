"""Owns what the app's manifest asks for: commands, shortcuts, scopes, event subscriptions.

Knows nothing of how they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import config

MANIFEST_PATH = Path(config.__file__).parent / "slack_manifest.yaml"


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A word after a command, as the page's menu shows it to people of these roles."""

    usage: str
    description: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class SlashCommand:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    subcommands: tuple[Subcommand, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortcut:
    callback_id: str
    name: str
    kind: str = "message"


@dataclass(frozen=True, slots=True)
class AppManifest:
    """The manifest of an app. `bot_events` None means every event; otherwise only these are delivered."""

    slash_commands: tuple[SlashCommand, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    bot_scopes: frozenset[str] = frozenset()
    bot_events: frozenset[str] | None = None
    has_home: bool = True
    suggested_questions: tuple[str, ...] = ()

    def find_command(self, name: str) -> SlashCommand | None:
        return next((command for command in self.slash_commands if command.command == name), None)

    def find_shortcut(self, callback_id: str) -> Shortcut | None:
        return next((shortcut for shortcut in self.shortcuts if shortcut.callback_id == callback_id), None)


def load_manifest(path: Path = MANIFEST_PATH) -> AppManifest:
    """Raises OSError if the file is missing, KeyError if an entry lacks its name."""
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    features = raw.get("features", {})
    commands = [
        SlashCommand(c["command"], c.get("description", ""), c.get("usage_hint", ""), bool(c.get("should_escape")))
        for c in features.get("slash_commands", [])
    ]
    shortcuts = [Shortcut(s["callback_id"], s["name"], s["type"]) for s in features.get("shortcuts", [])]
    events = raw.get("settings", {}).get("event_subscriptions", {}).get("bot_events", [])
    return AppManifest(
        slash_commands=tuple(commands),
        shortcuts=tuple(shortcuts),
        bot_scopes=frozenset(raw.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        bot_events=frozenset(events),
        has_home=bool(features.get("app_home", {}).get("home_tab_enabled")),
        suggested_questions=tuple(p["message"] for p in features.get("agent_view", {}).get("suggested_prompts", [])),
    )
