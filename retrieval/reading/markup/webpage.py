"""Turns HTML into CommonMark: what a reader of the page sees, with its headings, lists, tables, code and links.

`page_visibility` and `page_content` decide what is seen and what is content; this module writes it down. Knows nothing
of fetching.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from markdownify import MarkdownConverter

from retrieval.layout import build_code_block, build_code_span, build_link
from retrieval.reading.documents import SCOPE_END, SCOPE_START, DocumentKind, Part, RejectedError
from retrieval.reading.markup.page_content import drop_controls, drop_unseen, find_by_role, find_content
from retrieval.reading.markup.page_visibility import put_in_scope, show_what_unfolds
from retrieval.reading.tables.grid import Cell, show_table

_MAX_DEPTH = 200
_DATES = ("article:modified_time", "og:updated_time", "last-modified", "article:published_time", "dcterms.modified")
_RESERVED = re.compile(f"[{SCOPE_START}{SCOPE_END}\u00ad\u200b\u2060\ufeff]")
_BLOCKS = [
    "p",
    "div",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "blockquote",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
]
_LANGUAGE = re.compile(r"(?:lang(?:uage)?-|highlight-(?:source-)?|brush:\s*)([\w+#.-]+)")
_GUTTER = re.compile(r"gutter|line-?nos?\b|line-?numbers?|lineno", re.IGNORECASE)
_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_FRAME_NAMES = "nav header footer aside menu button select option textarea label dialog del s strike"
_FRAME = frozenset(_FRAME_NAMES.split())
_ROLE_NAMES = "navigation menu menubar search dialog alertdialog banner contentinfo tablist"
_FRAME_ROLES = frozenset(_ROLE_NAMES.split())
# A cell of a data table is short; one that frames a page is not.
_LONG_CELL = 60


def read_html(raw: bytes) -> Iterator[Part]:
    """Yield the page as one part, in the encoding that it declares or else in the likeliest."""
    soup = BeautifulSoup(raw, "lxml")
    title, updated = _find_title(soup), _find_date(soup)
    _require_shallow(soup)
    base = soup.find("base", href=True)
    address = str(base["href"]) if isinstance(base, Tag) else ""
    drop_unseen(soup)
    seen = _see(soup)
    show_what_unfolds(soup)
    drop_controls(soup)
    parts = [to_markdown(part, address) for part in find_content(soup)]
    text = "\n\n".join(part for part in parts if part)
    yield Part(text, DocumentKind.MARKDOWN, title, updated, seen=seen)


def html_to_markdown(html: str) -> str:
    """Return a page or a mail's body as Markdown."""
    (part,) = read_html(html.encode())
    return part.text


def convert_piece(html: str) -> str:
    """Convert a table, list or figure within Markdown. Its text may itself be Markdown."""
    soup = BeautifulSoup(re.sub(r"\*\*|__(?=\w)|(?<=\w)__", "", html), "lxml")
    _require_shallow(soup)
    drop_unseen(soup)
    return to_markdown(soup.body or soup, is_escaped=False)


def to_markdown(body: Tag, address: str = "", *, is_escaped: bool = True) -> str:
    """Return an element as CommonMark. `address` is what its links are relative to."""
    for text in list(body.find_all(string=_RESERVED)):
        if not text.startswith((SCOPE_START, SCOPE_END)):
            text.replace_with(_RESERVED.sub("", text))
    for table in reversed(body("table")):
        if _is_layout(table):
            for tag in [*_own(table, ["td", "th", "tr", "thead", "tbody", "tfoot"]), table]:
                tag.name = "div"
    for definitions in body("dl"):
        _spell_definitions(definitions)
    for raised in body("sup"):
        if re.fullmatch(r"[-+]?\d{1,4}|n", raised.get_text(strip=True)):
            raised.string = raised.get_text(strip=True).translate(_SUPERSCRIPTS)
    return str(_Converter(address, is_escaped=is_escaped).convert_soup(body)).strip()


class _Converter(MarkdownConverter):
    """Converts as markdownify does, except code, links and tables, which markdownify spoils."""

    def __init__(self, address: str, *, is_escaped: bool) -> None:
        super().__init__(
            heading_style="atx", bullets="-", escape_misc=is_escaped, escape_asterisks=is_escaped,
            escape_underscores=is_escaped,
        )  # fmt: skip
        self._address = address

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        target = urljoin(self._address, str(el.get("href", "")).strip())
        label = " ".join(text.split())
        if not label or "_noformat" in parent_tags or not target or target.startswith(("#", "javascript:", "data:")):
            return text
        address = re.sub(r"[\s<>]", lambda match: f"%{ord(match.group()):02X}", target)
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}[{label}](<{address}>){after}"

    def process_tag(self, node: Tag, parent_tags: set[str] | None = None) -> str:
        # markdownify would convert each cell first, only to throw that away.
        if node.name == "table":
            return self.convert_table(node)
        return str(super().process_tag(node, parent_tags))  # type: ignore[misc]  # the package has no types for it

    # markdownify calls these with the element, its text and its parents' names.
    def convert_pre(self, el: Tag, *_: object, **_named: object) -> str:
        code = _read_code(el)
        return f"\n\n{build_code_block(code, _find_language(el))}\n\n" if code.strip() else ""

    def convert_table(self, el: Tag, *_: object, **_named: object) -> str:
        return f"\n\n{_show_data(el, self._address)}\n\n"

    def convert_figcaption(self, _el: Tag, text: str, **_named: object) -> str:
        return f"\n\n{text.strip()}\n\n"


def _read_code(el: Tag) -> str:
    for gutter in el.find_all(class_=_GUTTER):
        gutter.decompose()
    for line_break in el("br"):
        line_break.replace_with("\n")
    return el.get_text().strip("\n").rstrip()


def _find_language(el: Tag) -> str:
    for tag in [el, *el("code"), *list(el.parents)[:2]]:
        if found := _LANGUAGE.search(" ".join(tag.get_attribute_list("class"))):
            return found.group(1)
    return ""


def _is_layout(table: Tag) -> bool:
    """Whether a table only lays out parts of a page, so that its rows and columns mean nothing."""
    if table.get("role") in ("presentation", "none"):
        return True
    if _own(table, ["th", "caption"]):
        return False
    if table.find(["table", "h1", "h2", "h3", "h4", "pre"]) is not None:
        return True
    rows = [_own(row, ["td"]) for row in _own(table, ["tr"])]
    widths = [sum(1 for cell in row if cell.get_text(strip=True)) for row in rows]
    if max(widths, default=0) < 2:
        return True
    cells = [cell for row in rows for cell in row]
    longest = max(len(cell.get_text().split()) for cell in cells)
    return longest > _LONG_CELL or (len(rows) == 1 and any(cell.find(_BLOCKS) for cell in cells))


def _own(tag: Tag, names: list[str]) -> list[Tag]:
    """Return the elements of these names that belong to this table or row, and not to a nested one."""
    return [found for found in _walk_own(tag) if found.name in names]


def _walk_own(tag: Tag) -> Iterator[Tag]:
    for child in tag.children:
        if isinstance(child, Tag):
            yield child
            if child.name != "table":
                yield from _walk_own(child)


def _show_data(table: Tag, address: str) -> str:
    """Return a data table as a Markdown table. `<thead>` or `<th>` marks its head."""
    rows, marked = [], 0
    for row in _own(table, ["tr"]):
        cells = _own(row, ["td", "th"])
        is_head = row.find_parent("thead") is not None and bool(cells)
        marked += is_head
        rows.append([_build_cell(cell, address, is_head=is_head) for cell in cells])
    captions = _own(table, ["caption"])
    caption = captions[0].get_text(" ", strip=True) if captions else ""
    return show_table(rows, caption=caption, head_rows=marked or None)


def _build_cell(cell: Tag, address: str, *, is_head: bool) -> Cell:
    is_marked = is_head or (cell.name == "th" and cell.get("scope") not in ("row", "rowgroup"))
    is_bold = cell.name == "td" and _is_bold(cell)
    return Cell(
        "".join(_say_cell(cell, address)).strip(),
        columns=_read_span(cell, "colspan"),
        rows=_read_span(cell, "rowspan"),
        is_head=is_marked or is_bold,
    )


def _is_bold(cell: Tag) -> bool:
    children = [child for child in cell.children if not isinstance(child, NavigableString) or child.strip()]
    return len(children) == 1 and isinstance(children[0], Tag) and children[0].name in ("b", "strong")


def _read_span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1")).strip()
    return max(1, min(int(value), 1_000)) if value.isdecimal() and len(value) < 7 else 1


def _say_cell(tag: Tag, address: str) -> Iterator[str]:
    """Yield the text of a cell as a passage holds it: links with their address, code in backticks."""
    for child in tag.children:
        if isinstance(child, NavigableString):
            yield re.sub(r"\s+", " ", child)
        elif isinstance(child, Tag):
            yield from _say_element(child, address)


def _say_element(tag: Tag, address: str) -> Iterator[str]:
    said: Any = "".join(_say_cell(tag, address))
    match tag.name:
        case "br":
            yield "\n"
        case "del" | "s" | "strike":
            return
        case "code" | "kbd" | "samp" | "tt" if said.strip() and tag.name != "kbd":
            yield build_code_span(tag.get_text().strip())
        case "a" if said.strip():
            yield _say_link(said, urljoin(address, str(tag.get("href", ""))))
        case _ if tag.name in (*_BLOCKS, "li", "dt", "dd", "tr"):
            yield f"\n{said}\n"
        case _:
            yield said


def _say_link(said: str, target: str) -> str:
    scheme, _, rest = target.partition(":")
    if scheme in ("mailto", "tel"):
        return said if rest in said else f"{said} ({rest.partition('?')[0]})"
    return build_link(said, target) if "`" not in said else said


def _spell_definitions(definitions: Tag) -> None:
    """Turn each short definition into "Term: meaning". One that is a question or has parts becomes a scope."""
    term = ""
    for tag in [child for child in definitions.find_all(["dt", "dd"]) if child.find_parent("dl") is definitions]:
        text = tag.get_text(" ", strip=True)
        if tag.name == "dt":
            following = tag.find_next_sibling()
            is_alone = not (isinstance(following, Tag) and following.name == "dt")
            term = f"{term}{text}" if is_alone else f"{term}{text}, "
            tag.decompose()
            continue
        if term.endswith("?") or tag.find(["ul", "ol", "pre", "table", "dl"]) or len(tag("p")) > 1:
            put_in_scope(tag, term)
        elif term:
            tag.insert(0, NavigableString(f"{term.rstrip(':')}: "))
        tag.name = "div"
        following = tag.find_next_sibling()
        term = term if isinstance(following, Tag) and following.name == "dd" else ""
    definitions.name = "div"


def _see(soup: BeautifulSoup) -> str:
    """Return the words of the page without its frame: menus, banners, sidebars, buttons and fields."""
    mains = find_by_role(soup, ("main",), ("main",)) or [soup.body or soup]
    return " ".join(_see_words(main) for main in mains)


def _see_words(tag: Tag) -> str:
    words = []
    for child in tag.children:
        if isinstance(child, NavigableString):
            words.append(str(child))
        elif isinstance(child, Tag) and child.name not in _FRAME and child.get("role") not in _FRAME_ROLES:
            words.append(_see_words(child))
    return " ".join(words)


def _find_title(soup: BeautifulSoup) -> str | None:
    heading = (soup.find("main") or soup).find("h1")
    for found in (heading, soup.title):
        if found is not None and (text := found.get_text(" ", strip=True)):
            return str(text)
    return None


def _find_date(soup: BeautifulSoup) -> date | None:
    for name in _DATES:
        tag = soup.find("meta", attrs={"property": name}) or soup.find("meta", attrs={"name": name})
        try:
            return date.fromisoformat(str(tag["content"])[:10]) if tag else None
        except (ValueError, KeyError):
            continue
    return None


def _require_shallow(soup: BeautifulSoup) -> None:
    """Refuse what is nested too deeply for recursion."""
    depth, level = 0, [child for child in soup.children if isinstance(child, Tag)]
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise RejectedError(f"The page is nested more than {_MAX_DEPTH} levels deep.")
        level = [child for tag in level for child in tag.children if isinstance(child, Tag)]
