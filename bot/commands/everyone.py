"""What everybody may do: ask in private, and take their own data home."""

import json

from bot.answering.question import Question
from bot.commands.call import Call
from bot.slack.private_files import send_file
from bot.views import wording
from bot.views.blocks import Block
from feedback import export


def ask(call: Call) -> None:
    """Answer a question so that only the caller sees it, from everything that they may read."""
    if not call.rest:
        call.say(wording.ASK_WHAT)
        return

    def show(text: str, shown: list[Block]) -> str:
        call.say(text, shown or None)
        return ""

    question = Question(call.team, call.channel, "", call.trigger, call.person, call.rest, is_private=True)
    call.services.answering.answer(question, show)


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
