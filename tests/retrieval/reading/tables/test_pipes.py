"""Pipe tables are read row by row as markdown-it's own rule reads them cell by cell."""

from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from retrieval.reading.markdown_words import MarkdownReader
from retrieval.reading.tables.pipes import get_rows, read_tables_by_row

HEAD = "| Code | Meaning |\n|---|---|\n"
TEXTS = [
    f"{HEAD}| E1 | The pump stands. |\n| E2 | |\n\nBelow.",
    f"{HEAD}E1 | no edges\nE2\n| E3 | a | b | c |\nBelow, and a row.\n\nNot a row.",
    f"{HEAD}| E1 | a \\| b |\n| E2 | a\\_b \\*c\\* R&D &amp; `x\\|y` |\n",
    f"{HEAD}| E1 | a |\n# Heading\n| no | table |\n",
    f"{HEAD}| E1 | a |\n> Quote\n",
    f"{HEAD}| E1 | a |\n- Item\n",
    f"{HEAD}| E1 | a |\n```\n| code | |\n```\n",
    f"{HEAD}| E1 | a |\n    | code | a |\n",
    f"Before\n{HEAD}| E1 | a |\n",
    "- Item\n\n  | A | B |\n  |---|:-:|\n  | 1 | 2 |\n\nAfter\n",
    "> | A | B |\n> |---|---|\n> | 1 | 2 |\n| 3 | 4 |\n",
    "| A | B |\n|---|\n| 1 | 2 |\n",
    "| A | B |\n|---|---|\n",
    "A | B\n--|--\n1 | 2",
    "| | |\n|---|---|\n| 1 | 2 |\n",
    f"{HEAD}| max_retry | *slanted* **bold** ~~struck~~ <b>html</b> [link](https://a.b) [named][x] |\n\n[x]: https://c.d\n",
    f"{HEAD}| _slanted_ | snake_case_name and __init__ |\n|  two  blanks | tab\tin |\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_lines_are_tables_with_the_same_cells(text: str) -> None:
    plain = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    by_row = MarkdownIt("commonmark").enable("strikethrough").use(read_tables_by_row)
    reader = MarkdownReader(None)
    reader.parse(text)  # the addresses of links are given elsewhere
    expected = list(tell_blocks(SyntaxTreeNode(plain.parse(text)), reader))
    assert list(tell_blocks(SyntaxTreeNode(by_row.parse(text)), reader)) == expected


def test_a_large_table_is_one_token() -> None:
    parser = MarkdownIt("commonmark").use(read_tables_by_row)
    (token,) = parser.parse(HEAD + "| E1 | a |\n" * 500)
    assert (token.type, token.map, len(token.meta["rows"])) == ("table", [0, 502], 501)


def test_a_narrow_row_under_a_wide_head_cannot_unfold_without_end() -> None:
    wide = f"|{'a|' * 300}\n|{'-|' * 300}\n"
    (table, *_) = MarkdownReader(None).parse(wide + "|b|\n" * 1_000).children
    assert sum(map(len, get_rows(table))) < 70_000


def tell_blocks(node: SyntaxTreeNode, reader: MarkdownReader) -> Iterator[tuple[object, ...]]:
    for block in node.children:
        if block.type == "table":
            rows = list_rows(block, reader)
            yield ("table", block.map, rows)
        elif block.type in ("bullet_list", "list_item", "blockquote"):
            yield (block.type, block.map)
            yield from tell_blocks(block, reader)
        else:
            yield (block.type, block.map, block.content or (block.children and block.children[0].content))


def list_rows(table: SyntaxTreeNode, reader: MarkdownReader) -> list[list[str]]:
    if not table.children:
        return [[reader.read_cell(cell) for cell in row] for row in get_rows(table)]
    return [[reader.plain(cell) for cell in row.children] for part in table.children for row in part.children]
