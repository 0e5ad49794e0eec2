"""The Bolt app: every listener registered once, in the order in which Bolt asks them."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

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
from bot.question import QUESTION
from feedback.inbox import InboxEvent, find_unfinished, mark_done

logger = logging.getLogger(__name__)

LISTENER_THREADS = 8
UNSIGNED = "unused in Socket Mode"


def build_app(parts: Parts, signing_secret: str = UNSIGNED) -> App:
    """Return the app over the parts. Everything is passed in, so that Bolt does not read the environment.

    Who Chip is, the parts know: Bolt would ask Slack at the first event, and answer it with 200 where Slack fails then.
    """
    identity = AuthorizeResult(
        enterprise_id=None,
        team_id=parts.directory.team,
        bot_user_id=parts.bot_user,
        bot_token=parts.client.token,
    )
    app = App(
        client=WebClient(base_url=parts.client.base_url),
        authorize=lambda: identity,
        signing_secret=signing_secret,
        token_verification_enabled=False,
        raise_error_for_unhandled_request=True,
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
    """Take up the events that an earlier process left undone; return how many questions are answered anew.

    One that cannot be taken up holds up no other, and comes back no more unless that may pass.
    """
    resumed = 0
    unfinished = find_unfinished(parts.db)
    presses = [event for event in unfinished if event.kind == home.STOP]
    for event in [*presses, *(event for event in unfinished if event.kind != home.STOP)]:
        try:
            resumed += _take_up(app, parts, event, presses)
        except Exception as error:
            logger.exception("event %s cannot be taken up, reference %s", event.key, parts.new_id("E"))
            inbox.settle(parts.db, event.key, error)
    return resumed


def _take_up(app: App, parts: Parts, event: InboxEvent, presses: Sequence[InboxEvent]) -> bool:
    """Hand an event to what works on it; whether it is a question that is answered anew."""
    if event.kind in ("reaction_added", "reaction_removed"):
        votes.build_reaction_handler(parts)(dict(event.payload))
    elif event.kind in forgetting.KINDS or event.payload.get("event", {}).get("subtype") == "message_deleted":
        forgetting.resume(parts, dict(event.payload))
    elif event.payload.get("event", {}).get("subtype") == "message_changed":
        edits.resume(parts, dict(event.payload))
    elif event.kind in ("message", "app_mention"):
        return messages.resume(parts, event, presses)
    elif event.kind == home.STOP:
        home.resume_stop(parts, event)
    elif event.kind in inbox.INTERACTIONS:
        inbox.resume(app, parts, event)
    elif event.kind == QUESTION:
        if not edits.resume_answer(parts, event):
            messages.close_unasked(parts, event)
    else:
        mark_done(parts.db, event.key)
    return False
