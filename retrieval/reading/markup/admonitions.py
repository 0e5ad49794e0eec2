"""Admonitions in Markdown, in the dialects of Docusaurus, MkDocs, GitHub, Pandoc and Python-Markdown.

Each becomes a tag, `<admonition-frame type="warning" title="…">`, around its text, which `markdown_tags` reads with
all others. Tabs of MkDocs and blocks of any other name go the same way.
"""

import re
from collections.abc import Iterator
from textwrap import dedent

_COLONS = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>:{3,})[ \t]*(?:\{?\.?(?P<kind>[A-Za-z][\w-]*))?(?P<rest>[^\n]*)$")
_INDENTED = re.compile(
    r"^(?P<indent>[ \t]*)(?:!!!|\?\?\?\+?|===[+!]?)[ \t]+(?P<kind>[A-Za-z][\w-]*)?[^\"\n]*"
    r"(?:\"(?P<title>[^\n]*)\")?[ \t]*$"
)
_SLASHES = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>/{3,})[ \t]*(?P<kind>[A-Za-z][\w-]*)?(?:[ \t]*\|[ \t]*(?P<rest>[^\n]*))?$"
)
_QUOTED = re.compile(r"^(?P<indent>[ \t]*)>[ \t]*\[!(?P<kind>\w+)\][+-]?[ \t]*(?P<rest>[^\n]*)$")
_BRACKETED = re.compile(r"^\s*\[([^\]\n]*)\]|title=\"([^\"\n]*)\"")


def tag_admonitions(text: str) -> str:
    """Return the text with tags in place of admonition marks."""
    if not re.search(r"^[ \t]*(?::::|!!!|\?\?\?|===|///|>[ \t]*\[!)", text, re.MULTILINE):
        return text
    return "\n".join(_tag_lines(text.split("\n")))


def _tag_lines(lines: list[str]) -> Iterator[str]:
    open_marks: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if found := _COLONS.match(line) or _SLASHES.match(line):
            yield from _tag_fenced(found, open_marks)
        elif (found := _INDENTED.match(line)) and (found["kind"] or found["title"] is not None):
            end = _find_indented_end(lines, position + 1, len(found["indent"].expandtabs(4)))
            title = found["title"] or ""
            yield from _frame(found, title, dedent("\n".join(lines[position + 1 : end]).expandtabs(4)))
            position = end
            continue
        elif found := _QUOTED.match(line):
            end = position + 1
            while end < len(lines) and lines[end].lstrip().startswith(">") and not _QUOTED.match(lines[end]):
                end += 1
            body = "\n".join(re.sub(r"^[ \t]*> ?", "", quoted) for quoted in lines[position + 1 : end])
            yield from _frame(found, found["rest"], body)
            position = end
            continue
        else:
            yield line
        position += 1
    yield from ("</admonition-frame>" for _ in open_marks)


def _tag_fenced(found: re.Match[str], open_marks: list[str]) -> Iterator[str]:
    """Yield the tag for a line of colons or slashes. A line without a name closes what a similar line has opened."""
    mark, kind = found["mark"], found["kind"]
    if kind and not kind.lower().startswith("end"):
        open_marks.append(mark)
        bracketed = _BRACKETED.search(found["rest"] or "")
        rest = (found["rest"] or "").strip(" \t}")
        title = (bracketed[1] or bracketed[2] or "") if bracketed else "" if "=" in rest else rest
        yield f"{found['indent']}{_open(kind, title)}"
    elif open_marks:
        while open_marks and open_marks[-1] != mark and open_marks[-1][0] == mark[0] and mark in open_marks:
            open_marks.pop()
            yield f"{found['indent']}</admonition-frame>"
        open_marks.pop()
        yield f"{found['indent']}</admonition-frame>"


def _find_indented_end(lines: list[str], start: int, indent: int) -> int:
    end = start
    for position in range(start, len(lines)):
        line = lines[position].expandtabs(4)
        if line.strip() and len(line) - len(line.lstrip()) < indent + 2:
            break
        if line.strip():
            end = position + 1
    return end


def _frame(found: re.Match[str], title: str, body: str) -> Iterator[str]:
    indent = found["indent"]
    yield f"{indent}{_open(found['kind'] or '', title)}"
    yield from (f"{indent}{line}" for line in tag_admonitions(body).split("\n"))
    yield f"{indent}</admonition-frame>"


def _open(kind: str, title: str) -> str:
    title = title.strip().strip('"').replace('"', "'")
    return f'<admonition-frame type="{kind.lower()}" title="{title}">'
