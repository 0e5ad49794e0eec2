"""Turns Markdown files into parts: the head, and the text in plain CommonMark, whatever its dialect.

What site generators, documentation tools and component libraries put into Markdown becomes what a person sees of it:
template tags go, admonitions name their kind, footnotes move to where they are called. Code is set aside first, so that
none of it changes. Knows nothing of passages.
"""

import html
import re

from retrieval.layout import CODE_SPAN, build_code_block, build_code_span
from retrieval.reading.documents import (
    SCOPE_END,
    SCOPE_START,
    DocumentKind,
    Part,
    Remark,
    RemarkKind,
)
from retrieval.reading.heads import Fields, read_head
from retrieval.reading.loss import strip_markup
from retrieval.reading.markup.admonitions import tag_admonitions
from retrieval.reading.markup.front_matter import say_scalar, split_front_matter
from retrieval.reading.markup.markdown_tags import convert_tags
from retrieval.reading.markup.templates import replace_between, resolve_templates

_HELD_START, _HELD_END = "\ue002", "\ue003"
_HELD = re.compile(
    f"^(?P<prefix>[^\n{_HELD_START}]*){_HELD_START}(?P<block>\\d+)b{_HELD_END}|{_HELD_START}(?P<span>\\d+){_HELD_END}",
    re.M,
)
_RESERVED = re.compile(f"[{SCOPE_START}{SCOPE_END}{_HELD_START}{_HELD_END}]")
_FENCE = re.compile(r"(?P<prefix>(?:[ \t]|>)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_PRE = re.compile(r"^([ \t]*)<pre\b[^>]*>\n?(.*?)\n?[ \t]*</pre>", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_CODE_TAG = re.compile(r"<(code|tt|samp)\b[^>]*>([^\n]{0,500}?)</\1>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_JSX_COMMENT = re.compile(r"\{/\*.*?\*/\}", re.DOTALL)
_MODULE = re.compile(
    r"""^(?:import\s[^\n]*?['"][^'"\n]+['"];?|export\s+(?:const|let|default|function)\b[^\n]*)[ \t]*$""", re.MULTILINE
)
_ATTRIBUTES = re.compile(r"\{:[^}\n]*\}|(?<=\S)[ \t]*\{[#.][^}\n]*\}[ \t]*$", re.MULTILINE)
_NOTE = re.compile(r"^\[\^([^\]\s]{1,60})\]:[ \t]*(.*(?:\n(?:[ \t]+\S.*|(?=\n[ \t]{2,}\S)))*)", re.MULTILINE)
_NOTE_CALL = re.compile(r"(?P<end>[.!?,;:]?)\[\^([^\]\s]{1,60})\](?!:)(?P<after>[.!?,;:]?)")
_TERM = re.compile(
    r"^(?P<term>(?![ \t>|#:`~-])[^\n]{1,120})\n(?:\n?:[ \t]+(?P<meaning>[^\n]+)(?:\n[ \t]+\S[^\n]*)*)+$", re.MULTILINE
)
_TASK = re.compile(r"^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[([ xX])\][ \t]", re.MULTILINE)
_REFERENCE = re.compile(r"(?<!\\)\[([^\[\]\n]+)\]\[([^\[\]\n]*)\]")


def read_markdown(text: str) -> Part:
    """Return the part of a Markdown text with or without a head. Raise `RejectedError` for groups that nobody is in."""
    front, body = split_front_matter(text)
    head = read_head(front.fields)
    remarks = [Remark(RemarkKind.BROKEN_HEAD, front.problem)] if front.problem else []
    return Part(
        text=to_commonmark(body, front.fields),
        kind=DocumentKind.MARKDOWN,
        title=say_scalar(front.fields.get("title")),
        updated=head.updated,
        audience=head.audience,
        seen=strip_markup(body),
        is_withheld=head.is_withheld,
        remarks=(*remarks, *head.remarks),
    )


def to_commonmark(text: str, fields: Fields | None = None) -> str:
    """Return what a person sees of the text as CommonMark. `fields` is the head, which templates may refer to."""
    text = _RESERVED.sub("", text)
    held: list[str] = []
    text = _hold_code(text, held)
    text = replace_between(_COMMENT, "-->", lambda _: "", text)
    text = replace_between(_JSX_COMMENT, "*/}", lambda _: "", text)
    text = _MODULE.sub("", text) if "import " in text or "export " in text else text
    text = resolve_templates(text, fields or {})
    text = _ATTRIBUTES.sub("", text) if "{:" in text or "{#" in text or "{." in text else text
    text = _place_notes(text) if "[^" in text else text
    text = _TASK.sub(lambda match: f"{match[1]}{'☐' if match[2] == ' ' else '☑'} ", text) if "[" in text else text
    text = _TERM.sub(_say_terms, text) if "\n:" in text else text
    text = _say_lost_references(text) if "][" in text else text
    text = convert_tags(tag_admonitions(text))
    return _put_back(text, held)


def _hold_code(text: str, held: list[str]) -> str:
    """Replace all code by marks, and put the code on the pile."""

    def hold_span(code: str) -> str:
        held.append(code)
        return f"{_HELD_START}{len(held) - 1}{_HELD_END}"

    def hold_pre(match: re.Match[str]) -> str:
        code = re.sub(r"</?[a-zA-Z][^<>]*>", "", re.sub(r"<br\s*/?>", "\n", match[2]))
        held.append(build_code_block(html.unescape(code)))
        return f"{match[1]}{_HELD_START}{len(held) - 1}b{_HELD_END}"

    text = _hold_fences(text, held)
    if "<pre" in text:
        text = replace_between(_PRE, "</pre>", hold_pre, text)
    if "`" in text:
        text = CODE_SPAN.sub(lambda match: hold_span(match.group()), text)
    if "<code" in text or "<tt" in text or "<samp" in text:
        text = _CODE_TAG.sub(lambda match: hold_span(build_code_span(_bare(match[2]))), text)
    return text


def _bare(code: str) -> str:
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", code)) or " "


def _hold_fences(text: str, held: list[str]) -> str:
    if "```" not in text and "~~~" not in text:
        return text
    kept: list[str] = []
    opened: re.Match[str] | None = None
    code: list[str] = []
    for line in text.split("\n"):
        if opened is None:
            opened = _FENCE.match(line)
            if opened is None:
                kept.append(line)
            continue
        if _closes(line, opened["fence"]):
            kept.append(_hold_block(opened, code, held))
            opened, code = None, []
        else:
            code.append(line)
    if opened is not None:
        kept.append(_hold_block(opened, code, held))
    return "\n".join(kept)


def _closes(line: str, fence: str) -> bool:
    bare = line.strip(" \t>")
    return len(bare) >= len(fence) and not bare.strip(fence[0])


def _hold_block(opened: re.Match[str], code: list[str], held: list[str]) -> str:
    width = len(opened["prefix"].expandtabs(4))
    is_quoted = ">" in opened["prefix"]
    lines = [_take_off(line, width, is_quoted=is_quoted) for line in code]
    info = opened["info"].strip().split(maxsplit=1)
    language = re.sub(r"^\{?\.?|[{},:].*$", "", info[0]) if info else ""
    held.append(build_code_block("\n".join(lines), language))
    return f"{opened['prefix']}{_HELD_START}{len(held) - 1}b{_HELD_END}"


def _take_off(line: str, width: int, *, is_quoted: bool) -> str:
    """Return a line of code without what indents or quotes its whole block."""
    if is_quoted:
        return re.sub(r"^(?:[ \t]*> ?)+", "", line)
    blanks = re.match(r"[ \t]*", line)
    indent = blanks.group().expandtabs(4) if blanks else ""
    return indent[width:] + line.lstrip(" \t") if line.strip() else ""


def _put_back(text: str, held: list[str]) -> str:
    def restore(match: re.Match[str]) -> str:
        if match["span"] is not None:
            return held[int(match["span"])]
        prefix = match["prefix"]
        rest = re.sub(r"[^\s>]", " ", prefix)
        first, *lines = held[int(match["block"])].split("\n")
        return "\n".join([f"{prefix}{first}", *(f"{rest}{line}" for line in lines)])

    # Code in backticks is within the prefix of a block only in broken Markdown. A second pass puts all back.
    while _HELD.search(text):
        text = _HELD.sub(restore, text)
    return text


def _place_notes(text: str) -> str:
    """Put each footnote where it is called, before the mark that ends the sentence that it limits."""
    notes = {name: _join_note(note) for name, note in _NOTE.findall(text)}
    called: set[str] = set()

    def place(match: re.Match[str]) -> str:
        note = notes.get(match[2])
        called.add(match[2])
        return f" ({note}){match['end']}{match['after']}" if note else f"{match['end']}{match['after']}"

    def keep_uncalled(match: re.Match[str]) -> str:
        return "" if match[1] in called else notes[match[1]]

    body = _NOTE_CALL.sub(place, text)
    return _NOTE.sub(keep_uncalled, body)


def _say_lost_references(text: str) -> str:
    """Reduce each link whose address the file does not give to its words."""
    given = {" ".join(name.casefold().split()) for name in re.findall(r"(?m)^ {0,3}\[([^\]\n]+)\]:", text)}

    def say(match: re.Match[str]) -> str:
        name = " ".join((match[2] or match[1]).casefold().split())
        return match.group() if name in given else match[1]

    return _REFERENCE.sub(say, text)


def _join_note(note: str) -> str:
    """Join a note so that no full stop separates it from its sentence."""
    return re.sub(r"[.!] (?=\S)", "; ", " ".join(note.split())).rstrip(".")


def _say_terms(match: re.Match[str]) -> str:
    """Return a term with its definitions as paragraphs: "Term: meaning"."""
    term, *lines = match.group().split("\n")
    meanings = re.split(r"(?m)^:[ \t]+", "\n".join(lines))[1:]
    return "\n\n".join(f"{term.strip().rstrip(':')}: {' '.join(meaning.split())}" for meaning in meanings)
