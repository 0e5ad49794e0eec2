"""Mail into parts: a message's subject, day and readable body; attachments are left out. Knows the standard library's
email and mailbox."""

import email
import mailbox
import tempfile
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage, MIMEPart
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.webpage import html_to_markdown


def read_eml(raw: bytes) -> Iterator[Part]:
    """Yield one message as a part."""
    yield _read_message(raw, "")


def read_mbox(raw: bytes) -> Iterator[Part]:
    """Yield each message of a mailbox file; those without readable text are left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mbox")
        path.write_bytes(raw)
        box = mailbox.mbox(path, create=False)
        try:
            if not len(box):
                raise RejectedError("The mailbox holds no message.")
            for number, key in enumerate(box.iterkeys(), start=1):
                part = _read_message(box.get_bytes(key), str(number))
                if part.text.strip():
                    yield part
        finally:
            box.close()


def _read_message(raw: bytes, name: str) -> Part:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # what this policy makes
    if not message.keys():
        raise RejectedError("The file is no mail: it has no head.")
    body = message.get_body(("plain", "html"))
    text, kind = "", DocumentKind.TEXT
    if body is not None:
        content = _content(body)
        is_html = body.get_content_subtype() == "html"
        text, kind = (html_to_markdown(content), DocumentKind.MARKDOWN) if is_html else (content, DocumentKind.TEXT)
    subject = str(message.get("subject", "")).strip()
    return Part(text.replace("\r\n", "\n"), kind, subject or None, _day(message), name=name)


def _content(body: MIMEPart) -> str:
    try:
        return str(body.get_content())
    except (LookupError, UnicodeError):
        # An encoding that Python does not know; its ASCII is still readable.
        payload = body.get_payload(decode=True)
        return payload.decode("ascii", "replace") if isinstance(payload, bytes) else ""


def _day(message: EmailMessage) -> date | None:
    try:
        return parsedate_to_datetime(str(message["date"])).date() if message["date"] else None
    except (ValueError, TypeError):
        return None
