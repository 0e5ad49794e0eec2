"""The Bolt app: every listener registered once, in the order in which Bolt asks them."""

import logging
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import App

from bot.listeners import (
    commands,
    consent,
    edits,
    failures,
    forgetting,
    home,
    inbox,
    messages,
    people,
    shortcuts,
    sources,
    survey,
    tickets,
    unknown,
    votes,
)
from bot.parts import Parts
from feedback.inbox import find_unfinished, mark_done

logger = logging.getLogger(__name__)

LISTENER_THREADS = 8
UNSIGNED = "unused in Socket Mode"


def build_app(parts: Parts, signing_secret: str = UNSIGNED) -> App:
    """Return the app over the parts. Everything is passed in, so that Bolt does not read the environment."""
    app = App(
        client=parts.client,
        signing_secret=signing_secret,
        token_verification_enabled=False,
        listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="chip-listener"),
    )
    for kind in (
        failures,
        inbox,
        forgetting,
        edits,
        consent,
        messages,
        votes,
        sources,
        tickets,
        home,
        shortcuts,
        survey,
        people,
        commands,
        unknown,
    ):
        kind.register(app, parts)
    return app


def resume(app: App, parts: Parts) -> int:
    """Take up the events that an earlier process left undone; return how many questions are answered anew."""
    resumed = 0
    for event in find_unfinished(parts.db):
        if event.kind in ("reaction_added", "reaction_removed"):
            votes.build_reaction_handler(parts)(dict(event.payload))
        elif event.kind in forgetting.KINDS or event.payload.get("event", {}).get("subtype") == "message_deleted":
            forgetting.resume(parts, dict(event.payload))
        elif event.kind in ("message", "app_mention"):
            resumed += messages.resume(parts, event)
        elif event.kind in inbox.INTERACTIONS:
            inbox.resume(app, parts, event)
        elif event.kind != messages.QUESTION:
            mark_done(parts.db, event.key)
    return resumed
