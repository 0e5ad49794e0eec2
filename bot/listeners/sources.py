"""Handles the button that opens what an answer cites, for people who may read it."""

from typing import Any

from slack_bolt import Ack, App

from bot.listeners.whispers import open_view_or_tell, whisper
from bot.services import Services
from bot.views import blocks, sources_view, wording
from feedback import replies

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the button."""

    @app.action(blocks.OPEN_SOURCES)
    def handle_open(ack: Ack, body: Body) -> None:
        ack()
        cited = find_cited(services, body["actions"][0]["value"])
        if not cited:
            whisper(services, body, wording.SOURCES_UNKNOWN)
            return
        found = (services.knowledge.passage(source.passage_id) for source in cited)
        passages = {passage.id: passage for passage in found if passage is not None}
        scope = services.directory.scope(body["user"]["id"], None)
        open_view_or_tell(services, body, sources_view.build_view(cited, passages, scope))


def find_cited(services: Services, value: str) -> list[sources_view.Cited]:
    """Return the passages that the button's answer cites, in its order; none if the answer is no longer known."""
    reply_id, _, numbers = value.partition(":")
    reply = replies.find_reply(services.db, reply_id)
    cited: dict[str, list[replies.SourceLine]] = {}
    for line in reply.evidence if reply else ():
        if str(line.number) in numbers.split(","):
            cited.setdefault(line.passage_id, []).append(line)
    return [
        sources_view.Cited(tuple(line.number for line in lines), lines[0].heading, passage_id)
        for passage_id, lines in cited.items()
    ]
