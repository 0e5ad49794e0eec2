"""Handles verdicts on replies: emoji, feedback buttons, and what the answer should have been.

Knows the payloads. `feedback` decides what a verdict means.
"""

import json
from typing import Any

from slack_bolt import Ack, App

from bot.learning.review import Kind
from bot.listeners.failures import guard
from bot.listeners.home import publish
from bot.listeners.whispers import open_view, whisper
from bot.services import Services
from bot.views import blocks, wording
from bot.views.review_view import build_open_button
from feedback import cards, corrections, inbox, replies, signals, votes
from feedback.errors import FeedbackError, UnknownReply

Body = dict[str, Any]

KINDS = ("reaction_added", "reaction_removed")


def register(app: App, services: Services) -> None:
    """Listen to reactions, vote buttons and the correction modal."""

    @app.event("reaction_added")
    def handle_reaction_added(body: Body) -> None:
        _queue_reaction(services, body)

    @app.event("reaction_removed")
    def handle_reaction_removed(body: Body) -> None:
        _queue_reaction(services, body)

    @app.action(blocks.VOTE)
    def handle_vote(ack: Ack, body: Body) -> None:
        _take_vote(services, ack, body)

    @app.action(blocks.WRITE_CORRECTION)
    def handle_write_correction(ack: Ack, body: Body) -> None:
        is_open = _open_correction(services, body, body["actions"][0]["value"])
        ack()
        if not is_open:
            whisper(services, body, wording.WINDOW_NOT_OPENED)

    @app.view(blocks.CORRECTION_VIEW)
    def handle_correction(ack: Ack, body: Body) -> None:
        _take_correction(services, ack, body)


def resume(services: Services, event: inbox.InboxEvent) -> bool:
    """Resume a reaction that a kill cut off."""
    _queue_reaction(services, dict(event.payload))
    return False


def _queue_reaction(services: Services, body: Body) -> None:
    services.pool.submit(body["event_id"], lambda: record_reaction(services, body))


def record_reaction(services: Services, body: Body) -> None:
    """Record an emoji on one of Chip's replies. After a new thumbs-down, ask what would have been right."""
    event = body["event"]
    item, person, added = event["item"], event["user"], event["type"] == "reaction_added"
    try:
        if person == services.bot_user or item.get("type") != "message":
            return
        verdict = votes.record_reaction(
            services.db,
            channel=item["channel"],
            ts=item["ts"],
            person=person,
            role=services.directory.role(person).value,
            emoji=event["reaction"],
            added=added,
            key=body["event_id"],
        )
        if added and verdict is votes.Vote.DOWN:
            _ask_for_correction(services, replies.find_reply_at(services.db, item["channel"], item["ts"]), person)
    finally:
        inbox.mark_done(services.db, body["event_id"])


def _take_vote(services: Services, ack: Ack, body: Body) -> None:
    """Record the verdict of a button. A thumbs-down opens the correction modal."""
    verdict, _, reply_id = body["actions"][0]["value"].partition(":")
    if not _is_known(services, verdict, reply_id):
        ack()
        _whisper(services, body, wording.UNKNOWN_REPLY)
        return
    is_open = verdict != "down" or _open_correction(services, body, reply_id)
    person = body["user"]["id"]
    votes.record_button(
        services.db,
        reply_id=reply_id,
        person=person,
        role=services.directory.role(person).value,
        verdict=verdict,
        key=body["trigger_id"],
    )
    ack()
    if verdict == "up":
        _whisper(services, body, wording.VOTE_UP)
    elif not is_open:
        _ask_for_correction(services, replies.find_reply(services.db, reply_id), person)


def _is_known(services: Services, verdict: str, reply_id: str) -> bool:
    return verdict in list(votes.Vote) and replies.find_reply(services.db, reply_id) is not None


def _ask_for_correction(services: Services, reply: replies.Reply | None, person: str) -> None:
    if reply is None:
        return
    services.client.chat_postEphemeral(
        channel=reply.channel,
        user=person,
        thread_ts=reply.thread_ts,
        text=wording.ASK_CORRECTION,
        blocks=blocks.build_correction_prompt(reply.id),
    )


def _open_correction(services: Services, body: Body, reply_id: str) -> bool:
    """Open the modal before anything slow: the trigger lives three seconds. Return False if Slack refused."""
    reply = replies.find_reply(services.db, reply_id)
    if reply is None:
        _whisper(services, body, wording.UNKNOWN_REPLY)
        return True
    return open_view(services, body, blocks.build_correction_view(reply_id, reply.question, reply.shown))


def _take_correction(services: Services, ack: Ack, body: Body) -> None:
    """Store the reason, the correction, or both, before Slack is told that they arrived."""
    person, reply_id = body["user"]["id"], json.loads(body["view"]["private_metadata"])["reply_id"]
    role = services.directory.role(person).value
    reason, text = _read_correction(body["view"]["state"]["values"])
    correction = None
    try:
        if text.strip() or reason is None:
            correction = corrections.record_correction(
                services.db, reply_id=reply_id, person=person, role=role, text=text, key=f"{body['view']['id']}:text"
            )
        if reason is not None:
            signals.record_reason(services.db, reply_id, person, role, reason, key=f"{body['view']['id']}:reason")
    except UnknownReply:
        ack(response_action="errors", errors={blocks.CORRECTION_BLOCK: wording.UNKNOWN_REPLY})
        return
    except FeedbackError:
        ack(response_action="errors", errors={blocks.CORRECTION_BLOCK: wording.CORRECTION_EMPTY})
        return
    ack()
    services.pool.submit(
        body["trigger_id"], guard(services, body, lambda: _thank(services, person, reply_id, correction))
    )


def _read_correction(values: dict[str, Any]) -> tuple[signals.Reason | None, str]:
    chosen = values.get(blocks.REASON_BLOCK, {}).get(blocks.REASON_INPUT, {}).get("selected_option")
    text = values[blocks.CORRECTION_BLOCK][blocks.CORRECTION_INPUT].get("value") or ""
    return (signals.Reason(chosen["value"]) if chosen else None), text


def _thank(services: Services, person: str, reply_id: str, correction: corrections.Correction | None) -> None:
    reply = replies.find_reply(services.db, reply_id)
    if reply is None:
        return
    thanks = wording.REASON_TAKEN
    if correction is not None:
        waits = correction.state is corrections.State.WAITING
        thanks = wording.CORRECTION_WAITS if waits else tell_use(services, correction, reply)
        if waits and services.admin_channel:
            _ask_for_decision(services, correction, reply)
    services.client.chat_postEphemeral(channel=reply.channel, user=person, thread_ts=reply.thread_ts, text=thanks)


def tell_use(services: Services, correction: corrections.Correction, reply: replies.Reply) -> str:
    """Serve a correction that holds at once. Return what becomes of it, in training too."""
    taken = wording.CORRECTION_LEARNED if services.serve_corrections() else wording.CORRECTION_TAKEN
    return f"{taken} {tell_training(services, correction, reply)}"


def tell_training(services: Services, correction: corrections.Correction, reply: replies.Reply) -> str:
    """Return whether the next training may use a correction."""
    if not services.may_learn(reply, correction.role):
        return wording.NOT_LEARNED
    return wording.NOT_LEARNED_FOR_STAFF if services.is_for_staff(reply) else wording.LEARNED_NEXT


def _ask_for_decision(services: Services, correction: corrections.Correction, reply: replies.Reply) -> None:
    button = build_open_button(Kind.CORRECTION.value, correction.id)
    shown = blocks.build_correction_card(correction.person, reply.question, reply.shown, correction.text, button)
    text = wording.CORRECTION_CARD.format(person=correction.person)
    posted = services.client.chat_postMessage(channel=services.admin_channel or "", text=text, blocks=shown)
    card = cards.Card(correction.id, str(posted["channel"]), str(posted["ts"]))
    cards.note_card(services.db, services.directory.team, card)


def _whisper(services: Services, body: Body, text: str) -> None:
    """Tell only the person, in the thread where they clicked. A click on Home updates Home instead."""
    if "view" in body:
        publish(services, body["user"]["id"])
    else:
        whisper(services, body, text)
