"""What Chip says in its own words, without the model: a person is on the way, I am sorry, you are welcome.

Knows what each gesture calls for. `retrieval.asked.gestures` recognises the gesture of a message.
"""

from bot.answering.question import Question
from bot.commands.everyone import hand_over
from bot.services import Services
from bot.slack.text import plain_question
from bot.views import blocks, wording
from feedback import replies, signals
from feedback.events import FeedbackSource
from retrieval.asked.gestures import Gesture


def respond(services: Services, question: Question) -> bool:
    """Answer a message that asks nothing of the documents. Return False for every other one.

    Raises one of `SLACK_ERRORS` if the answer cannot be posted.
    """
    text = plain_question(question.text, bot_user=services.bot_user)
    gesture = services.knowledge.find_gesture(text)
    given = replies.find_thread_replies(services.db, question.team, question.channel, question.thread_ts)
    if gesture is None or (gesture is Gesture.SAYS_WRONG and not given):
        return False
    services.answering.remember(question, question.ts, "user", text)
    if gesture is Gesture.WANTS_PERSON:
        services.answering.say_instead(question, hand_over(services, question, text, given[-1] if given else None)[0])
    elif gesture is Gesture.SAYS_WRONG:
        _apologise(services, question, given[-1])
    else:
        services.answering.say_instead(question, wording.YOU_ARE_WELCOME)
    return True


def _apologise(services: Services, question: Question, reply: replies.Reply) -> None:
    """Note that the last answer was wrong, and offer to correct it or to bring in a person."""
    role, key = services.directory.role(question.person).value, f"{question.key}:wrong"
    wrong, said = signals.Reason.WRONG, FeedbackSource.MESSAGE
    signals.record_reason(services.db, reply.id, question.person, role, wrong, source=said, key=key)
    buttons = [
        blocks.build_button(wording.ASK_CORRECTION_BUTTON, blocks.WRITE_CORRECTION, reply.id),
        blocks.build_button("Bring in a person", blocks.ASK_PERSON, reply.id),
    ]
    shown = [blocks.build_section(wording.SORRY_WRONG), {"type": "actions", "elements": buttons}]
    services.answering.say_instead(question, wording.SORRY_WRONG, shown=shown)
