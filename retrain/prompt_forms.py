"""The two forms of a prompt and its answer: lines of evidence above the question, or passages in the system message.

An answer cites in the form of its prompt: the number of the line before its words, or that of the passage after its
sentence. Knows nothing of examples, feedback or training.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from retrieval.layout import CODE_SPAN, is_code_block, split_blocks
from retrieval.passage import MARKER, NUMBERED_MARKER, Evidence, EvidenceLine, Match
from retrieval.passage_reader import Sentence, read_cited
from retrieval.prompt import NO_PASSAGES, READING_SYSTEM, ChatMessage, build_messages, split_claims

Messages = Sequence[ChatMessage]

QUESTION = "\n\nQuestion: "
"""What stands between the evidence and the question in the last message of a prompt with lines."""

_BEFORE, _AFTER = (re.escape(part) for part in READING_SYSTEM.split("{company}"))
_READING = re.compile(rf"{_BEFORE}(?P<company>.*?){_AFTER}\n\n(?P<passages>.*)", re.DOTALL)
_PASSAGE = re.compile(rf"(?:\A|\n\n){NUMBERED_MARKER} ")
_HEADER = re.compile(r"Evidence \((?P<match>\w+) match\):")
_LINE = re.compile(rf"{NUMBERED_MARKER} (?P<text>.*)")
_CODE = rf"(?s:```.*?```)|{CODE_SPAN.pattern}"
_CITED = re.compile(rf"{_CODE}|{NUMBERED_MARKER}(?!\()")
_CITED_AND_BLANK = re.compile(rf"{_CODE}|(?P<marker>\s*{MARKER}(?=[.,;:!?])|{MARKER}(?!\() ?)")


def reads_passages(messages: Messages) -> bool:
    """Whether a prompt holds whole passages, for a base that reads."""
    return _read_system(messages) is not None


def _read_system(messages: Messages) -> re.Match[str] | None:
    is_led = bool(messages) and messages[0].role == "system"
    return _READING.fullmatch(messages[0].content) if is_led else None


def parse_prompt(messages: Messages) -> tuple[Evidence, str] | None:
    """Parse the evidence and the question from a prompt; None if this Chip did not build it.

    The result builds the same prompt again, byte for byte.
    """
    system = _read_system(messages)
    question = find_question(messages)
    evidence = _parse_passages(system["passages"]) if system else _parse_lines(messages[-1].content)
    if evidence is None or ask(messages, evidence, question) != tuple(messages):
        return None
    return evidence, question


def _parse_lines(content: str) -> Evidence | None:
    head = content.partition(QUESTION)[0]
    found = _HEADER.match(head)
    lines: list[EvidenceLine] = []
    heading = ""
    for row in head.split("\n")[1:] if found else ():
        if line := _LINE.fullmatch(row):
            lines.append(EvidenceLine(int(line["number"]), line["text"], heading, ""))
        else:
            heading = row
    try:
        return Evidence(tuple(lines), Match(found["match"]) if found else Match.WEAK)
    except ValueError:
        return None


def _parse_passages(shown: str) -> Evidence:
    if shown == NO_PASSAGES:
        return Evidence((), Match.WEAK, is_whole=True)
    starts: list[re.Match[str]] = []
    for found in _PASSAGE.finditer(shown):
        is_next = int(found["number"]) == len(starts) + 1
        if is_next and not (starts and _is_in_code(shown[starts[-1].end() : found.start()])):
            starts.append(found)
    ends = [*(start.start() for start in starts[1:]), len(shown)]
    lines = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=False), start=1):
        heading, _, text = shown[start.end() : end].partition("\n")
        lines.append(EvidenceLine(number, text, heading, ""))
    return Evidence(tuple(lines), Match.STRONG, is_whole=True)


def _is_in_code(text: str) -> bool:
    """Whether what follows the text belongs to a code block that it opens."""
    return split_blocks(f"{text}\n\n[")[-1] != "["


def ask(messages: Messages, evidence: Evidence, question: str) -> tuple[ChatMessage, ...]:
    """Return the prompt with other evidence and another question, in its own form and thread."""
    if system := _read_system(messages):
        whole = replace(evidence, is_whole=True)
        built = build_messages(question, whole, company=system["company"])
        return (built[0], *messages[1:-1], built[-1])
    return (*messages[:-1], build_messages(question, replace(evidence, is_whole=False), company="")[-1])


def find_question(messages: Messages) -> str:
    """Return the last question, without evidence."""
    asked = split_prompt(messages)[1]
    return (asked if reads_passages(messages) else asked.removeprefix(QUESTION)).strip()


def split_prompt(messages: Messages) -> tuple[str, str]:
    """Return what the documents say in a prompt, and what of its last message a person wrote."""
    content = messages[-1].content
    if system := _read_system(messages):
        return system["passages"], content
    told, separator, _ = content.partition(QUESTION)
    return (told, content.removeprefix(told)) if separator else ("", content)


def read_claims(messages: Messages, answer: str) -> list[Sentence]:
    """Return the claims of an answer to a prompt: its sentences, or what stands under each number."""
    if reads_passages(messages):
        return read_cited(answer)
    return [Sentence(claim.text, " ", claim.number) for claim in split_claims(answer)]


def write_claims(messages: Messages, claims: Iterable[Sentence]) -> str:
    """Return claims as one answer to the prompt, each with its number where the prompt's form has it."""
    if reads_passages(messages):
        return "".join(f"{claim.before or ' '}{_cite_after(claim.text, claim.number)}" for claim in claims).strip()
    return " ".join(claim.text if claim.number is None else f"[{claim.number}] {claim.text}" for claim in claims)


def _cite_after(text: str, number: int | None) -> str:
    """Return a sentence before its number; code, and what leads to more, has none."""
    has_none = number is None or text.endswith((":", "：")) or is_code_block(text)
    return text if has_none else f"{text} [{number}]"


def find_numbers(answer: str) -> set[int]:
    """Return the numbers that an answer cites, in either form; what stands in code is none."""
    return {int(marker["number"]) for marker in _CITED.finditer(answer) if marker["number"]}


def renumber(answer: str, numbers: dict[int, int]) -> str:
    """Return the answer with other numbers for those that it cites."""

    def write(marker: re.Match[str]) -> str:
        return f"[{numbers.get(int(marker['number']), marker['number'])}]" if marker["number"] else marker.group()

    return _CITED.sub(write, answer)


def drop_markers(answer: str) -> str:
    """Return the answer without the numbers that it cites, in either form."""
    return _CITED_AND_BLANK.sub(lambda found: "" if found["marker"] else found.group(), answer).strip()
