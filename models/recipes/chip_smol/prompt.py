"""The passages that chip-smol's lessons are asked over, in the prompt of `retrieval/prompt.py`, and how answers cite.

Knows nothing of tokens or search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.passage import Turn
from retrieval.prompt import ChatMessage, render_passages


@dataclass(frozen=True, slots=True)
class Page:
    """A passage as the model reads it: its heading path, joined by " › ", and its lines."""

    heading: str
    text: str


def build_messages(
    question: str, pages: Sequence[Page], *, company: str, thread: Sequence[Turn] = ()
) -> tuple[ChatMessage, ...]:
    """Return the chat: instructions and passages, the earlier turns as they were said, and the question."""
    earlier = (ChatMessage(turn.role, turn.text) for turn in thread)
    return (build_system(pages, company=company), *earlier, ChatMessage("user", question.strip()))


def build_system(pages: Sequence[Page], *, company: str) -> ChatMessage:
    """Return the message that all questions over the same passages begin with."""
    return ChatMessage("system", render_passages([(page.heading, page.text) for page in pages], company=company))


def cite(sentences: Sequence[str], number: int) -> str:
    """Return an answer of these sentences, each followed by the number of its passage; steps on a line each."""
    joint = "\n" if any(_is_item(sentence) for sentence in sentences) else " "
    return joint.join(f"{sentence} [{number}]" for sentence in sentences)


def _is_item(sentence: str) -> bool:
    return sentence.startswith("- ") or sentence.partition(". ")[0].isdigit()
