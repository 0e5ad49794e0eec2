"""Removes HTML and components from Markdown: keeps what is between the tags as Markdown, and their labels as words.

A label (of `<details>`, a tab, a card) becomes a scope. An admonition names its kind if that tells something. HTML
tables and lists are converted as web pages are. Code has been set aside before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent, indent

from retrieval.layout import build_link
from retrieval.reading.documents import SCOPE_END, SCOPE_START
from retrieval.reading.markup.webpage import convert_piece

MAX_DEPTH = 60
_ATTRIBUTE = r"(?:[^<>\"'{}]|\"[^\"]*\"|'[^']*'|\{[^{}]*\})"
_TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>[A-Za-z][\w.-]*)(?P<attributes>(?=[\s/>]){_ATTRIBUTE}{{0,2000}}?)(?P<alone>/?)>"
)
_VALUE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|\{\s*[\"'`]([^\"'`]*)[\"'`]\s*\}|([^\s\"'>{/]+))")
_DROPPED_NAMES = """
script style svg iframe video audio object embed template noscript canvas select map
"""
_DROPPED = frozenset(_DROPPED_NAMES.split())
_CONVERTED = frozenset(["table", "ul", "ol", "dl", "figure"])
_INLINE_NAMES = """
a b strong i em kbd span sub sup br del s strike img small mark u abbr font label time var q cite ins wbr big
input picture source nobr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_OTHER_NAMES = """
p div section article main center header footer aside nav blockquote h1 h2 h3 h4 h5 h6 hr details summary
figcaption caption thead tbody tfoot tr td th li dt dd form button body html head fieldset legend address pre
code hgroup dialog area col colgroup link meta base param track title
"""
_HTML = _DROPPED | _CONVERTED | _INLINE | frozenset(_OTHER_NAMES.split())
_ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+", re.MULTILINE)
_LINE_END = re.compile(r"[ \t]*(?:\n|<|\Z)")
_VOID_NAMES = """
br hr img input wbr col source area link meta base param track
"""
_VOID = frozenset(_VOID_NAMES.split())
_LABELS = ("title", "label", "summary", "header", "heading", "question", "tab", "name")
_SAID = ("title", "label", "heading", "description", "subtitle", "text", "content", "body")
_KIND_NAMES = ("type", "variant", "kind", "severity", "style", "color", "intent", "status", "level")
# What an admonition's kind tells a person. The others ("note", "tip") tell nothing.
_TELLING = {
    "warning": "Warning", "warn": "Warning", "caution": "Caution", "danger": "Danger", "important": "Important",
    "attention": "Attention", "error": "Error", "critical": "Danger", "bug": "Known bug", "deprecated": "Deprecated",
}  # fmt: skip
_ADMONITIONS_NAMES = """
admonition callout alert hint aside notice banner note tip info warning caution danger important attention error
success message box callouttip
"""
_ADMONITIONS = frozenset(_ADMONITIONS_NAMES.split())
_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


@dataclass(slots=True)
class _Element:
    """A pair of tags, or a single tag, and what is within it: text and elements in their order."""

    name: str
    source: str
    attributes: dict[str, str]
    start: int
    inner: int = 0
    end: int = 0
    margin: str | None = None
    is_block: bool = False
    is_alone: bool = False
    children: list["_Element"] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.name.lower().removesuffix("-frame")

    @property
    def is_html(self) -> bool:
        return self.name.lower() in _HTML


def convert_tags(text: str) -> str:
    """Return the text without tags, in time linear in the text if it is not nested too deeply."""
    if "<" not in text:
        return text
    root = _build_tree(text)
    return _convert_inline("".join(_say_children(root, text)))


def _build_tree(text: str) -> _Element:
    """Build all elements. A tag that nothing closes is single, and so is one that is nested too deeply."""
    root = _Element("", "", {}, 0, 0, len(text))
    stack, opened = [root], {"": 1}
    margin: str | None = ""
    before = 0
    for match in _TAG.finditer(text):
        name = match["name"]
        if name.lower() in _INLINE:
            continue
        margin, before = _find_margin(text, before, match.start(), margin), match.end()
        if match["close"]:
            if opened.get(name):
                _close(stack, opened, name, match, text)
            else:
                stack[-1].children.append(_build_alone(name, match, margin))
        elif match["alone"] or name.lower() in _VOID or len(stack) > MAX_DEPTH:
            stack[-1].children.append(_build_alone(name, match, margin))
        else:
            attributes = _read_attributes(match["attributes"])
            stack.append(_Element(name, match.group(), attributes, match.start(), match.end(), margin=margin))
            opened[name] = opened.get(name, 0) + 1
    while len(stack) > 1:
        _abandon(stack, opened)
    return root


def _close(stack: list[_Element], opened: dict[str, int], name: str, match: re.Match[str], text: str) -> None:
    while stack[-1].name != name:
        _abandon(stack, opened)
    element = stack.pop()
    opened[name] -= 1
    element.source = text[element.start : match.end()] if element.name.lower() in _CONVERTED else ""
    element.end = match.end()
    spans_lines = text.find("\n", element.inner, match.start()) >= 0
    ends_line = _LINE_END.match(text, match.end()) is not None
    element.is_block = element.margin is not None and (spans_lines or ends_line or bool(element.source))
    element.attributes["\0end"] = str(match.start())
    stack[-1].children.append(element)


def _abandon(stack: list[_Element], opened: dict[str, int]) -> None:
    """Treat an element that nothing closes as a single tag, before what would have been within it."""
    element = stack.pop()
    opened[element.name] -= 1
    children, element.children = element.children, []
    element.is_alone, element.end = True, element.inner
    stack[-1].children += [element, *children]


def _build_alone(name: str, match: re.Match[str], margin: str | None) -> _Element:
    attributes = {} if match["close"] else _read_attributes(match["attributes"])
    source = "" if match["alone"] or match["close"] else match.group()
    alone = _Element(name, source, attributes, match.start(), match.end(), match.end(), margin)
    alone.is_block, alone.is_alone = margin is not None, True
    return alone


def _find_margin(text: str, before: int, start: int, margin: str | None) -> str | None:
    """Return what indents or marks the line of a tag; None if words precede the tag.

    `before` is where the previous tag ended and `margin` is that one's, so that each stretch of text is examined once.
    """
    line_end = text.rfind("\n", before, start)
    if line_end < 0 and before:
        return margin if not text[before:start].strip() else None
    line = text[line_end + 1 : start]
    return line if not line.strip(" \t>") or _ITEM.fullmatch(line) else None


def _read_attributes(source: str) -> dict[str, str]:
    return {name.lower(): a or b or c or d for name, a, b, c, d in _VALUE.findall(source)}


def _say_children(element: _Element, text: str) -> Iterator[str]:
    """Yield what is within an element: its text, without indentation that only shows how tags are nested."""
    position, run = element.inner, ""
    for child in element.children:
        run += text[position : child.start]
        said = _say(child, text, is_outermost=not element.name)
        if child.is_block and not child.is_alone and element.name:
            yield _take_in(run)
            yield said
            run = ""
        else:
            run += said
        position = child.end
    run += text[position : int(element.attributes.get("\0end", element.end))]
    yield run if not element.is_block else _take_in(run)


def _take_in(run: str) -> str:
    """Return a stretch of text from its margin on. Blanks before it matter only in lists."""
    return dedent(run) if _ITEM.search(run) else re.sub(r"(?m)^[ \t]+", "", run)


def _say(element: _Element, text: str, *, is_outermost: bool) -> str:
    if element.base in _DROPPED:
        return ""
    if element.is_alone:
        return _say_alone(element)
    if not element.source and not element.is_block:
        return "".join(_say_children(element, text))
    if element.source:
        block = convert_piece(element.source)
    else:
        block = _say_block(element, "".join(_say_children(element, text)).strip("\n"))
    return _set_apart(block, element.margin or "") if is_outermost else f"\n\n{block}\n\n"


def _say_alone(element: _Element) -> str:
    """Return what a tag without an end says: a component's own words, or the tag itself if it is a placeholder."""
    is_placeholder = element.source.strip("<>") == element.name.lower() and not element.name.endswith("-frame")
    if element.is_html or not is_placeholder:
        said = [] if element.is_html else [element.attributes[name] for name in _SAID if element.attributes.get(name)]
        return ": ".join(dict.fromkeys(word.rstrip(":") for word in said if any(c.isalpha() for c in word)))
    return f"\\{element.source}"


def _say_block(element: _Element, body: str) -> str:
    base = element.base
    if re.fullmatch("h[1-6]", base):
        return f"{'#' * int(base[1])} {' '.join(body.split())}"
    if base == "summary":
        return f"{SCOPE_START}{' '.join(body.split()).lstrip('# ')}"
    if base == "details":
        return f"{body}\n\n{SCOPE_END}" if SCOPE_START in body else body
    if element.is_html:
        return body if base != "blockquote" else indent(body, "> ", lambda _: True)
    kind, title = _find_kind(element), _find_label(element)
    if kind and not body.lower().lstrip("*_ ").startswith(kind.lower()):
        body = f"{kind}: {body}" if body[:1].isalnum() or body[:1] in '*_["“' else f"{kind}:\n\n{body}"
    return f"{SCOPE_START}{title}\n\n{body}\n\n{SCOPE_END}" if title else body


def _find_kind(element: _Element) -> str:
    """Return the word for an admonition's kind if it tells something."""
    if element.base in _TELLING:
        return _TELLING[element.base]
    if element.base not in _ADMONITIONS:
        return ""
    said = (element.attributes.get(name, "").lower() for name in _KIND_NAMES)
    return next((_TELLING[word] for word in said if word in _TELLING), "")


def _find_label(element: _Element) -> str:
    label = next((element.attributes[name] for name in _LABELS if element.attributes.get(name, "").strip()), "")
    kind = element.attributes.get("type", "")
    label = " ".join(label.split())
    return "" if label.lower() in {kind, element.base, _TELLING.get(kind, "").lower()} else label


def _set_apart(block: str, margin: str) -> str:
    """Return a block between blank lines. Within a list item its lines go below the item's text."""
    before = re.sub(r"[^\s>]", " ", margin)
    if _ITEM.fullmatch(margin):
        return f"{indent(block, before).lstrip(' ')}\n\n"
    return f"\n\n{indent(block, before)}\n\n"


def _convert_inline(text: str) -> str:
    text = re.sub(r"[ \t]*<br\s*/?>[ \t]*\n?", "\ue005", text, flags=re.IGNORECASE) if "<br" in text.lower() else text
    if "\ue005" in text:
        text = "\n".join(_break_line(line) for line in text.split("\n"))
    text = re.sub(r"<(del|s|strike)\b[^<>]{0,300}>[^\n]{0,1000}?</\1>", "", text, flags=re.IGNORECASE)
    text = re.sub(r"<sup\b[^<>]{0,300}>([^<\n]{1,20})</sup>", lambda match: _raise(match[1]), text, flags=re.IGNORECASE)
    text = re.sub(r"<a\b([^<>\n]{0,2000})>([^\n]{0,500}?)</a>", _say_anchor, text, flags=re.IGNORECASE)
    names = "|".join(sorted(_INLINE, key=len, reverse=True))
    return re.sub(rf"</?(?:{names})(?=[\s/>]){_ATTRIBUTE}{{0,2000}}?/?>", "", text, flags=re.IGNORECASE)


def _break_line(line: str) -> str:
    """Return a line with breaks for `<br>`. In table rows and headings there are none."""
    if line.lstrip().startswith("|"):
        line = re.sub(r"\|\s*\ue005+|\ue005+\s*\|", "|", line)
        return re.sub(r"\ue005+", ", ", re.sub(r"(?<=[.!?:;,])\ue005+", " ", line))
    return line.replace("\ue005", " " if line.lstrip().startswith("#") else "  \n")


def _raise(text: str) -> str:
    return text.translate(_SUPERSCRIPTS) if re.fullmatch(r"[-+]?\d{1,4}|n", text.strip()) else text


def _say_anchor(match: re.Match[str]) -> str:
    target = _read_attributes(match[1]).get("href", "")
    label = re.sub(r"</?[a-zA-Z][^<>]*>", "", match[2])
    return build_link(label, target) if target and "\ue002" not in label else label
