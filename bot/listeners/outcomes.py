"""Shows on the cards of corrections and tickets what was decided about them."""

import logging

from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import blocks, wording
from feedback import cards, corrections, replies, tickets

logger = logging.getLogger(__name__)


def show_outcome(services: Services, correction_id: str, outcome: str) -> None:
    """Show who decided on the card of a correction or a ticket, if it has one. A card that Slack refuses stays."""
    try:
        if (ticket := tickets.find_by_correction(services.db, correction_id)) is not None:
            services.tickets.cards.refresh(ticket.id)
        elif (card := cards.find_card(services.db, correction_id)) is not None:
            _close(services, card, outcome)
    except SLACK_ERRORS as error:
        logger.warning("the card of correction %s does not show the decision: %s", correction_id, name_error(error))


def _close(services: Services, card: cards.Card, outcome: str) -> None:
    correction = corrections.find_correction(services.db, card.correction_id)
    reply = replies.find_reply(services.db, correction.reply_id) if correction else None
    if correction is None or reply is None:
        return  # forgotten meanwhile; the card is emptied for that
    shown = blocks.build_correction_card(
        correction.person, reply.question, reply.shown, correction.text, blocks.build_context(outcome)
    )
    text = wording.CORRECTION_CARD.format(person=correction.person)
    services.client.chat_update(channel=card.channel, ts=card.ts, text=text, blocks=shown)
