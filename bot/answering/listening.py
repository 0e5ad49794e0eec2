"""Decides which messages are questions for Chip: by place, by mention and by the rules of the channel.

Reads events as Slack delivers them. Sends nothing.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.answering.question import Question
from bot.slack.written import find_unread, read_own_text, read_text
from feedback.channel_rules import AnswerIn, ChannelRules, Listen, is_quiet

Event = dict[str, Any]

SUBTYPES = (None, "file_share", "thread_broadcast")
_BOT_SUBTYPES = (*SUBTYPES, "bot_message")
# Fewer than all auxiliaries: "Have a nice day" does not ask.
_ASKS = re.compile(
    r"\?\s*$|\?\s|^\s*(?:who|what|when|where|why|which|whose|how|can|could|is|are|do|does|did|will|would|should)\b",
    re.IGNORECASE,
)


def find_question(
    body: Event,
    rules: ChannelRules,
    *,
    team: str,
    bot_user: str,
    now: datetime,
    follows_up: Callable[[Question], bool],
) -> Question | None:
    """Return the question in an event, or None if nobody asked Chip. `now` is in the workspace's time zone.

    `team` is the team that Chip is installed in. In a shared channel the event may name another one.
    """
    event = body["event"]
    person = _find_person(event, rules, bot_user)
    if person is None:
        return None
    own = read_own_text(event)
    is_direct = event.get("channel_type") == "im"
    is_mentioned = event["type"] == "app_mention" or f"<@{bot_user}>" in own
    quiet = not is_direct and is_quiet(rules, now)
    may_be_private = not is_direct and not event.get("bot_id")  # to another bot Slack shows nothing in private
    question = Question(
        team,
        event["channel"],
        event.get("thread_ts") or event["ts"],
        event["ts"],
        person,
        read_text(event),
        is_private=may_be_private and (quiet or rules.answer_in is AnswerIn.EPHEMERAL),
        home=event.get("user_team") or event.get("team") or "",
        unread=find_unread(event),
        has_votes=not rules.hides_votes,
    )
    addressed = is_direct or is_mentioned or (not quiet and _is_listened_to(question, rules, follows_up))
    return question if addressed else None


def looks_like_question(text: str) -> bool:
    """Whether a message without an address is a question."""
    return _ASKS.search(text) is not None


def _find_person(event: Event, rules: ChannelRules, bot_user: str) -> str | None:
    """Return the person who asks; None for Chip, for notices, and for other bots unless the channel answers bots."""
    person, bot = event.get("user"), event.get("bot_id")
    if person == bot_user:
        return None
    if bot is None:
        return person if event.get("subtype") in SUBTYPES else None
    may_ask = rules.answers_bots and event.get("subtype") in _BOT_SUBTYPES and not event.get("thread_ts")
    return (person or str(bot)) if may_ask else None


def _is_listened_to(question: Question, rules: ChannelRules, follows_up: Callable[[Question], bool]) -> bool:
    if rules.listen is Listen.MENTION or "<@" in question.text:
        return False
    if question.thread_ts != question.ts:
        return follows_up(question)
    return rules.listen is Listen.EVERY and looks_like_question(question.text)
