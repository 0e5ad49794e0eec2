"""Reads mail: MBOX of any size, single messages, Maildir. One message is in memory at a time.

The mails' References and In-Reply-To make the conversations; see `stage`. Knows nothing of quoted text.
"""

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import getaddresses
from functools import lru_cache
from itertools import chain
from pathlib import Path

import chardet

from feedback.history.fields import parse_time
from feedback.history.files import MAILDIR
from feedback.history.mail_text import html_to_text, strip_mail
from feedback.history.message import Given, Left, Message, Reading

LARGEST_MAIL = 64 * 2**20
"""Bytes of one mail that are kept; the rest is an attachment."""

AUTOMATIC = "written by a machine: an automatic reply, a bounce or a newsletter"
_ID = re.compile(r"<[^<>\s]+>")
_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_ONE_ADDRESS = re.compile(
    rf"\s*(?:\"?(?P<name>[\w.' -]*[\w.'-])\"?\s*<(?P<address>{_ADDRESS})>|(?P<bare>{_ADDRESS}))\s*", re.ASCII
)
_REPLY = re.compile(r"^\s*(?:(?:re|aw|antw|sv|ref|fwd?|wg|tr|rv|res)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_TICKET = re.compile(r"\s*\[[^\]]*\d+[^\]]*\]\s*")
_MACHINE = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|notifications?|newsletter|bounces?)\b", re.I
)
_OUT_OF_OFFICE = re.compile(
    r"\b(?:out of office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|abwesen|undeliver)", re.I
)


def open_mbox(path: Path) -> Reading:
    """Open a mailbox of any size."""
    return Reading("MBOX", split_mbox(path), lambda raw: [parse_mail(raw)])


def open_message(path: Path) -> Reading:
    """Open one mail."""
    return Reading("EML", iter((path,)), lambda file: [parse_mail(_read_capped(file))])


def open_maildir(path: Path) -> Reading:
    """Open a Maildir: its read and its new mails."""
    files = chain.from_iterable(sorted((path / name).iterdir()) for name in MAILDIR)
    return Reading("Maildir", files, lambda file: [parse_mail(_read_capped(file))])


def _read_capped(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_MAIL)


def split_mbox(path: Path) -> Iterator[bytes]:
    """Yield the mails of a mailbox, without their "From " lines, cut at `LARGEST_MAIL`.

    mailbox.mbox would first read the whole file and remember where every mail begins. Here only one mail is in memory.
    """
    held: list[bytes] = []
    size = 0
    before = b"\n"
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"From ") and before in (b"\n", b"\r\n"):
                if held:
                    yield b"".join(held)
                held, size = [], 0
            elif size < LARGEST_MAIL:
                held.append(line[1:] if line.startswith(b">From ") else line)
                size += len(line)
            before = line
    if held:
        yield b"".join(held)


def parse_mail(raw: bytes) -> Given:
    """Return what a mail says, or why it says nothing."""
    try:
        mail = message_from_bytes(raw)
        headers = _read_headers(mail)
        name, address = next(iter(_parse_addresses(headers.get("from", ""))), ("", ""))
        subject = _decode(headers.get("subject"))
        if _is_automatic(mail, headers, address, subject):
            return Left(AUTOMATIC)
        text = _find_text(mail)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return Left("a mail that cannot be read", type(error).__name__)
    if not address:
        return Left("its author is not named")
    if not text.strip():
        return Left("a mail without text", subject)
    own = strip_mail(text)
    if not own:
        return Left("a mail that only quotes others", subject)
    identity = _find_ids(headers.get("message-id"))
    references, answered = _find_ids(headers.get("references")), _find_ids(headers.get("in-reply-to"))
    before = references or answered
    return Message(
        author=address.casefold(),
        name=name,
        text=own,
        id=identity[0] if identity else "",
        parent=(answered or before)[-1] if before else "",
        thread=_name_thread(identity, references, is_reply=bool(answered or _REPLY.match(subject))),
        at=parse_time(_decode(headers.get("date"))),
        others=_name_others(mail, address),
        subject=plain_subject(subject),
    )


def _read_headers(mail: Mail) -> dict[str, str]:
    """Return the first header of each name, in small letters; asking the mail for each takes as long as parsing it."""
    return {name.lower(): str(value) for name, value in reversed(mail.items())}


def _name_thread(identity: list[str], references: list[str], *, is_reply: bool) -> str:
    """Return the id of a conversation's first mail; "" if only its subject or its parent tells."""
    if references:
        return references[0]
    return "" if is_reply or not identity else identity[0]


def _name_others(mail: Mail, address: str) -> str:
    """Return the other participants' addresses, joined by commas."""
    to = chain.from_iterable(
        _parse_addresses(str(header)) for name in ("To", "Cc") for header in mail.get_all(name, [])
    )
    return ",".join(sorted({one.casefold() for _, one in to if one.casefold() != address.casefold()}))


@lru_cache(maxsize=4096)
def _parse_addresses(header: str) -> tuple[tuple[str, str], ...]:
    """Return the names and addresses of a header; the same ones stand in many mails, and parsing is slow."""
    if plain := _ONE_ADDRESS.fullmatch(header):
        return ((plain["name"] or "", plain["address"] or plain["bare"]),)
    return tuple((name, address) for name, address in getaddresses([_decode(header)]) if address)


def plain_subject(subject: str) -> str:
    """Return a subject without Re:, Fwd: and a ticket's number in brackets."""
    return " ".join(_TICKET.sub(" ", _REPLY.sub("", subject)).split())


def _find_ids(header: object) -> list[str]:
    return _ID.findall(str(header or ""))


def _decode(header: object) -> str:
    text = str(header or "")
    if "=?" not in text:
        return " ".join(text.split())
    try:
        return " ".join(str(make_header(decode_header(text))).split())
    except (HeaderParseError, UnicodeError, LookupError):
        return " ".join(text.split())


def _is_automatic(mail: Mail, headers: Mapping[str, str], address: str, subject: str) -> bool:
    submitted = headers.get("auto-submitted", "no").casefold()
    return (
        submitted.startswith("auto")
        or "x-autoreply" in headers
        or "list-unsubscribe" in headers
        or mail.get_content_type() == "multipart/report"
        or headers.get("precedence", "").casefold() in ("bulk", "junk", "auto_reply")
        or bool(_MACHINE.match(address))
        or bool(_OUT_OF_OFFICE.search(subject))
    )


def _find_text(mail: Mail) -> str:
    """Return the plain text, or the HTML as text if there is none."""
    markup = ""
    for part in mail.walk():
        if part.is_multipart() or "attachment" in str(part.get("Content-Disposition", "")).casefold():
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and (text := _decode_part(part)).strip():
            return text
        if kind == "text/html" and not markup:
            markup = _decode_part(part)
    return html_to_text(markup) if markup.strip() else ""


def _decode_part(part: Mail) -> str:
    """Decode a part by its charset, or by a guess if that is wrong or unknown."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return payload.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    guessed = chardet.detect(payload[:20_000])["encoding"] or "latin-1"
    return payload.decode(guessed, "replace")
