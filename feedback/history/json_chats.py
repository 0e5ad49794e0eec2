"""Reads tickets and conversations in JSON: Zendesk's and Intercom's exports, chat logs with a list of turns, and rows.

The file is read in pieces, so its size does not matter. One conversation is in memory at a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ijson  # type: ignore[import-untyped]

from feedback.history import fields
from feedback.history.files import find_encoding, note_encoding
from feedback.history.mail_text import html_to_text
from feedback.history.message import Given, HistoryError, Left, Message, Reading, Side
from feedback.history.tables import is_faq, parse_chat_row, parse_faq_row

TURNS = ("comments", "conversation_parts", "messages", "turns", "utterances", "events", "log", "dialogue", "parts")
_BODIES = ("plain_body", "text", "body", "content", "utterance", "message", "html_body", "value", "comment", "0")
_PEOPLE = ("users", "people", "agents", "admins", "contacts", "participants")
_NOT_SAID = ("note", "assignment", "close", "open", "snoozed", "unsnoozed", "away_mode_assignment", "assign")

People = dict[str, tuple[str, Side]]


def open_lines(path: Path) -> Reading:
    """Open a file with one JSON object per line."""
    encoding = find_encoding(path)

    def read() -> Iterator[tuple[int, str]]:
        with path.open(encoding=encoding, errors="replace") as file:
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())

    people: People = {}
    parse = partial(_parse_line, place=path.stem, people=people)
    return Reading("JSON lines", read(), parse, notes=note_encoding(path, encoding))


def _parse_line(record: tuple[int, str], *, place: str, people: People) -> Iterable[Given]:
    number, line = record
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return [Left("a line that is no JSON", f"{place}, line {number}")]
    return parse_object(row, place, number, people)


def open_json(path: Path) -> Reading:
    """Open a list of conversations, at the top or under a name. Raises `HistoryError` if there is none."""
    people: People = {}
    prefix = _find_list(path, people)
    records = enumerate(_read_items(path, prefix), start=1)
    parse = partial(_parse_item, place=path.stem, people=people)
    return Reading("JSON", records, parse)


def _parse_item(record: tuple[int, Any], *, place: str, people: People) -> Iterable[Given]:
    return [record[1]] if isinstance(record[1], Left) else parse_object(record[1], place, record[0], people)


def _find_list(path: Path, people: People) -> str:
    """Find the ijson prefix of the items, and note the people listed beside them."""
    found: list[str] = []
    try:
        with path.open("rb") as file:
            for prefix, event, _value in ijson.parse(file, use_float=True):
                if event == "start_array" and prefix.count(".") < 1:
                    found.append(prefix)
                    if prefix == "":
                        return "item"
                    if prefix not in _PEOPLE and fields.fold_key(prefix) not in ("count", "next_page"):
                        break
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise HistoryError("It is no complete JSON") from error
    for name in found:
        if name in _PEOPLE:
            note_people(_read_items(path, f"{name}.item"), people)
    lists = [name for name in found if name not in _PEOPLE]
    if not lists:
        raise HistoryError("It holds no list of conversations, tickets or messages")
    is_one = fields.fold_key(lists[0]) in TURNS
    return "" if is_one else f"{lists[0]}.item"


def _read_items(path: Path, prefix: str) -> Iterator[Any]:
    """Yield the items. If the file breaks off, yield those before the break and then what is wrong."""
    with path.open("rb") as file:
        try:
            yield from ijson.items(file, prefix, use_float=True)
        except (ijson.JSONError, UnicodeDecodeError):
            yield Left("the rest of a JSON file that breaks off", path.name)


def note_people(listed: Iterable[Any], people: People) -> None:
    """Remember the names and sides of users that an export lists beside its tickets."""
    for person in listed:
        if isinstance(person, dict) and "id" in person:
            name = fields.pick(person, ("name", "display_name", "email"))
            people[str(person["id"])] = (name, fields.side_of(fields.pick(person, ("role", "type"))))


def parse_object(row: Any, place: str, number: int, people: People) -> list[Given]:
    """Return the messages of one conversation, or the message or question that a single row holds."""
    if not isinstance(row, dict):
        return [Left("a JSON value that is no conversation and no message", f"{place}, item {number}")]
    if isinstance(row.get("ticket"), dict):
        row = row["ticket"]
    for name in _PEOPLE:
        if isinstance(row.get(name), list):
            note_people(row[name], people)
    turns = _find_turns(row)
    if turns is not None:
        return _parse_conversation(row, turns, place, number, people)
    if is_faq([str(key) for key in row]):
        return parse_faq_row(row, f"{place}/{number}")
    return [_parse_row(row, place)]


def _find_turns(row: Mapping[str, Any]) -> list[Any] | None:
    """Return the list of turns, which some exports wrap in an object of the same name."""
    by_name = {fields.fold_key(str(key)): value for key, value in row.items()}
    for name in TURNS:
        turns = by_name.get(name)
        if isinstance(turns, dict):
            turns = turns.get(name)
        if isinstance(turns, list):
            return turns
    return None


def _parse_conversation(row: dict[str, Any], turns: list[Any], place: str, number: int, people: People) -> list[Given]:
    identity = fields.pick(row, ("id", *fields.THREAD))
    thread = f"{place}/{identity or number}"
    subject = fields.pick(row, fields.SUBJECT)
    given: list[Given] = []
    opening = _build_opening(row, turns)
    for index, turn in enumerate([*opening, *turns]):
        message = _parse_turn(turn, row, people)
        if isinstance(message, Message):
            at = message.at if message.at is not None else None
            given.append(_place(message, thread, subject, at, f"{thread}#{index}"))
        else:
            given.append(message)
    return given


def _place(message: Message, thread: str, subject: str, at: float | None, identity: str) -> Message:
    return Message(
        author=message.author,
        name=message.name,
        side=message.side,
        text=message.text,
        thread=thread,
        id=identity,
        at=at,
        subject=subject,
    )


def _build_opening(row: Mapping[str, Any], turns: list[Any]) -> list[dict[str, Any]]:
    """Return the first message if an export keeps it apart from the turns: Intercom's source, a description."""
    source = row.get("source")
    if isinstance(source, dict) and source.get("body"):
        return [{**source, "created_at": row.get("created_at")}]
    described = row.get("description")
    if not isinstance(described, str) or not described.strip():
        return []
    first = next((_find_body(turn) for turn in turns if isinstance(turn, dict)), "")
    if " ".join(described.split())[:100] == " ".join(first.split())[:100]:
        return []
    requester = row.get("requester") or row.get("requester_id") or row.get("user_id") or "customer"
    return [{"body": described, "author": requester, "role": "customer", "created_at": row.get("created_at")}]


def _parse_turn(turn: Any, row: Mapping[str, Any], people: People) -> Given:
    if isinstance(turn, list) and len(turn) >= 2:  # ["User", "Hello"]
        turn = {"speaker": turn[0], "text": turn[1]}
    if not isinstance(turn, dict):
        return Left("a turn that is no message")
    if turn.get("public") is False or fields.pick(turn, ("part_type", "type", "kind")).casefold() in _NOT_SAID:
        return Left("an internal note or an event of the ticket")
    text = _find_body(turn)
    if not text:
        return Left("a message without text")
    author, name, role = _find_author(turn)
    listed = people.get(author, ("", ""))
    if fields.is_bot(role):
        return Left("written by a bot")
    side = fields.side_of(role) or listed[1] or _side_by_ticket(author, row) or fields.side_of(author)
    if not (author or side):
        return Left("its author is not named")
    at = fields.parse_time(fields.pick(turn, fields.TIME))
    return Message(author or side, text, name=name or listed[0], side=side, at=at)


def _find_body(turn: Mapping[str, Any]) -> str:
    folded = {fields.fold_key(str(key)): value for key, value in turn.items()}
    for name in _BODIES:
        body = folded.get(name)
        if isinstance(body, str) and body.strip():
            return html_to_text(body) if "<" in body and ">" in body else body.strip()
    return ""


def _find_author(turn: Mapping[str, Any]) -> tuple[str, str, str]:
    """Find an author's id, name and role word, in an object or as plain text."""
    for key in ("author", "sender", "from", "user", "via_user"):
        person = turn.get(key)
        if isinstance(person, dict):
            identity = fields.pick(person, ("id", "email", "name"))
            return (
                identity,
                fields.pick(person, ("name", "display_name", "email")),
                fields.pick(person, ("type", "role")),
            )
    return fields.pick(turn, fields.AUTHOR), fields.pick(turn, fields.NAME), fields.pick(turn, fields.ROLE)


def _side_by_ticket(author: str, row: Mapping[str, Any]) -> Side:
    """Distinguish the requester of a ticket from the other authors."""
    requester = row.get("requester_id") or row.get("requester")
    if isinstance(requester, dict):
        requester = requester.get("id") or requester.get("email")
    if not (author and requester):
        return ""
    return "customer" if author == str(requester) else "staff"


def _parse_row(row: Mapping[str, Any], place: str) -> Given:
    author, name, role = _find_author(row)
    plain = {key: value for key, value in row.items() if not isinstance(value, dict | list)}
    text = _find_body(row)
    return parse_chat_row(plain | {"author": author, "name": name, "role": role, "text": text}, place)
