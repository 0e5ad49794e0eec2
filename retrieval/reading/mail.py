"""Turns mail into parts: a message's subject, day and all readable text, with forwarded messages, without files.

Knows the standard library's email and mailbox.
"""

import email
import mailbox
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.markup.webpage import html_to_markdown
from retrieval.reading.tables.grid import escape, escape_inline

# Decoding a subject takes time quadratic in its length.
_MAX_SUBJECT = 2_000
_MAX_PARTS = 1_000
_MAX_DEPTH = 20
_SUBJECT = re.compile(rb"^(subject:)((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
# A plain text that has fewer of the HTML text's words, or is this many times shorter, does not replace it.
_SAME = 0.6
_FULLER = 1.5


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a mail: plain, or Markdown made from HTML."""

    text: str
    kind: DocumentKind


def read_eml(raw: bytes) -> Iterator[Part]:
    """Yield one message as a part."""
    yield _read_mail(raw, "")


def read_mbox(raw: bytes) -> Iterator[Part]:
    """Yield each message of a mailbox file that has readable text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mbox")
        path.write_bytes(raw)
        box = mailbox.mbox(path, create=False)
        try:
            if not len(box):
                raise RejectedError("The mailbox holds no message.")
            for number, key in enumerate(box.iterkeys(), start=1):
                part = _read_mail(box.get_bytes(key), str(number))
                if part.text.strip():
                    yield part
        finally:
            box.close()


def _read_mail(raw: bytes, name: str) -> Part:
    # Some programs save a mail as text in UTF-16, in which no mail is sent.
    raw = decode_text(raw).encode() if b"\0" in raw[:200] else raw
    message = email.message_from_bytes(_cut_subject(raw), policy=default)
    assert isinstance(message, EmailMessage)  # what this policy makes
    if not message.keys():
        raise RejectedError("The file is no mail: it has no head.")
    texts = [text for text in _read_part(message) if text.text.strip()]
    kind = DocumentKind.TEXT if all(text.kind is DocumentKind.TEXT for text in texts) else DocumentKind.MARKDOWN
    said = (_to_markdown(text) if kind is DocumentKind.MARKDOWN else text.text.strip() for text in texts)
    return Part("\n\n".join(said), kind, _find_subject(message), _find_day(message), name=name)


def _cut_subject(raw: bytes) -> bytes:
    head, gap, body = raw.partition(b"\n\n") if b"\r\n\r\n" not in raw else raw.partition(b"\r\n\r\n")
    return _SUBJECT.sub(lambda match: match[1] + match[2][:_MAX_SUBJECT], head) + gap + body


def _find_subject(message: Message) -> str | None:
    return " ".join(str(message.get("subject", "")).split()) or None


def _read_part(part: Message, depth: int = 0) -> Iterator[_Text]:
    """Yield the texts of a message, or of a part of one, in reading order."""
    if depth > _MAX_DEPTH:
        raise RejectedError(f"The mail is nested more than {_MAX_DEPTH} levels deep.")
    kind = part.get_content_type()
    inner = _list_parts(part)
    if kind == "message/rfc822":
        yield from (text for message in inner for text in _read_forwarded(message, depth))
    elif kind == "multipart/alternative":
        yield from _choose([_join(list(_read_part(one, depth + 1))) for one in inner])
    elif inner:
        yield from (text for one in inner for text in _read_part(one, depth + 1))
    elif kind == "text/html" and not _is_file(part):
        yield _Text(html_to_markdown(_decode(part)), DocumentKind.MARKDOWN)
    elif kind == "text/plain" and not _is_file(part):
        yield _Text(_decode(part), DocumentKind.TEXT)


def _join(texts: list[_Text]) -> _Text:
    """Join texts. Several become Markdown."""
    if len(texts) == 1:
        return texts[0]
    return _Text("\n\n".join(map(_to_markdown, texts)), DocumentKind.MARKDOWN)


def _to_markdown(text: _Text) -> str:
    """Return a text as Markdown.

    The lines of a plain text stay, and lines that look like list items become list items.
    """
    if text.kind is DocumentKind.MARKDOWN:
        return text.text.strip()
    return "\n".join(escape_inline(line.strip()) for line in text.text.strip().split("\n"))


def _list_parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    found = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    if len(found) > _MAX_PARTS:
        raise RejectedError(f"The mail has more than {_MAX_PARTS:,} parts.")
    return found


def _read_forwarded(message: Message, depth: int) -> Iterator[_Text]:
    """Yield a message within a message, under its subject."""
    if subject := _find_subject(message):
        yield _Text(f"## {escape(subject[:_MAX_SUBJECT])}", DocumentKind.MARKDOWN)
    yield from _read_part(message, depth + 1)


def _is_file(part: Message) -> bool:
    """Whether the part is an attached file and not text of the mail."""
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _choose(forms: list[_Text]) -> Iterator[_Text]:
    """Yield one of several forms of the same text: the plain one, unless it only points at the other or is a stump."""
    filled = [form for form in forms if form.text.strip()]
    for form in filled[1:]:
        plain, rich = (set(re.findall(r"\w+", one.text.casefold())) for one in (filled[0], form))
        said = len(plain & rich) / max(len(rich), 1)
        if said < _SAME or len(form.text.split()) > _FULLER * len(filled[0].text.split()):
            yield form
            return
    yield from filled[:1]


def _decode(part: Message) -> str:
    """Return the text of a part, in its declared encoding if that fits, else in the likeliest."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    named = part.get_content_charset()
    try:
        text = raw.decode(named) if named and named != "us-ascii" else decode_text(raw)
    except (LookupError, UnicodeError):
        text = decode_text(raw)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _find_day(message: Message) -> date | None:
    try:
        return parsedate_to_datetime(str(message["date"])).date() if message["date"] else None
    except (ValueError, TypeError):
        return None
