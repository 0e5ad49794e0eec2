"""Builds the modal in which staff teach Chip a thread: its question, and the answer that was right. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot.slack.text import shorten
from bot.views import wording
from bot.views.blocks import Block, build_context, plain_text

CORRECT_SHORTCUT = "correct_answer"
TEACH_SHORTCUT = "teach_thread"
TEACH_VIEW = "teach"
QUESTION_BLOCK = "taught_question"
ANSWER_BLOCK = "taught_answer"
_INPUT = "text"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread's place: its channel and its root's ts."""

    channel: str
    thread_ts: str


def build_view(thread: Thread, question: str, answer: str) -> Block:
    """Return the modal, filled in with what the thread says."""
    return {
        "type": "modal",
        "callback_id": TEACH_VIEW,
        "private_metadata": json.dumps(asdict(thread)),
        "title": plain_text(wording.TEACH_TITLE),
        "submit": plain_text("Teach"),
        "close": plain_text("Cancel"),
        "blocks": [
            _field(QUESTION_BLOCK, wording.TEACH_QUESTION, question),
            _field(ANSWER_BLOCK, wording.TEACH_ANSWER, answer) | {"hint": plain_text(wording.TEACH_HINT)},
            build_context(wording.TEACH_WHERE),
        ],
    }


def read_view(view: dict[str, Any]) -> tuple[Thread, str, str]:
    """Return the thread, the question and the answer as they were submitted."""
    values = view["state"]["values"]
    question, answer = (values[block][_INPUT].get("value") or "" for block in (QUESTION_BLOCK, ANSWER_BLOCK))
    return Thread(**json.loads(view["private_metadata"])), question.strip(), answer.strip()


def _field(block_id: str, label: str, value: str) -> Block:
    element = {"type": "plain_text_input", "action_id": _INPUT, "multiline": True, "max_length": _LONGEST}
    if value.strip():
        element["initial_value"] = shorten(value.strip(), _LONGEST)
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}
