"""The Bolt app: every listener registered once, in the order in which Bolt asks them."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk import WebClient

from bot.listeners import (
    commands,
    consent,
    failures,
    forgetting,
    home,
    importing,
    inbox,
    models,
    people,
    review,
    shortcuts,
    sources,
    survey,
    tickets,
    unknown,
    votes,
)
from bot.listeners.asking import edits, messages, stop
from bot.services import Services
from feedback.inbox import InboxEvent, find_unfinished, mark_done

logger = logging.getLogger(__name__)

Resume = Callable[[Services, InboxEvent], bool]

LISTENER_THREADS = 8
UNSIGNED = "unused in Socket Mode"
# In the order in which Bolt asks them.
LISTENERS = (
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
    importing,
    review,
    stop,
    shortcuts,
    survey,
    models,
    people,
    commands,
    unknown,
)


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
    logging.getLogger("slack_bolt.App").addFilter(_is_news)
    app = App(
        name="chip",  # Bolt would look through all files of the call stack for one
        client=WebClient(base_url=services.client.base_url, ssl=services.client.ssl),
        authorize=lambda: identity,
        signing_secret=signing_secret,
        token_verification_enabled=False,
        raise_error_for_unhandled_request=True,
        listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="chip-listener"),
    )
    for kind in LISTENERS:
        kind.register(app, services)
    return app


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line in Bolt's log tells an operator anything. That a token of the environment is unused does not."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


def resume(app: App, services: Services) -> int:
    """Hand the events of an earlier process to their listeners; return how many questions are answered again.

    Presses of Stop come first, because they apply to the questions after them. A failing event does not block the
    others; it is retried at the next start only if the error is temporary.
    """
    resumed, resumers = 0, list_resumers(app)
    for event in sorted(find_unfinished(services.db), key=lambda event: event.kind not in stop.KINDS):
        try:
            resumed += _resume(resumers, services, event)
        except Exception as error:
            logger.exception("event %s cannot be taken up, reference %s", event.key, services.new_id("E"))
            inbox.settle(services.db, event.key, error)
    return resumed


def list_resumers(app: App) -> dict[str, Resume]:
    """Return the functions that resume unfinished events, by the event's kind; a subtype follows after a colon."""
    found: dict[str, Resume] = {kind: partial(inbox.resume, app) for kind in inbox.INTERACTIONS}
    for listener in (edits, forgetting, messages, stop, votes):
        found |= dict.fromkeys(listener.KINDS, listener.resume)
    return found


def _resume(resumers: Mapping[str, Resume], services: Services, event: InboxEvent) -> bool:
    """Hand an event to its listener; return whether it is a question that is answered again."""
    subtype = event.payload.get("event", {}).get("subtype")
    take_up = resumers.get(f"{event.kind}:{subtype}") or resumers.get(event.kind)
    if take_up is None:
        mark_done(services.db, event.key)
        return False
    return take_up(services, event)
