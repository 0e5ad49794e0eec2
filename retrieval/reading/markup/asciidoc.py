"""Turns AsciiDoc files into Markdown, as far as a person reads them: headings, lists, admonitions, code, tables, links.

No maintained library for Python reads AsciiDoc without a GPL or a Ruby beside it. `retrieval.sources.includes` has put
in the files that a page may include; others are not read. Knows nothing of passages.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from retrieval.layout import build_code_block, build_code_span, build_link
from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import Part
from retrieval.reading.markup.markdown import read_markdown

_ATTRIBUTE = re.compile(r"^:(!?[\w-]+!?):[ \t]*(.*)$")
_REFERENCE = re.compile(r"(?<!\\)\{([\w-]+)\}")
_BLOCK_LINE = re.compile(r"^\[([^\[\]]*)\]$|^\[\[[^\]]*\]\]$|^\[#[^\]]*\]$")
_HEADING = re.compile(r"^(={1,6})[ \t]+(\S.*)$")
_FENCE = re.compile(r"^(-{4,}|\.{4,}|`{3,}\w*|\|={3,}|,={3,}|:={3,}|/{4,}|\+{4,}|={4,}|\*{4,}|_{4,}|--)$")
_ITEM = re.compile(r"^[ \t]*(\*{1,5}|-|\.{1,5}|\d{1,3}\.)[ \t]+(\S.*)$")
_TERM = re.compile(r"^[ \t]*(\S[^\n]*?)(:{2,4}|;;)(?:[ \t]+(.*))?$")
_NOTICE = re.compile(r"^(NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(.*)$")
_TITLE = re.compile(r"^\.([^\s.].*)$")
_MACRO = re.compile(r"^(include|image|video|audio|toc|ifdef|ifndef|ifeval|endif)::(.*?)\[(.*)\]$")
_CELLS = re.compile(r"(?:^|(?<=\s))(?:\d+\*|[.\d]*[.\d]+\+)?[<^>.]*[adehlmsv]?\|")
_LINK = re.compile(r"(?:link:(?P<to>[^\s\[\]]+)|(?P<url>(?:https?|mailto):[^\s\[\]<>]+))\[(?P<label>[^\]]*)\]")
_CROSS = re.compile(r"<<(?P<id>[^,<>]+)(?:,\s*(?P<label>[^<>]+))?>>|xref:(?P<to>[^\s\[\]]+)\[(?P<said>[^\]]*)\]")
_UI = re.compile(r"\b(?:kbd|btn|footnote|menu):([^\s\[\]]*)\[([^\]]*)\]")
_CODE = re.compile(r"(?<![\w`])`\+?([^`\n]+?)\+?`(?![\w`])")
_BOLD = re.compile(r"(?<![\w*\\])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
_ANCHOR = re.compile(r"\[\[[^\]]*\]\]|\[#[\w-]+\](?=#)")

_NOTICES = frozenset({"NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"})


def read_asciidoc(raw: bytes) -> Iterator[Part]:
    """Yield the page as one part. Its attributes may say who reads it and when it was updated."""
    text = decode_text(raw)
    attributes = {name.strip("!"): value for line in text.split("\n") for name, value in _ATTRIBUTE.findall(line)}
    body = "\n".join(_Page(text.split("\n"), attributes).convert())
    fields = [f"{name}: {attributes[name]!r}" for name in ("audience", "updated", "draft") if attributes.get(name)]
    head = "\n".join(["---", *fields, "---", ""]) if fields else ""
    part = read_markdown(f"{head}{body}")
    title = next((found[2] for line in body.split("\n") if (found := re.match(r"(#)\s+(.*)", line))), None)
    yield replace(part, title=title)


class _Page:
    """The lines of one page on their way to Markdown."""

    def __init__(self, lines: list[str], attributes: dict[str, str]) -> None:
        self._lines = lines
        self._attributes = attributes
        self._at = 0
        self._style = ""

    def convert(self) -> Iterator[str]:
        """Yield the lines of Markdown."""
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            self._at += 1
            if _FENCE.match(line):
                yield from self._convert_block(line)
                self._style = ""
            elif block := _BLOCK_LINE.match(line):
                self._style = block.group(1) or self._style
            else:
                yield from self._convert_line(line)
                self._style = self._style if _TITLE.match(line) else ""

    def _convert_line(self, line: str) -> Iterator[str]:
        if line.startswith("//") or _ATTRIBUTE.match(line) or line.strip() in ("+", "'''", "<<<"):
            return
        if macro := _MACRO.match(line):
            yield from self._convert_macro(*macro.groups())
        elif heading := _HEADING.match(line):
            yield from ("", f"{'#' * len(heading[1])} {self._say(heading[2])}", "")
        elif notice := _NOTICE.match(line):
            yield from ("", f"**{notice[1].capitalize()}:** {self._say(notice[2])}")
        elif item := _ITEM.match(line):
            mark = item[1]
            depth = 0 if mark == "-" or mark[0].isdigit() else len(mark) - 1
            yield f"{'    ' * depth}{'1.' if mark[-1] == '.' else '-'} {self._say(item[2])}"
        elif title := _TITLE.match(line):
            yield from ("", f"**{self._say(title[1])}**", "")
        elif (term := _TERM.match(line)) and "://" not in term[1]:
            yield from ("", f"**{self._say(term[1])}**: {self._say((term[3] or '').strip())}".rstrip())
        elif self._style.split(",")[0].upper() in _NOTICES and line:
            yield f"**{self._style.capitalize()}:** {self._say(line)}"
        else:
            yield self._say(line)

    def _convert_macro(self, name: str, target: str, inner: str) -> Iterator[str]:
        """Yield a picture's description; pass over what stands under a condition that does not hold."""
        if name == "image" and (described := inner.split(",")[0].strip('" ')):
            yield described
        if name in ("ifdef", "ifndef") and (target in self._attributes) is not (name == "ifdef"):
            if not inner:
                while self._at < len(self._lines) and not self._lines[self._at].startswith("endif::"):
                    self._at += 1
        elif name in ("ifdef", "ifndef") and inner:
            yield self._say(inner)

    def _convert_block(self, fence: str) -> Iterator[str]:
        """Yield what stands between two fences: code as it stands, a table, or text to convert."""
        end = "```" if fence.startswith("```") else fence
        inner = self._take_until(end)
        if fence[0] in "-.`" and fence != "--":
            language = next((part for part in self._style.split(",")[1:2]), "").strip() if self._style else ""
            yield from ("", *build_code_block("\n".join(inner), language or fence.strip("`-.")).split("\n"), "")
        elif fence[0] in "|,:" and fence.endswith("="):
            yield from self._convert_table(inner, fence[0])
        elif fence[0] != "/":
            notice = self._style.split(",")[0].upper()
            lead = [f"**{notice.capitalize()}:**"] if notice in _NOTICES else []
            yield from ("", *lead, *_Page(inner, self._attributes).convert(), "")

    def _take_until(self, end: str) -> list[str]:
        start = self._at
        while self._at < len(self._lines) and self._lines[self._at].rstrip() != end:
            self._at += 1
        inner = self._lines[start : self._at]
        self._at += 1
        return inner

    def _convert_table(self, lines: list[str], separator: str) -> Iterator[str]:
        rows = _read_rows(lines, separator, self._style)
        if not rows:
            return
        width = max(map(len, rows))
        told = [f"| {' | '.join(self._say(cell).replace('|', '&#124;') for cell in row)} |" for row in rows]
        has_head = "noheader" not in self._style and ("header" in self._style or _has_head(lines))
        first = told if has_head else [f"|{' |' * width}", *told]
        yield from ("", first[0], f"|{' --- |' * width}", *first[1:], "")

    def _say(self, text: str) -> str:
        """Return a line's text with its attributes, links and marks as Markdown."""
        text = _REFERENCE.sub(lambda match: self._attributes.get(match[1], match.group()), text)
        text = _ANCHOR.sub("", text)
        text = _CODE.sub(lambda match: build_code_span(match[1]), text)
        text = _CROSS.sub(lambda match: match["label"] or match["said"] or match["id"] or match["to"], text)
        text = _LINK.sub(_say_link, text)
        text = _UI.sub(lambda match: f" ({match[2]})" if match.group().startswith("footnote") else _say_ui(match), text)
        return _BOLD.sub(r"**\1**", text).removesuffix(" +")


def _say_link(match: re.Match[str]) -> str:
    target = match["to"] or match["url"]
    return build_link(match["label"].split(",")[0].rstrip("^") or target, target)


def _say_ui(match: re.Match[str]) -> str:
    return " > ".join(part for part in (match[1], match[2]) if part)


def _has_head(lines: list[str]) -> bool:
    """Whether the first row stands on a line of its own with an empty line below."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return len(filled) > 1 and filled[0] == 0 and filled[1] > 1


def _read_rows(lines: list[str], separator: str, style: str) -> list[list[str]]:
    """Return the cells by row: as many in a row as the style says or the first line holds."""
    if separator != "|":
        return [[cell.strip() for cell in line.split(separator)] for line in lines if line.strip()]
    cells: list[str] = []
    width = _count_columns(style)
    for line in lines:
        first, *more = _CELLS.split(line)
        if cells and first.strip():
            cells[-1] = f"{cells[-1]} {first.strip()}".strip()
        cells += [cell.strip() for cell in more]
        width = width or len(more)
    return [cells[at : at + width] for at in range(0, len(cells), width)] if width else []


def _count_columns(style: str) -> int:
    """Return how many columns a table's style names; 0 where it names none."""
    named = re.search(r'cols="?([^"\]]+)"?', style)
    if named is None:
        return 0
    parts = re.split("[,;]", named[1])
    return sum(int(found[1]) if (found := re.match(r"(\d+)\*", part.strip())) else 1 for part in parts)
