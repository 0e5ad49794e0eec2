"""Detects the format of a file and opens it with the reader for that format."""

import json
import re
from pathlib import Path

from feedback.history import faq, json_chats, mail, slack_export, tables, transcripts
from feedback.history.files import is_maildir, read_start
from feedback.history.message import HistoryError, Open, Reading

_MBOX = re.compile(rb"\AFrom \S+.*\d{4}\r?\n")
_MAIL_HEADER = re.compile(rb"\A(?:[A-Za-z-]+:[ \t].*\r?\n(?:[ \t]+.*\r?\n)*){2,}")


def open_file(path: Path) -> Reading:
    """Open a file or folder by its format. Raises `HistoryError` if Chip cannot read it."""
    return find_format(path)(path)


def find_format(path: Path) -> Open:
    """Return the function that opens the file. Raises `HistoryError` for an unknown kind, and names the known ones."""
    if path.is_dir():
        return mail.open_maildir if is_maildir(path) else slack_export.open_export
    by_ending: dict[str, Open] = {
        ".zip": slack_export.open_export,
        ".csv": tables.open_csv,
        ".tsv": tables.open_csv,
        ".xlsx": tables.open_workbook,
        ".jsonl": json_chats.open_lines,
        ".ndjson": json_chats.open_lines,
        ".json": json_chats.open_json,
        ".mbox": mail.open_mbox,
        ".eml": mail.open_message,
        ".vtt": transcripts.open_captions,
        ".srt": transcripts.open_captions,
        ".md": faq.open_markdown,
        ".markdown": faq.open_markdown,
    }
    start = read_start(path)
    if not start.strip():
        raise HistoryError("It is empty")
    if path.suffix.casefold() in by_ending:
        opener = by_ending[path.suffix.casefold()]
        return json_chats.open_lines if opener is json_chats.open_json and _is_json_lines(start) else opener
    if _MBOX.match(start):
        return mail.open_mbox
    if _MAIL_HEADER.match(start):
        return mail.open_message
    if path.suffix.casefold() in (".txt", ".log", ""):
        return transcripts.open_labelled
    raise HistoryError(
        f"Chip does not read {path.suffix or 'such'} files; it reads Slack exports (zip), CSV, XLSX, JSON, JSONL, "
        "MBOX, EML, Maildir, VTT, SRT, TXT and Markdown"
    )


def _is_json_lines(start: bytes) -> bool:
    """Whether a file called .json holds one object a line, as Zendesk exports do."""
    first, line_end, rest = start.lstrip().partition(b"\n")
    if not (line_end and rest.strip() and first.startswith(b"{")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True
