"""Turns thread, question and evidence into chat messages, in one function.

A base that reads gets whole passages in the system message, where the engine's cache and training can share them among
questions. chip-nano gets single lines above the question.
Serving and training both call `build_messages`: the served prompt is the trained prompt, byte for byte. After a change
here the bases and all adapters must be trained again. The model's own chat template turns the messages into tokens.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.passage import NUMBERED_MARKER, Evidence, EvidenceLine, Turn

Role = Literal["system", "user", "assistant"]

SYSTEM = (
    "You are Chip, the support assistant of {company}. Answer from the numbered evidence only. "
    "Start each sentence with the number of its evidence. If the evidence does not answer, say that you don't know."
)
READING_SYSTEM = (
    "You are Chip, the support assistant of {company}. Answer from the numbered passages only, in short sentences, and "
    "put the number of its passage in brackets after each sentence. Where yes or no is asked, say that first. If the "
    "passages do not answer, say that you don't know."
)
NO_PASSAGES = "No passages."
REFUSAL = "I don't know. The documents that I can see do not answer this. Shall I bring in a person?"
UNSURE = "I'm not sure that the documents answer this, but these pages may help:"
MAX_EVIDENCE_LINES = 9
# So many characters of a line are read: Chip quotes the evidence itself, and what is read takes time and room.
READ_OF_LINE = 400

_MARKER = re.compile(rf"{NUMBERED_MARKER} ?")


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat, with the fields of every chat template."""

    role: Role
    content: str


def build_messages(
    question: str, evidence: Evidence, *, company: str, thread: Sequence[Turn] = ()
) -> tuple[ChatMessage, ...]:
    """Return the chat: the system message, the earlier turns, and the question below its evidence.

    Evidence precedes the question, so that prompts with the same evidence share a prefix. Each marker directly precedes
    its line, so that a model quotes by copying what follows the marker.
    """
    earlier = tuple(ChatMessage(turn.role, turn.text) for turn in thread)
    if evidence.is_whole:
        passages = render_passages([(line.heading, line.text) for line in evidence.lines], company=company)
        return (ChatMessage("system", passages), *earlier, ChatMessage("user", question.strip()))
    system = ChatMessage("system", SYSTEM.format(company=company))
    return (system, *earlier, ChatMessage("user", f"{_render_evidence(evidence)}\n\nQuestion: {question.strip()}"))


def render_passages(passages: Sequence[tuple[str, str]], *, company: str) -> str:
    """Return the system message with these passages; each is a heading path and a text."""
    shown = [f"[{number}] {heading}\n{text}" for number, (heading, text) in enumerate(passages, start=1)]
    return "\n\n".join([READING_SYSTEM.format(company=company), *(shown or [NO_PASSAGES])])


def _render_evidence(evidence: Evidence) -> str:
    if not evidence.lines:
        return "Evidence: none"
    rows = [f"Evidence ({evidence.match} match):"]
    heading = None
    for line in evidence.lines:
        if line.heading != heading:
            rows.append(line.heading)
            heading = line.heading
        rows.append(f"[{line.number}] {_cut(line.flat)}")
    return "\n".join(rows)


def _cut(line: str) -> str:
    return line if len(line) <= READ_OF_LINE else f"{line[:READ_OF_LINE].rpartition(' ')[0]} …"


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of an answer with the number of the evidence that it cites (None: it cites nothing)."""

    text: str
    number: int | None


def split_claims(answer: str) -> list[Claim]:
    """Split a model's answer at its markers: "[2] Eight hours. [1] It folds." gives two claims."""
    claims = []
    pieces = _MARKER.split(answer)
    for number, text in zip([None, *map(int, pieces[1::2])], pieces[0::2], strict=True):
        if text.strip():
            claims.append(Claim(text.strip(), number))
    return claims


def is_refusal(answer: str) -> bool:
    """Whether the answer says that the documents do not, or may not, hold the answer."""
    return answer.strip().startswith(("I don't know", "I'm not sure"))


def quote(lines: Sequence[EvidenceLine]) -> str:
    """Return the answer that quotes these lines, in the form that training teaches."""
    return " ".join(f"[{line.number}] {line.text}" for line in lines)
