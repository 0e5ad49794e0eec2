"""Finds code and tables in Markdown text that may not have ended yet. Knows nothing of Slack."""

import re

from retrieval.layout import CODE_SPAN, FENCE_LINE

_TABLE_RULE = re.compile(r"\|[|:\-\s]+")


def is_table_row(line: str) -> bool:
    """Whether a line is a row of a table."""
    return line.lstrip().startswith("|")


def is_table_rule(line: str) -> bool:
    """Whether a line is the rule under a table's header row."""
    return _TABLE_RULE.fullmatch(line) is not None


def find_open_fence(text: str) -> str | None:
    """Return the fence, with its language, of a code block that the text leaves open; None if it leaves none open."""
    fence = None
    for line in text.split("\n"):
        if found := FENCE_LINE.fullmatch(line):
            fence = found.group(1).strip() if fence is None else None
    return fence


def find_table_header(text: str) -> str:
    """Return the header row and the rule of the table in which the text ends; "" if it ends in no table."""
    rows: list[str] = []
    for line in reversed(text.split("\n")):
        if not is_table_row(line):
            break
        rows.insert(0, line)
    return f"{rows[0]}\n{rows[1]}\n" if len(rows) > 1 and is_table_rule(rows[1]) else ""


def find_open_code(text: str) -> int:
    """Return where code begins that more text may close or extend; the text's length if there is none."""
    masked = CODE_SPAN.sub(lambda span: ("`" if span.end() == len(text) else "x") * len(span.group()), text)
    place = masked.find("`")
    return len(text) if place < 0 else place
