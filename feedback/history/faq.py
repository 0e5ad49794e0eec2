"""Reads Markdown with questions and answers: headings that ask, "Q:" and "A:" lines, and tables of both."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from feedback.history.fields import ANSWER, QUESTION, find_key
from feedback.history.files import find_encoding, note_encoding
from feedback.history.message import HistoryError, Reading
from feedback.history.tables import parse_faq_row
from feedback.history.transcripts import LARGEST_FILE, open_labelled

Pair = tuple[str, str]

_ASKS = re.compile(
    r"\?\s*$|^(?:how|what|when|where|which|who|why|can|could|do|does|is|are|will|should|may|must)\b", re.IGNORECASE
)
_Q = re.compile(r"^\W*(?:q|question|frage)\s*\d*\W*[:.)]\W*(?P<text>.+)$", re.IGNORECASE)
_A = re.compile(r"^\W*(?:a|answer|antwort)\s*\d*\W*[:.)][*_\s]*(?P<text>.*)$", re.IGNORECASE)


def open_markdown(path: Path) -> Reading:
    """Open a FAQ. Text that names speakers is read as a transcript. Raises `HistoryError` if nothing asks."""
    if path.stat().st_size > LARGEST_FILE:
        raise HistoryError(f"It is larger than {LARGEST_FILE // 2**20} MB, which no FAQ is")
    encoding = find_encoding(path)
    source = path.read_text(encoding=encoding, errors="replace").replace("\r\n", "\n")
    pairs = [*_read_tables(source), *_read_headings(source), *_read_labels(source)]
    if not pairs:
        try:
            return open_labelled(path)
        except HistoryError as error:
            raise HistoryError(
                'It holds no table of questions and answers, no heading that asks and no "Q:"'
            ) from error
    rows = ({"question": question, "answer": answer} for question, answer in dict(pairs).items())
    notes = note_encoding(path, encoding)
    return Reading(
        "FAQ", enumerate(rows, start=1), lambda row: parse_faq_row(row[1], f"{path.stem}/{row[0]}"), notes=notes
    )


def _read_tables(source: str) -> Iterator[Pair]:
    header: list[str] = []
    row: list[str] = []
    for token, inner in _pair_tokens(MarkdownIt("commonmark").enable("table").parse(source)):
        if token.type == "tr_open":
            row = []
        elif token.type in ("th_open", "td_open"):
            row.append(inner)
        elif token.type == "thead_close":
            header = row
        elif token.type == "tr_close" and header and row is not header:
            asked, answered = find_key(header, QUESTION), find_key(header, ANSWER)
            cells = dict(zip(header, row, strict=False))
            if asked and answered:
                yield cells.get(asked, ""), cells.get(answered, "").replace("<br>", "\n")


def _pair_tokens(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        yield token, following.content if following is not None and following.type == "inline" else ""


def _read_headings(source: str) -> Iterator[Pair]:
    """Yield each heading that asks, with everything below it up to the next heading of its level or above."""
    lines = source.split("\n")
    tokens = MarkdownIt("commonmark").parse(source)
    headings = [
        (token.map[0], token.map[1], int(token.tag[1]), inner)
        for token, inner in _pair_tokens(tokens)
        if token.type == "heading_open" and token.map
    ]
    for index, (_, begin, level, title) in enumerate(headings):
        end = next((start for start, _, other, _ in headings[index + 1 :] if other <= level), len(lines))
        answer = "\n".join(lines[begin:end]).strip()
        if _ASKS.search(title.strip()) and answer:
            yield title.strip(" *_"), answer


def _read_labels(source: str) -> Iterator[Pair]:
    question, answer = "", None
    for line in source.split("\n"):
        asked, answered = _Q.match(line), _A.match(line)
        if asked or line.startswith("#"):
            if question and answer:
                yield question, answer.strip()
            question, answer = (asked["text"].strip(" *_") if asked else ""), None
        elif question and answer is None and answered:
            answer = answered["text"]
        elif question and answer is not None:
            answer += f"\n{line}"
    if question and answer:
        yield question, answer.strip()
