"""Turns reStructuredText files into parts, by docutils: the page that docutils or Sphinx would build.

Roles and directives that docutils does not know, such as Sphinx's, keep their text. `retrieval.sources.includes` has
put in the files that a page may include; others are not read. Knows nothing of passages.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.languages import en

from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import Part
from retrieval.reading.heads import Fields, read_head
from retrieval.reading.markup.webpage import read_html

_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 6,
    "initial_header_level": 1,
    "raw_enabled": False,
    "report_level": 6,
    "syntax_highlight": "none",
}
# Fields at the top of a file are about it: ":audience: staff".
_FIELDS = re.compile(r"\A\s*((?::[A-Za-z][\w -]{0,40}:[^\n]*\n)+)(?=\s*\n|\Z)")
_FIELD = re.compile(r"^:([A-Za-z][\w -]*):[ \t]*(.*)$", re.MULTILINE)
_ROLE = re.compile(r":([A-Za-z][\w+.:-]{0,40}):(?=`)")
_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([A-Za-z][\w+.:-]{0,40})::", re.MULTILINE)
_TITLED = re.compile(r"(?P<title>.+?)\s*<[^<>]+>$", re.DOTALL)
# What these name is read as words; what all others name is code.
_WORDS = frozenset(
    {"ref", "doc", "term", "guilabel", "menuselection", "abbr", "kbd", "numref", "download", "any", "dfn"}
)
# What these hold is a list of other pages, or of what is not shown.
_UNSEEN = frozenset(
    {"toctree", "index", "highlight", "currentmodule", "module", "literalinclude", "tabularcolumns", "redirect-from"}
)
_HEADED = frozenset({"tab", "group-tab", "code-tab", "tab-item", "dropdown", "rubric", "details", "topic"})


def read_rst(raw: bytes) -> Iterator[Part]:
    """Yield the page as one part."""
    text = decode_text(raw)
    head = read_head(_read_fields(text))
    body = _FIELDS.sub("", text, count=1)
    _register_unknown(body)
    page = publish_parts(body, writer="html4", settings_overrides=_SETTINGS)["html_body"]
    page = page.replace('<tt class="docutils literal">', "<code>").replace("</tt>", "</code>")
    (part,) = read_html(f"<html><body>{page}</body></html>".encode())
    yield replace(
        part,
        updated=head.updated or part.updated,
        audience=head.audience,
        is_withheld=head.is_withheld,
        remarks=tuple(head.remarks),
    )


def _read_fields(text: str) -> Fields:
    found = _FIELDS.match(text)
    return {name.strip(): value.strip() for name, value in _FIELD.findall(found.group(1))} if found else {}


def _register_unknown(text: str) -> None:
    """Make docutils keep the text of each role and directive of this text that it does not know."""
    for name in {name.lower() for name in _ROLE.findall(text)}:
        if name not in en.roles:
            roles.register_local_role(name, _keep_role)
    for name in {name.lower() for name in _DIRECTIVE.findall(text)}:
        if en.directives.get(name) == "code":
            directives.register_directive(name, _Code)
        elif name not in en.directives:
            directives.register_directive(name, _Kept)


def _keep_role(name: str, rawtext: str, text: str, *_: object) -> tuple[list[Any], list[Any]]:
    """Return what a person reads of an unknown role: its title, or the last part of what it names."""
    titled = _TITLED.match(text)
    said = titled["title"] if titled else text.lstrip("!")
    if name.lower() == "doc" and not titled:
        said = said.rpartition("/")[2].replace("-", " ")
    if said.startswith("~"):
        said = said.rpartition(".")[2].lstrip("~")
    node = nodes.inline if name.lower() in _WORDS else nodes.literal
    return [node(rawtext, nodes.unescape(said))], []


class _AnyOptions(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return directives.unchanged


class _Kept(Directive):
    """A directive that docutils does not know: its argument, where that is a label, and its content."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOptions(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return the content as it would be read without the directive."""
        if self.name.lower() in _UNSEEN:
            return []
        box = nodes.container()
        if self.arguments:
            label = " ".join(self.arguments[0].split())
            said, _ = self.state.inline_text(label, self.lineno)
            text = [nodes.strong(label, "", *said)] if self.name.lower() in _HEADED else said
            box += nodes.paragraph(label, "", *text)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class _Code(Directive):
    """A block of code, whatever options it has."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOptions(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return the code as it stands."""
        code = "\n".join(self.content)
        return [nodes.literal_block(code, code, classes=["code", *self.arguments[:1]])] if code else []
