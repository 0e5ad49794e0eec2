"""What the words of a Markdown document are, without the markup that is no part of a passage's layout.

Parses with markdown-it and reads the text within blocks and table cells. Knows nothing of passages or headings.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from retrieval.layout import BREAK, build_code_span, build_link
from retrieval.reading.tables.pipes import read_tables_by_row

_PARSER = MarkdownIt("commonmark").enable("strikethrough").use(read_tables_by_row)
# Cells of data hardly ever hold markup, but for the backslashes that keep it from being any.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"[\\`*\[<&~]|(?<![^\W_])_|_(?![^\W_])")


class MarkdownReader:
    """Reads one document. Struck text is left out. `url` is the document's address, which its links start from."""

    def __init__(self, url: str | None) -> None:
        self._url = url or ""
        # The addresses of links that are given elsewhere in the document.
        self._references: dict[str, Any] = {}

    def parse(self, text: str) -> SyntaxTreeNode:
        """Return the blocks of the document."""
        return SyntaxTreeNode(_PARSER.parse(text, self._references))

    def read_cell(self, cell: str) -> str:
        """Return the words of a table's cell on one line."""
        if not _MARKUP.search(_ESCAPED.sub("x", cell)):
            return " ".join(_ESCAPED.sub(r"\1", cell).split())
        return self.plain(SyntaxTreeNode(_PARSER.parseInline(cell, self._references)))

    def plain(self, node: SyntaxTreeNode) -> str:
        """Return the words on one line."""
        return " ".join(self.laid_out(node).split())

    def laid_out(self, node: SyntaxTreeNode) -> str:
        """Return the words with the intended line breaks."""
        lines = "".join(self._say(node)).split("\n")
        return f"{BREAK}\n".join(line for line in (" ".join(line.split()) for line in lines) if line)

    def _say(self, node: SyntaxTreeNode) -> Iterator[str]:
        for part in node.children:
            match part.type:
                case "text":
                    yield part.content
                case "code_inline":
                    yield build_code_span(part.content)
                case "softbreak":
                    yield " "
                case "hardbreak":
                    yield "\n"
                case "link":
                    label = "".join(self._say(part)).replace("\n", " ")
                    yield self._say_link(label, str(part.attrs.get("href", "")))
                case "html_inline":
                    yield "\n" if part.content.lower().startswith("<br") else ""
                case "image" | "s":
                    yield ""
                case _:
                    yield from self._say(part)

    def _say_link(self, label: str, target: str) -> str:
        scheme, _, address = target.partition(":")
        if scheme in ("mailto", "tel"):
            address = address.partition("?")[0]
            return label if address in label or not label.strip() else f"{label} ({address})"
        if "`" in label:  # code is shown as it is, and holds no links
            return label
        return build_link(label, urljoin(self._url, target) if self._url else target)
