"""Conversations as files of the formats that `chip import` reads, as other programs write them. Knows no figure."""

import csv
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import groupby
from pathlib import Path

Conversation = list[tuple[bool, str]]
"""Who speaks (True: the asker) and what is said, in order."""

Writer = Callable[[Iterable[Conversation], Path], Path]

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SIGNATURE = "Kind regards,\nTom Miller\nSupport Engineer, Acme Inc.\n+1 555 010 9999"
DISCLAIMER = (
    "This e-mail is confidential and intended solely for the addressee. If you received it in error, delete it."
)
PER_DAY = 500
"""Conversations in one file of a Slack channel's day."""


def _tell_time(number: int, turn: int) -> datetime:
    return START + timedelta(minutes=30 * number + turn)


def write_slack(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write a Slack export: a channel's days of threads, and its people."""
    path = folder / "export.zip"
    people: list[dict[str, str | bool]] = [{"id": "U0AGENT01", "team_id": "T1", "real_name": "Tom Miller"}]
    people.append({"id": "U0GUEST01", "team_id": "T1", "real_name": "Anna Smith", "is_restricted": True})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("users.json", json.dumps(people))
        numbered = enumerate(conversations)
        for day, several in groupby(numbered, key=lambda one: one[0] // PER_DAY):
            rows = [row for number, turns in several for row in _build_slack(number, turns)]
            name = f"help/{2000 + day // 336}-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}.json"
            archive.writestr(name, json.dumps(rows))
    return path


def slack_thread(number: int) -> str:
    """Return what Chip calls the thread of this conversation."""
    return f"help/{_tell_time(number, 0).timestamp():.6f}"


def _build_slack(number: int, turns: Conversation) -> Iterator[dict[str, str]]:
    for turn, (asks, text) in enumerate(turns):
        yield {
            "type": "message",
            "user": "U0GUEST01" if asks else "U0AGENT01",
            "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "ts": f"{_tell_time(number, turn).timestamp():.6f}",
            "thread_ts": slack_thread(number).removeprefix("help/"),
        }


def write_mbox(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write a mailbox: each mail greets, signs, and quotes the one before; staff's have a disclaimer."""
    path = folder / "support.mbox"
    with path.open("w", encoding="utf-8") as file:
        for number, turns in enumerate(conversations):
            for turn in range(len(turns)):
                file.write(_build_mail(number, turn, turns))
    return path


def mail_thread(number: int) -> str:
    """Return what Chip calls the conversation of these mails."""
    return f"<{number}.0@mail.example>"


def _build_mail(number: int, turn: int, turns: Conversation) -> str:
    asks, text = turns[turn]
    at = _tell_time(number, turn)
    customer = f"Anna Smith <anna{number}@home.example>"
    sender, to = (customer, "help@acme.example") if asks else ("Tom Miller <tom@acme.example>", customer)
    head = [f"From x {at:%a %b %d %H:%M:%S %Y}", f"From: {sender}", f"To: {to}", f"Date: {format_datetime(at)}"]
    head += [f"Subject: {'Re: ' if turn else ''}A question", f"Message-ID: <{number}.{turn}@mail.example>"]
    if turn:
        before = [f"<{number}.{one}@mail.example>" for one in range(turn)]
        head += [f"In-Reply-To: {before[-1]}", f"References: {' '.join(before)}"]
    head += ['Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: 8bit"]
    body = [f"Hello{'' if asks else ' Anna'},", text, "Thanks,\nAnna" if asks else SIGNATURE]
    if not asks:
        body.append(DISCLAIMER)
    if turn:
        quoted = "\n".join(f"> {line}" for line in turns[turn - 1][1].splitlines())
        body.append(f"On {_tell_time(number, turn - 1):%a, %d %b %Y at %H:%M}, Somebody wrote:\n{quoted}")
    lines = "\n\n".join(body).replace("\nFrom ", "\n>From ")
    return "\n".join(head) + f"\n\n{lines}\n\n"


def write_csv(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write a chat log with a row a message."""
    path = folder / "chats.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["conversation_id", "author_type", "created_at", "message"])
        for number, turns in enumerate(conversations):
            for turn, (asks, text) in enumerate(turns):
                at = _tell_time(number, turn).isoformat()
                table.writerow([number, "customer" if asks else "agent", at, text])
    return path


def write_zendesk(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write tickets with comments, as Zendesk exports them."""
    path = folder / "tickets.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"tickets": [')
        for number, turns in enumerate(conversations):
            comments = [
                {
                    "author_id": 11 if asks else 22,
                    "plain_body": text,
                    "public": True,
                    "created_at": _tell_time(number, turn).isoformat(),
                }
                for turn, (asks, text) in enumerate(turns)
            ]
            ticket = {"id": number, "subject": "A question", "requester_id": 11, "comments": comments}
            file.write(("," if number else "") + json.dumps(ticket))
        file.write("]}")
    return path


def write_jsonl(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write a conversation a line, with its turns."""
    path = folder / "chats.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, turns in enumerate(conversations):
            said = [{"role": "user" if asks else "assistant", "content": text} for asks, text in turns]
            file.write(json.dumps({"conversation_id": number, "messages": said}) + "\n")
    return path


def write_transcripts(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write transcripts of a thousand calls each."""
    target = folder / "calls"
    target.mkdir()
    for part, several in groupby(enumerate(conversations), key=lambda one: one[0] // 1000):
        with (target / f"{part:04}.txt").open("w", encoding="utf-8") as file:
            for number, turns in several:
                said = (f"{'Customer' if asks else 'Agent'}: {' '.join(text.split())}\n" for asks, text in turns)
                file.write(f"--- call {number} ---\n{''.join(said)}")
    return target


def write_faq(conversations: Iterable[Conversation], folder: Path) -> Path:
    """Write the first question of each conversation with its answer."""
    path = folder / "faq.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Question", "Answer"])
        table.writerows([turns[0][1], turns[1][1]] for turns in conversations)
    return path


WRITERS: dict[str, Writer] = {
    "Slack": write_slack,
    "CSV": write_csv,
    "Zendesk JSON": write_zendesk,
    "JSON lines": write_jsonl,
    "MBOX": write_mbox,
    "transcripts": write_transcripts,
    "FAQ table": write_faq,
}

_PARTS = ("filter", "battery", "charger", "blade", "sensor", "antenna", "wheel", "cover", "display", "cable")
_ASKED = (
    "How often must I change the {part} of the K-{number}?",
    "My K-{number} shows error {code} since I replaced the {part}. What should I do?",
    "Which {part} fits the K-{number}, and where can I order it?",
    "We have a K-{number} in our office.\nThe {part} makes a loud noise after an hour. Is that normal?",
)
_ANSWERED = (
    "Change the {part} of a K-{number} every {months} months, or when the red light is on.",
    "Error {code} means that the {part} is not seated. Take it out, wait {months} minutes and push it in again.",
    "The {part} with number {code} fits. You can order it in our shop; it ships within {months} days.",
)


def generate(count: int) -> Iterator[Conversation]:
    """Yield conversations of three messages: a question, its answer, and thanks. No two of them are the same."""
    for number in range(count):
        facts = {"part": _PARTS[number % 10], "number": number, "code": f"E{number % 9973}", "months": number % 23 + 2}
        question = _ASKED[number % len(_ASKED)].format(**facts)
        answer = _ANSWERED[number // 7 % len(_ANSWERED)].format(**facts)
        yield [(True, question), (False, f"K-{number}: {answer}"), (True, "Great, that helped. Thank you!")]
