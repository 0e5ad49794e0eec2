"""Reads transcripts of calls and chats: captions (VTT, SRT) and text with a speaker at each line's start.

Names distinguish speakers who talk at once. "mhm" while the other one speaks ends no turn.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import webvtt

from feedback.history import fields
from feedback.history.files import find_encoding, note_encoding
from feedback.history.message import Given, HistoryError, Left, Message, Reading

LARGEST_FILE = 64 * 2**20

_TIME = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ T]+)?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s*[AaPp]\.?[Mm]\.?)?"
_STAMP = rf"(?:[\[(]\s*{_TIME}\s*[\])]|{_TIME})"
_NAME = r"[^\W\d_][^:\[\]<>|?!\t]{0,48}?"
_LABELLED = re.compile(
    rf"^\s*(?:(?P<before>{_STAMP})\s*(?:[-–—|]\s*)?)?(?P<name>{_NAME})\s*(?P<after>{_STAMP})?\s*:(?!//)\s*(?P<text>.*)$"
)
_NAME_ALONE = re.compile(rf"^\s*(?P<name>{_NAME})\s+(?P<after>{_STAMP})\s*$")
_RULE = re.compile(
    r"^\s*(?:[-=_*#]{3,}.*|(?:call|conversation|chat|dialogue|transcript)\s*#?\d+\s*:?)\s*$", re.IGNORECASE
)
_SPOKEN = re.compile(r"^(?P<name>[^\W\d_][^:<>?!\n]{0,48}):\s+(?P<text>.*)$", re.DOTALL)
_BACK_CHANNEL = re.compile(
    r"^(?:(?:m+[- ]?h+m+|u+h+[- ]?h+u+h+|yeah|yes|yep|okay|ok|right|sure|i see|got it|mm+|alright|hm+|oh|ah|exactly"
    r"|genau|ja|ach so|d'accord|oui|sí|claro)[\s,.!]*){1,3}$",
    re.IGNORECASE,
)
_FILLER = re.compile(r"(?:(?<=[\s,.])|^)(?:u+h+m*|u+m+|e+r+m*|ä+h+m*)\b[,.]?\s*", re.IGNORECASE)
_LABELLED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class _Said:
    name: str
    text: str
    at: float | None = None
    thread: int = 0


def open_captions(path: Path) -> Reading:
    """Open captions that name the speakers. Raises `HistoryError` if they do not, or if the file holds no captions."""
    encoding = find_encoding(path)
    text = _read_capped(path, encoding)
    try:
        captions = webvtt.from_buffer(io.StringIO(text), format=path.suffix.casefold().lstrip("."))
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError, UnicodeError) as error:
        raise HistoryError("Its captions cannot be read") from error
    said = list(_read_captions(captions))
    if not any(one.name for one in said):
        raise HistoryError("Its captions do not say who speaks, so that questions and answers cannot be told apart")
    said.sort(key=lambda one: one.at or 0.0)
    return _build_reading("transcript", said, path, encoding)


def _read_captions(captions: webvtt.WebVTT) -> Iterator[_Said]:
    """Yield what each caption says. One without a name continues the last speaker."""
    name = ""
    for caption in captions.captions:
        for line in _join_lines(caption.text):
            match = _SPOKEN.match(line)
            if caption.voice:
                name, text = caption.voice, line
            elif match:
                name, text = match["name"], match["text"]
            else:
                text = line
            yield _Said(name.strip(), text, _parse_clock(caption.start))


def _parse_clock(clock: str) -> float:
    """Return the seconds of a caption's time, such as 00:01:02.500."""
    seconds = 0.0
    for part in clock.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _join_lines(text: str) -> list[str]:
    """Return the lines of a caption. A line without a speaker is joined to the one before."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and not _SPOKEN.match(line):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def open_labelled(path: Path) -> Reading:
    """Open text with lines such as "Agent: …". Raises `HistoryError` if too few lines name a speaker."""
    encoding = find_encoding(path)
    lines = _read_capped(path, encoding).splitlines()
    said = list(_read_labelled(lines))
    filled = sum(bool(line.strip()) for line in lines)
    if len({one.name for one in said}) < 2 or len(said) < _LABELLED_SHARE * filled:
        raise HistoryError('Too few of its lines begin with who speaks, such as "Agent: …" and "Customer: …"')
    return _build_reading("transcript", said, path, encoding)


def _read_labelled(lines: Iterable[str]) -> Iterator[_Said]:
    current: _Said | None = None
    thread = 0
    for line in lines:
        match = _LABELLED.match(line) or _NAME_ALONE.match(line)
        if _RULE.match(line):
            thread += 1
        elif match:
            if current:
                yield current
            at = fields.parse_time((match["before"] or match["after"] or "").strip("[]() "))
            current = _Said(match["name"].strip(), match.groupdict().get("text") or "", at, thread)
        elif current and line.strip():
            current = _Said(current.name, f"{current.text}\n{line.strip()}".strip(), current.at, current.thread)
    if current:
        yield current


def _read_capped(path: Path, encoding: str) -> str:
    if path.stat().st_size > LARGEST_FILE:
        raise HistoryError(f"It is larger than {LARGEST_FILE // 2**20} MB, which no transcript is")
    return path.read_text(encoding=encoding, errors="replace")


def _build_reading(kind: str, said: list[_Said], path: Path, encoding: str) -> Reading:
    turns = list(join_turns(said))
    records = iter(list(enumerate(turns)))
    return Reading(
        kind,
        records,
        lambda record: [_build_message(record[1], record[0], path.stem)],
        notes=note_encoding(path, encoding),
    )


def join_turns(said: Iterable[_Said]) -> Iterator[_Said]:
    """Join what one speaker says in a row. The other's "mhm" meanwhile is no turn."""
    current: _Said | None = None
    for one in said:
        text = _FILLER.sub("", one.text).strip()
        if not text:
            continue
        if current and one.name == current.name and one.thread == current.thread:
            current = _Said(current.name, f"{current.text} {text}", current.at, current.thread)
        elif current and one.thread == current.thread and _BACK_CHANNEL.match(text) and not _has_asked(current):
            continue
        else:
            if current:
                yield current
            current = _Said(one.name, text, one.at, one.thread)
    if current:
        yield current


def _has_asked(turn: _Said) -> bool:
    return turn.text.rstrip().endswith("?")


def _build_message(turn: _Said, number: int, place: str) -> Given:
    if not turn.name:
        return Left("it is not said who speaks")
    side = fields.side_of(turn.name)
    if fields.is_bot(turn.name):
        return Left("written by a bot")
    return Message(
        author=turn.name.casefold(),
        name="" if side else turn.name,
        side=side,
        text=turn.text,
        thread=f"{place}/{turn.thread}",
        at=float(number),  # their order is known, and clocks of calls begin at zero
        place=place,
    )
