"""Handles what Slack reports as gone (a deleted message, a removed app, a revoked token): Chip forgets it too."""

import logging
from typing import Any

from slack_bolt import App

from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, is_refused_here, name_error
from bot.views import blocks, wording
from feedback import cards, forgetting, inbox, tickets
from feedback.events import Role
from retrain.proof import Proof
from retrieval.sources.registry import SourceKind

logger = logging.getLogger(__name__)

Body = dict[str, Any]

KINDS = ("app_uninstalled", "tokens_revoked", "message:message_deleted")


def register(app: App, services: Services) -> None:
    """Listen to deletions and to the end of an installation."""

    @app.event({"type": "message", "subtype": "message_deleted"})
    def handle_deletion(body: Body) -> None:
        services.pool.submit(body["event_id"], lambda: forget_deleted(services, body))

    @app.event("app_uninstalled")
    def handle_uninstalled(body: Body) -> None:
        services.pool.submit(body["event_id"], lambda: forget_workspace(services, body))

    @app.event("tokens_revoked")
    def handle_revoked(body: Body) -> None:
        _queue(services, body)


def resume(services: Services, event: inbox.InboxEvent) -> bool:
    """Resume what a kill cut off."""
    _queue(services, dict(event.payload))
    return False


def _queue(services: Services, body: Body) -> None:
    if body["event"]["type"] == "tokens_revoked" and not body["event"].get("tokens", {}).get("bot"):
        inbox.mark_done(services.db, body["event_id"])
        return
    job = forget_deleted if body["event"]["type"] == "message" else forget_workspace
    services.pool.submit(body["event_id"], lambda: job(services, body))


def forget_deleted(services: Services, body: Body) -> None:
    """Forget a deleted message of any author, and what was learned from it."""
    event, team = body["event"], services.directory.team
    quoting = tickets.find_quoting(services.db, team, message=(event["channel"], event["deleted_ts"]))
    count = forgetting.forget_message(services.db, team, event["channel"], event["deleted_ts"])
    services.doubts.forget()
    services.tickets.cards.show_anew(quoting)
    empty_cards(services)
    services.serve_corrections()
    services.learning.forget_lessons()
    inbox.mark_done(services.db, body["event_id"])
    logger.info("message %s was deleted: %d replies lost their words", event["deleted_ts"], count)


def forget_workspace(services: Services, body: Body) -> None:
    """Forget everything of the workspace: what was read there, what was learned there, and this event."""
    logger.warning("%s: what is kept of %s is deleted", body["event"]["type"], services.directory.team)
    for source in services.upkeep.sources():
        if source.kind is SourceKind.SLACK:
            services.upkeep.remove(source.name)
    forgetting.forget_team(services.db, services.directory.team)
    services.serve_corrections()
    services.learning.forget_lessons(is_over=True)
    services.on_removed()


def forget_person(services: Services, person: str) -> tuple[int, Proof]:
    """Forget what a person wrote, at their own wish. Return the number of questions, and the report of proof."""
    quoting = tickets.find_quoting(services.db, services.directory.team, person=person)
    forgotten = forgetting.forget_person(services.db, services.directory.team, person)
    services.doubts.forget()
    services.tickets.cards.show_anew(quoting)
    empty_cards(services)
    services.serve_corrections()
    proof = services.learning.forget_with_proof(person, forgotten)
    logger.info("a person was forgotten: %d questions, report %s", forgotten.questions, proof.id)
    return forgotten.questions, proof


def empty_cards(services: Services) -> None:
    """Remove from the corrections' cards what was forgotten. If Slack fails, the next call tries again."""
    for card in cards.find_forgotten(services.db, services.directory.team):
        text = wording.CORRECTION_FORGOTTEN
        try:
            services.client.chat_update(
                channel=card.channel, ts=card.ts, text=text, blocks=[blocks.build_section(text)]
            )
        except SLACK_ERRORS as error:
            logger.warning("the card of correction %s still quotes: %s", card.correction_id, name_error(error))
            if not is_refused_here(error):
                continue
        cards.drop_card(services.db, card.correction_id)


def may_forget(role: Role, *, caller: str, person: str) -> bool:
    """Whether the caller may have the person forgotten: everybody may for themselves, admins for anybody."""
    return caller == person or role is Role.ADMIN
