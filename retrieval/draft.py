"""Prepares the draft of an answer: the evidence for a question, and the chat that the model continues.

`prepare` is the only place that builds the prompt of an answer. Slack, the command line, the gate of a retrain and the
benchmarks all call it, so that the gate judges what people see. Knows nothing of models or of Slack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.knowledge import Knowledge
from retrieval.parts import find_parts
from retrieval.passage import Scope, Turn
from retrieval.prompt import ChatMessage, build_messages
from retrieval.retrieved import Retrieved


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that is ready to be answered. `asked` is the question in the asker's own words."""

    asked: str
    scope: Scope
    retrieved: Retrieved
    messages: tuple[ChatMessage, ...]

    @property
    def said(self) -> str:
        """Everything that the asker said in this thread."""
        turns = (message.content for message in self.messages[1:-1] if message.role == "user")
        return " ".join([*turns, self.asked])


def prepare(
    knowledge: Knowledge,
    company: str,
    question: str,
    scope: Scope,
    thread: Sequence[Turn] = (),
    *,
    with_verified: bool = True,
    whole_passages: bool = False,
) -> Draft:
    """Find evidence that the asker may read, and build the chat.

    `thread` holds the earlier turns, oldest first. `with_verified=False` ignores the answers that staff approved.
    `whole_passages` is set for a base that reads passages instead of lines.
    """
    retrieved = find_parts(
        knowledge, question, scope, thread, with_verified=with_verified, whole_passages=whole_passages
    )
    return build_draft(retrieved, company, question, scope, thread)


def build_draft(retrieved: Retrieved, company: str, question: str, scope: Scope, thread: Sequence[Turn] = ()) -> Draft:
    """Build the chat from the evidence."""
    messages = build_messages(retrieved.question, retrieved.evidence, company=company, thread=thread)
    return Draft(question, scope, retrieved, messages)
