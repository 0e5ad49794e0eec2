"""Tells an admin the next steps, once in each workspace."""

from bot.commands.consent import describe
from bot.services import Services
from bot.views import wording
from feedback.consent import find_consent
from feedback.switches import is_on, set_switch

_WELCOMED = "welcomed"


def welcome(services: Services) -> None:
    """Tell the admin channel the next steps, unless it was told before or Chip sees no such channel yet."""
    team = services.directory.team
    if services.admin_channel is None or is_on(services.db, team, _WELCOMED):
        return
    counts = services.knowledge.holdings.count()
    text = wording.WELCOME.format(
        documents=counts.documents,
        for_customers=counts.for_customers,
        for_staff=counts.documents - counts.for_customers,
        learning=describe(find_consent(services.db, team) or services.consent_unasked),
    )
    services.client.chat_postMessage(channel=services.admin_channel, text=text)
    set_switch(services.db, team, _WELCOMED, "on", by=services.bot_user)
