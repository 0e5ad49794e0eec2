"""Turns records into parts: each line of a JSONL file is a document with a head of its own."""

import json
from collections.abc import Iterator

from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.heads import read_head

_TEXT_FIELDS = ("text", "body", "content", "answer")
_TITLE_FIELDS = ("title", "subject", "question", "name")


def read_jsonl(raw: bytes) -> Iterator[Part]:
    """Yield a part for each line: an object with text and, optionally, id, title, url, updated and audience.

    Raise `RejectedError` at the end for the lines that are none.
    """
    problems: list[str] = []
    for number, line in enumerate(raw.decode("utf-8-sig").split("\n"), start=1):
        try:
            if line.strip():
                yield _read_record(line, number)
        except RejectedError as error:
            problems.append(str(error))
    if problems:
        more = f" Lines that are none: {len(problems)}." if len(problems) > 1 else ""
        raise RejectedError(f"{problems[0]}{more} The other lines were read.")


def _read_record(line: str, number: int) -> Part:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RejectedError(f"Line {number} is no JSON.") from error
    if not isinstance(record, dict):
        raise RejectedError(f"Line {number} is no JSON object.")
    text = next((str(record[name]) for name in _TEXT_FIELDS if record.get(name)), None)
    if text is None:
        raise RejectedError(f"Line {number} has no text; name it one of: {', '.join(_TEXT_FIELDS)}.")
    title = next((str(record[name]) for name in _TITLE_FIELDS if record.get(name)), None)
    url = record.get("url")
    head = read_head(record)
    return Part(
        text=text,
        kind=DocumentKind.MARKDOWN,
        title=title,
        updated=head.updated,
        url=url if isinstance(url, str) and url.startswith(("https://", "http://")) else None,
        audience=head.audience,
        name=str(record.get("id") or number)[:80],
        is_withheld=head.is_withheld,
        remarks=tuple(head.remarks),
    )
