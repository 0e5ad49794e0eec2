"""Handles the review's window: approve (as it stands or changed), reject, skip, and its button on Home."""

from typing import Any

from slack_bolt import Ack, App

from bot.commands.review import build_next, open_queue, show, show_next
from bot.learning.review import FIRST, GONE, Item, Kind, Place
from bot.listeners.failures import guard
from bot.listeners.whispers import whisper
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS
from bot.slack.text import escape_mrkdwn, shorten
from bot.views import home, review_view, wording
from bot.views.blocks import Block
from feedback.errors import AlreadyDecided
from feedback.events import Role

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the window and to Home's button."""

    def queue(body: Body, approved: bool | None) -> None:
        def job() -> None:
            show(services, body["view"]["id"], decide(services, body, approved))

        services.pool.submit(body["trigger_id"], guard(services, body, job))

    def serve() -> None:
        services.serve_corrections()

    @app.view(review_view.REVIEW_VIEW)
    def handle_approve(ack: Ack, body: Body) -> None:
        block, text = review_view.read_text(body["view"])
        if not text.strip():
            ack(response_action="errors", errors={block: wording.REVIEW_EMPTY})
            return
        # The next item goes with the acknowledgement: an update beside it could come first and be overwritten.
        ack(response_action="update", view=decide(services, body, approved=True))
        services.pool.submit(body["trigger_id"], guard(services, body, serve))

    @app.action(review_view.REJECT)
    def handle_reject(ack: Ack, body: Body) -> None:
        ack()
        queue(body, approved=False)

    @app.action(review_view.SKIP)
    def handle_skip(ack: Ack, body: Body) -> None:
        ack()
        queue(body, approved=None)

    @app.action(home.REVIEW)
    def handle_home(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open(services, body))()


def decide(services: Services, body: Body, approved: bool | None) -> Block:
    """Carry a decision out, None to skip. Return the window of the next item, with what became of this one."""
    person, view = body["user"]["id"], body["view"]
    role = services.directory.role(person)
    if role is Role.CUSTOMER:
        return review_view.build_sentence(wording.STAFF_ONLY.format(command="review"))
    state = review_view.read_state(view)
    notice = "" if approved is None else _decide(services, view, state, approved, person, role)
    return build_next(open_queue(services), _read_place(state), notice)


def _decide(services: Services, view: Body, state: dict[str, Any], approved: bool, person: str, role: Role) -> str:
    """Carry a decision out. Return the line that says who decided what and when, or why nothing was changed."""
    waiting, kind = open_queue(services), Kind(state["kind"])
    item = waiting.find(kind, state["id"])
    try:
        if item is None:
            return _tell_taken(waiting.find_decider(kind, state["id"]))
        if not approved:
            waiting.reject(item, by=person, role=role)
            return _word(services, wording.REVIEW_REJECTED, item, person)
        is_changed = waiting.approve(item, review_view.read_text(view)[1], by=person, role=role)
    except AlreadyDecided as error:
        return _tell_taken(error.by)
    except GONE:
        return wording.REVIEW_GONE
    return _word(services, wording.REVIEW_CHANGED if is_changed else wording.REVIEW_APPROVED, item, person)


def _tell_taken(by: str | None) -> str:
    return wording.REVIEW_TAKEN.format(person=by) if by else wording.REVIEW_GONE


def _word(services: Services, sentence: str, item: Item, person: str) -> str:
    at = f"{services.clock():%Y-%m-%d %H:%M} UTC"
    return sentence.format(person=person, at=at, question=escape_mrkdwn(shorten(item.question, 120)))


def _read_place(state: dict[str, Any]) -> Place:
    kind, votes, at, number = state["place"]
    return (int(kind), int(votes), str(at), int(number))


def _open(services: Services, body: Body) -> None:
    if services.directory.role(body["user"]["id"]) is Role.CUSTOMER:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    try:
        opened = services.client.views_open(trigger_id=body["trigger_id"], view=review_view.build_loading())
    except SLACK_ERRORS:
        whisper(services, body, wording.WINDOW_NOT_OPENED)
        return
    key, view_id = body["trigger_id"], str(opened["view"]["id"])
    services.pool.submit(key, guard(services, body, lambda: show_next(services, view_id, FIRST)))
