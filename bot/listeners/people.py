"""Handles changes of people, groups, channels and members, so that their roles are looked up again."""

from typing import Any

from slack_bolt import App

from bot.services import Services
from feedback import inbox

Body = dict[str, Any]

GROUPS = ("subteam_updated", "subteam_members_changed")
CHANNELS = (
    "channel_rename",
    "group_rename",
    "channel_shared",
    "channel_unshared",
    "member_joined_channel",
    "member_left_channel",
)


def register(app: App, services: Services) -> None:
    """Listen to changes."""

    @app.event("user_change")
    def handle_user_change(body: Body) -> None:
        services.directory.forget(body["event"]["user"]["id"])
        inbox.mark_done(services.db, body["event_id"])

    def forget_group(body: Body) -> None:
        services.directory.forget_group()
        inbox.mark_done(services.db, body["event_id"])

    def forget_channel(body: Body) -> None:
        channel = body["event"].get("channel")
        services.directory.forget(str(channel["id"] if isinstance(channel, dict) else channel))
        inbox.mark_done(services.db, body["event_id"])

    for kind in GROUPS:
        app.event(kind)(forget_group)
    for kind in CHANNELS:
        app.event(kind)(forget_channel)
