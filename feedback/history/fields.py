"""The names that rows and tickets use: for the text, for the roles of people, and for times."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from feedback.history.message import Side

TEXT = tuple(
    [
        "text",
        "message",
        "body",
        "content",
        "plain_body",
        "utterance",
        "comment",
        "msg",
        "message_text",
        "value",
        "chat_message",
        "transcript",
        "html_body",
        "description",
    ]
)
AUTHOR = tuple(
    [
        "author_id",
        "author",
        "sender",
        "sender_id",
        "from",
        "user",
        "user_id",
        "speaker",
        "name",
        "username",
        "agent",
        "participant",
        "sender_name",
        "author_name",
        "from_name",
        "email",
        "who",
    ]
)
NAME = tuple(
    [
        "author_name",
        "sender_name",
        "from_name",
        "display_name",
        "real_name",
        "name",
        "speaker",
        "author",
        "sender",
        "from",
        "username",
    ]
)
ROLE = ("role", "author_type", "sender_type", "author_role", "user_type", "participant_role", "type", "direction")
THREAD = tuple(
    [
        "thread",
        "thread_id",
        "thread_ts",
        "conversation_id",
        "conversation",
        "ticket_id",
        "ticket",
        "case_id",
        "case",
        "chat_id",
        "session_id",
        "dialogue_id",
        "dialog_id",
        "call_id",
        "issue_id",
    ]
)
TIME = tuple(
    [
        "created_at",
        "at",
        "time",
        "timestamp",
        "date",
        "datetime",
        "sent_at",
        "created",
        "ts",
        "unixtime",
        "sent",
        "start",
        "date_time",
        "posted_at",
    ]
)
SUBJECT = ("subject", "title", "topic", "raw_subject")
QUESTION = ("question", "questions", "q", "instruction", "query", "frage", "pregunta", "customer_message", "prompt")
ANSWER = ("answer", "answers", "a", "response", "reply", "antwort", "respuesta", "agent_message", "completion")

_STAFF = re.compile(
    r"\b(?:agents?|staff|support|representative|rep|csr|operator|assistant|advis[eo]r|admin|employee|team|wizard|system"
    r"|teammate|helpdesk|service desk|specialist|technician|engineer|mitarbeiter|outbound|out|moderator|expert)\b"
)
_CUSTOMER = re.compile(
    r"\b(?:customers?|users?|clients?|callers?|visitors?|guests?|requesters?|leads?|contacts?|end[-_ ]?users?|buyer"
    r"|patient|member|kunde|kundin|cliente|inbound|in|consumer|shopper)\b"
)
_BOT = re.compile(r"\b(?:bots?|chatbot|automation|workflow|virtual agent)\b")
_LARGEST_SECONDS = 1e11  # a greater number counts milliseconds


def find_key(names: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """Return the first wanted name that exists, in any spelling; None if none does."""
    by_plain = {fold_key(name): name for name in reversed(list(names))}
    return next((by_plain[name] for name in wanted if name in by_plain), None)


@lru_cache(maxsize=4096)
def fold_key(name: str) -> str:
    """Return a column's name in small letters with underscores."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip())
    return re.sub(r"[^\w]+", "_", spaced).strip("_").casefold()


def pick(row: Mapping[str, Any], wanted: tuple[str, ...]) -> str:
    """Return the text under the first wanted name that has any; "" if none has."""
    folded = {fold_key(str(key)): value for key, value in row.items()}
    for name in wanted:
        value = folded.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


@lru_cache(maxsize=4096)
def side_of(word: str) -> Side:
    """Return the side that a role word means; "" for none. In a label of several words the last one decides."""
    plain = word.casefold().replace("_", " ")
    found = [(match.end(), "staff") for match in _STAFF.finditer(plain)]
    found += [(match.end(), "customer") for match in _CUSTOMER.finditer(plain)]
    if not found:
        return ""
    return "staff" if max(found)[1] == "staff" else "customer"


@lru_cache(maxsize=4096)
def is_bot(word: str) -> bool:
    """Whether a role word means a machine."""
    return bool(_BOT.search(word.casefold().replace("_", " ")))


def parse_time(value: Any) -> float | None:
    """Return seconds since 1970 for a number, ISO 8601, RFC 2822 or a date as people write it; None otherwise."""
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, int | float):
        return _parse_number(float(value))
    text = str(value or "").strip()
    if not text:
        return None
    if re.fullmatch(r"\d{9,}(?:\.\d+)?", text):
        return _parse_number(float(text))
    as_mail = (parsedate_to_datetime, datetime.fromisoformat, dateutil_parser.parse)
    for read in as_mail if text[:1].isalpha() else (datetime.fromisoformat, *as_mail):
        try:
            return _in_utc(read(text))
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _parse_number(number: float) -> float | None:
    seconds = number / 1000 if abs(number) > _LARGEST_SECONDS else number
    return seconds if 0 < seconds < _LARGEST_SECONDS else None


def _in_utc(read: datetime) -> float | None:
    try:
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, OSError):
        return None
