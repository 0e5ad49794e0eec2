"""Splits a long Markdown text into messages: at line ends, with a code block or a table complete in each.

Knows nothing of how they are sent.
"""

import re

from bot.slack.markdown import find_open_fence, find_table_header
from bot.slack.text import split_text

HEADER_BYTES = 1_000  # a longer header is not repeated


def split_markdown(text: str, limit: int) -> list[str]:
    """Cut Markdown into parts of at most `limit` bytes of UTF-8, plus what continuing a block or table adds to each."""
    parts = [""]
    for line in text.splitlines(keepends=True):
        for piece in split_text(line, limit):
            if parts[-1] and len((parts[-1] + piece).encode()) > limit:
                done = parts[-1].removesuffix("\n")
                ending, beginning = break_off(done, piece)
                parts[-1:] = [done + ending, beginning]
            parts[-1] += piece
    return parts


def break_off(part: str, rest: str) -> tuple[str, str]:
    """Return what ends a part, and what precedes `rest` in the next one.

    A code block is closed and opened again; the header row of a table is repeated.
    """
    fence = find_open_fence(part)
    if fence is not None:
        return f"\n{'`' * (len(fence) - len(fence.lstrip('`')))}", f"{fence}\n"
    header = find_table_header(part) if re.match(r"\n?\s*\|", rest) else ""
    return "", header if len(header.encode()) <= HEADER_BYTES else ""
