"""The Bolt app: every listener registered once, in the order in which Bolt asks them."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.answering.question import QUESTION
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
from bot.services import Services
from feedback.inbox import InboxEvent, find_unfinished, mark_done

logger = logging.getLogger(__name__)

LISTENER_THREADS = 8
UNSIGNED = "unused in Socket Mode"


def build_app(services: Services, signing_secret: str = UNSIGNED) -> App:
    """Return the app over the services. Everything is passed in, so that Bolt does not read the environment.

    Passes in Chip's identity. Otherwise Bolt calls auth.test on the first event, and drops that event (with 200) if the
    call fails.
    """
    identity = AuthorizeResult(
        enterprise_id=None,
        team_id=services.directory.team,
        bot_user_id=services.bot_user,
        bot_token=services.client.token,
    )
    app = App(
        client=WebClient(base_url=services.client.base_url),
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
        kind.register(app, services)
    return app


def resume(app: App, services: Services) -> int:
    """Take up the events that an earlier process left undone; return how many questions are answered anew.

    One that cannot be taken up holds up no other, and comes back no more unless that may pass.
    """
    resumed = 0
    unfinished = find_unfinished(services.db)
    presses = [event for event in unfinished if event.kind == home.STOP]
    for event in [*presses, *(event for event in unfinished if event.kind != home.STOP)]:
        try:
            resumed += _take_up(app, services, event, presses)
        except Exception as error:
            logger.exception("event %s cannot be taken up, reference %s", event.key, services.new_id("E"))
            inbox.settle(services.db, event.key, error)
    return resumed


def _take_up(app: App, services: Services, event: InboxEvent, presses: Sequence[InboxEvent]) -> bool:
    """Hand an event to what works on it; whether it is a question that is answered anew."""
    if event.kind in ("reaction_added", "reaction_removed"):
        votes.build_reaction_handler(services)(dict(event.payload))
    elif event.kind in forgetting.KINDS or event.payload.get("event", {}).get("subtype") == "message_deleted":
        forgetting.resume(services, dict(event.payload))
    elif event.payload.get("event", {}).get("subtype") == "message_changed":
        edits.resume(services, dict(event.payload))
    elif event.kind in ("message", "app_mention"):
        return messages.resume(services, event, presses)
    elif event.kind == home.STOP:
        home.resume_stop(services, event)
    elif event.kind in inbox.INTERACTIONS:
        inbox.resume(app, services, event)
    elif event.kind == QUESTION:
        if not edits.resume_answer(services, event):
            messages.close_unasked(services, event)
    else:
        mark_done(services.db, event.key)
    return False
