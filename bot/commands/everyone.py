"""What everybody may do: ask in private, get a person, and take their own data home."""

import json
from dataclasses import replace

from bot.answering.question import Question
from bot.commands.call import Call
from bot.services import Services
from bot.slack.private_files import send_file
from bot.slack.text import escape_mrkdwn, plain_question
from bot.views import wording
from bot.views.blocks import Block
from feedback import export, replies, signals
from feedback.events import FeedbackSource
from retrieval.asked.gestures import Gesture


def ask(call: Call) -> None:
    """Answer a question so that only the caller sees it, from everything that they may read."""
    if not call.rest:
        call.say(wording.ASK_WHAT)
        return

    def show(text: str, shown: list[Block]) -> str:
        call.say(text, shown or None)
        return ""

    has_votes = not call.services.rules.find(call.channel).hides_votes
    place = (call.team, call.channel, "", call.trigger)
    question = Question(*place, call.person, call.rest, is_private=True, has_votes=has_votes)
    if call.services.knowledge.find_gesture(call.rest) is Gesture.WANTS_PERSON:
        call.say(_hand_over_directly(call.services, question))
        return
    if refusal := call.services.quotas.take(call.person):
        call.say(refusal)
        return
    call.services.answering.answer(question, show)


def hand_over(
    services: Services, question: Question, text: str, about: replies.Reply | None = None
) -> tuple[str, bool]:
    """Open the card for staff, about an answer if there is one. Return what to tell the asker, and if it is new."""
    reply = about or services.answering.record_unspoken(question, text, finish=replies.HANDED_OVER)
    role = services.directory.role(question.person).value
    signals.record_escalation(
        services.db, reply.id, question.person, role, source=FeedbackSource.MESSAGE, key=f"{question.key}:person"
    )
    return services.tickets.bring_in(reply, question.person)


def _hand_over_directly(services: Services, asked: Question) -> str:
    """Hand a question without a thread over: its conversation is a thread in the asker's direct messages."""
    text = plain_question(asked.text, bot_user=services.bot_user)
    channel = services.client.conversations_open(users=asked.person)["channel"]["id"]
    quoted = "\n".join(f">{line}" for line in escape_mrkdwn(text).splitlines())
    root = services.client.chat_postMessage(channel=channel, text=f"{wording.PERSON_ASKED_DIRECTLY}\n{quoted}")["ts"]
    question = replace(asked, channel=channel, thread_ts=root, ts=root)
    services.answering.remember(question, root, "user", text)
    sentence, is_new = hand_over(services, question, text)
    services.client.chat_postMessage(channel=channel, thread_ts=root, text=sentence)
    return wording.PERSON_ASKED_IN_MESSAGES if is_new and services.tickets.staff_channel else sentence


def export_data(call: Call) -> None:
    """Send the caller all data stored about them. An admin who asks for `all` gets everybody's feedback."""
    if call.rest == "all":
        if call.role != "admin":
            call.say(wording.ADMINS_ONLY.format(command="export all"))
            return
        lines = (json.dumps(row, ensure_ascii=False) for row in export.feedback_rows(call.services.db, call.team))
        content, name = "\n".join(lines) + "\n", "chip-feedback.jsonl"
    else:
        stored = export.personal_data(call.services.db, call.team, call.person)
        content, name = json.dumps(stored, ensure_ascii=False, indent=2), "chip-my-data.json"
    send_file(call.services.client, call.person, content.encode(), name, wording.EXPORT_TITLE)
    call.say(wording.SENT_BY_MESSAGE.format(name=name))
