"""Handles the review's window: approve (as it stands or changed), reject, skip, and its button on Home."""

from typing import Any

from slack_bolt import Ack, App

from bot.commands.review import build_next, build_view, open_queue, show
from bot.learning.general import find_placeholder
from bot.learning.review import DOUBTS, FIRST, GONE, Item, Kind, Place
from bot.listeners.failures import guard
from bot.listeners.outcomes import show_outcome
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
            if approved is not None:  # a rejection may withdraw what was served
                services.serve_corrections()

        services.pool.submit(body["trigger_id"], guard(services, body, job))

    @app.view(review_view.REVIEW_VIEW)
    def handle_approve(ack: Ack, body: Body) -> None:
        if errors := find_faults(body["view"]):
            ack(response_action="errors", errors=errors)
            return
        # An acknowledgement without a view would close the window. What follows it searches, so it comes later.
        ack(response_action="update", view=review_view.build_sentence(wording.REVIEW_DECIDING))
        queue(body, approved=True)

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

    @app.action(review_view.OPEN)
    def handle_open(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open(services, body, body["actions"][0]["value"]))()


def find_faults(view: Body) -> dict[str, str]:
    """Return what is wrong with submitted words, by block: nothing is written, or a placeholder is left."""
    faults = {}
    for block, text in review_view.read_words(view):
        if not text.strip():
            faults[block] = wording.REVIEW_EMPTY
        elif (placeholder := find_placeholder(text)) is not None:
            faults[block] = wording.REVIEW_UNFINISHED.format(placeholder=placeholder)
    return faults


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
            return _tell_outcome(services, wording.REVIEW_REJECTED, item, person)
        question, text = [words for _, words in review_view.read_words(view)] or ("", "")
        is_changed = waiting.approve(item, question, text, by=person, role=role)
    except AlreadyDecided as error:
        return _tell_taken(error.by)
    except GONE:
        return wording.REVIEW_GONE
    outcome = wording.REVIEW_CHANGED if is_changed else wording.REVIEW_APPROVED
    return _tell_outcome(services, outcome, item, person)


def _tell_taken(by: str | None) -> str:
    return wording.REVIEW_TAKEN.format(person=by) if by else wording.REVIEW_GONE


def _tell_outcome(services: Services, sentence: str, item: Item, person: str) -> str:
    """Show the outcome on the item's cards, and return it."""
    at = f"{services.clock():%Y-%m-%d %H:%M} UTC"
    outcome = sentence.format(person=person, at=at, question=escape_mrkdwn(shorten(item.question, 120)))
    decided = () if item.kind in (Kind.IMPORTED, *DOUBTS) else (item.id, *item.alike)
    for correction_id in decided:
        show_outcome(services, correction_id, outcome)
    return outcome


def _read_place(state: dict[str, Any]) -> Place:
    weight, at, number = state["place"]
    return (float(weight), str(at), int(number))


def _open(services: Services, body: Body, chosen: str = "") -> None:
    """Open the window: at the item of a card, or at the first that waits."""
    if services.directory.role(body["user"]["id"]) is Role.CUSTOMER:
        whisper(services, body, wording.NOT_STAFF)
        return
    try:
        opened = services.client.views_open(trigger_id=body["trigger_id"], view=review_view.build_loading())
    except SLACK_ERRORS:
        whisper(services, body, wording.WINDOW_NOT_OPENED)
        return
    key, view_id = body["trigger_id"], str(opened["view"]["id"])

    def job() -> None:
        show(services, view_id, _build_chosen(services, chosen) if chosen else build_next(open_queue(services), FIRST))

    services.pool.submit(key, guard(services, body, job))


def _build_chosen(services: Services, chosen: str) -> Block:
    """Return the view of one item, or who decided it."""
    name, _, item_id = chosen.partition(":")
    waiting, kind = open_queue(services), Kind(name)
    item = waiting.find(kind, item_id)
    if item is None:
        return build_next(waiting, FIRST, _tell_taken(waiting.find_decider(kind, item_id)))
    return build_view(waiting, item, waiting.count())
