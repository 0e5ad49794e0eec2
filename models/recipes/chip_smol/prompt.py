"""The prompt that chip-smol is trained on and served with: whole passages, numbered, then the conversation.

The passages stand in the system message, so that many questions can share them: a cache keeps them for the next
question, and training asks several questions over one reading. Knows nothing of tokens or search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.passage import Turn
from retrieval.prompt import ChatMessage

INSTRUCTIONS = (
    "You are Chip, the support assistant of {company}. Answer from the numbered passages only, in short sentences, and "
    "put the number of its passage in brackets after each sentence. Where yes or no is asked, say that first. If the "
    "passages do not answer, say that you don't know."
)


@dataclass(frozen=True, slots=True)
class Page:
    """A passage as the model reads it: its heading path, joined by " › ", and its lines."""

    heading: str
    text: str


def build_messages(
    question: str, pages: Sequence[Page], *, company: str, thread: Sequence[Turn] = ()
) -> tuple[ChatMessage, ...]:
    """Return the chat: instructions and passages, the earlier turns unchanged, and the question."""
    earlier = (ChatMessage(turn.role, turn.text) for turn in thread)
    return (build_system(pages, company=company), *earlier, ChatMessage("user", question.strip()))


def build_system(pages: Sequence[Page], *, company: str) -> ChatMessage:
    """Return the message that begins all questions over the same passages."""
    shown = [f"[{number}] {page.heading}\n{page.text}" for number, page in enumerate(pages, start=1)]
    return ChatMessage("system", "\n\n".join([INSTRUCTIONS.format(company=company), *(shown or ["No passages."])]))


def cite(sentences: Sequence[str], number: int) -> str:
    """Return an answer of these sentences, each followed by the number of its passage, steps on separate lines."""
    joint = "\n" if any(_is_item(sentence) for sentence in sentences) else " "
    return joint.join(f"{sentence} [{number}]" for sentence in sentences)


def _is_item(sentence: str) -> bool:
    return sentence.startswith("- ") or sentence.partition(". ")[0].isdigit()
