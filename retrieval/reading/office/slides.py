"""Turns PowerPoint into Markdown, a page for each slide: text in groups and tables, charts, diagrams, notes.

Hidden slides are left out. Their page stays empty, so that the others keep their numbers. Knows python-pptx.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO
from itertools import count
from typing import Any

import pptx
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.slide import Slide

from retrieval.reading.documents import PAGE_BREAK, DocumentKind, Part
from retrieval.reading.office.number_formats import show_number
from retrieval.reading.tables.grid import Cell, escape, show_table
from retrieval.reading.tables.heads import Origin
from retrieval.reading.titles import clean_title

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_REPEATED = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER)
_MAX_DEPTH = 50


def read_pptx(raw: bytes) -> Iterator[Part]:
    """Yield a presentation as one part, a page for each slide, with its speaker notes."""
    presentation = pptx.Presentation(BytesIO(raw))
    slides = [_read_slide(slide, number) for number, slide in enumerate(presentation.slides, start=1)]
    properties = presentation.core_properties
    text = f"\n\n{PAGE_BREAK}\n\n".join(slides)
    yield Part(text, DocumentKind.MARKDOWN, clean_title(properties.title), _find_day(properties.modified))


def _read_slide(slide: Slide, number: int) -> str:
    if slide._element.get("show") in ("0", "false"):
        return ""
    title = slide.shapes.title
    heading = " ".join(title.text.split()) if title is not None else ""
    blocks = [block for shape in slide.shapes if shape != title for block in _read_shape(shape)]
    blocks += [block for choice in slide._element.iter(_ALTERNATIVES) for block in _read_alternatives(choice)]
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
        blocks += _read_paragraphs(notes._txBody, is_list=False)
    blocks = [block for block in blocks if block.strip()]
    if not blocks and not heading:
        return ""
    # A slide without a heading of its own would otherwise belong to the heading of the slide before.
    return "\n\n".join([f"## {escape(heading)}" if heading else f"## Slide {number}", *blocks])


def _read_shape(shape: Any, depth: int = 0) -> Iterator[str]:
    """Yield the blocks of a shape. A group yields those of all shapes in it."""
    if hasattr(shape, "shapes"):
        if depth < _MAX_DEPTH:
            yield from (block for inner in shape.shapes for block in _read_shape(inner, depth + 1))
    elif shape.is_placeholder and shape.placeholder_format.type in _REPEATED:
        return
    elif shape.has_chart:
        yield _read_chart(shape.chart)
    elif shape.has_table:
        yield _read_table(shape.table)
    elif shape.has_text_frame:
        yield from _read_paragraphs(shape.text_frame._txBody, is_list=shape.is_placeholder)
    else:
        yield from _read_diagram(shape)


def _read_paragraphs(body: Any, *, is_list: bool) -> list[str]:
    """Return the paragraphs of a text. Several paragraphs of a placeholder become a list."""
    paragraphs = [(paragraph, text) for paragraph in body.iter(qn("a:p")) if (text := _read_text(paragraph))]
    numbers: dict[int, Iterator[int]] = {}
    lines: list[str] = []
    above = -1
    for paragraph, text in paragraphs:
        properties = paragraph.find(qn("a:pPr"))
        level = min(int(properties.get("lvl", 0)) if properties is not None else 0, above + 1)
        mark = _find_mark(properties, is_list and len(paragraphs) > 1)
        if mark == "1.":
            mark = f"{next(numbers.setdefault(level, count(_first_number(properties))))}."
        else:
            numbers.pop(level, None)
        lines.append(f"{'    ' * level}{mark} {text}" if mark else text)
        above = level if mark else -1
    return ["\n".join(lines)] if all(line.lstrip()[:1] in "-123456789" for line in lines) else lines


def _find_mark(properties: Any, is_list: bool) -> str:
    if properties is not None:
        if properties.find(qn("a:buAutoNum")) is not None:
            return "1."
        if properties.find(qn("a:buNone")) is not None:
            return ""
        is_list = is_list or properties.find(qn("a:buChar")) is not None
    return "-" if is_list else ""


def _first_number(properties: Any) -> int:
    return int(properties.find(qn("a:buAutoNum")).get("startAt", 1))


def _read_text(paragraph: Any) -> str:
    """Return a paragraph on one line, with its links but without the slide's own number."""
    words = []
    for child in paragraph:
        if child.tag == qn("a:br"):
            words.append(" ")
        elif child.tag == qn("a:r") or (child.tag == qn("a:fld") and child.get("type") != "slidenum"):
            words.append("".join(text.text or "" for text in child.iter(qn("a:t"))))
        elif isinstance(child.tag, str) and child.tag.endswith("}AlternateContent"):
            words.append("".join(child.itertext()))
    return escape("".join(words))


def _read_table(table: Any) -> str:
    rows = [
        [
            Cell(cell.text.replace("\v", "\n"), cell.span_width, cell.span_height)
            for cell in row.cells
            if not cell.is_spanned
        ]
        for row in table.rows
    ]
    # PowerPoint highlights the first row of a table unless it is told not to.
    return show_table(rows, origin=Origin.BANDED if table.first_row else Origin.DOCUMENT)


def _read_chart(chart: Any) -> str:
    """Return the values of a chart as a table: a row for each category, a column for each series."""
    title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
    series = [one for plot in chart.plots for one in plot.series]
    names = [_find_categories(one) for one in series]
    longest = max(names, key=len, default=[])
    columns = [_read_values(one) for one in series]
    rows = [[Cell(""), *(Cell(_one_line(one.name or "")) for one in series)]]
    for place in range(max([len(longest), *map(len, columns)], default=0)):
        name = longest[place] if place < len(longest) else str(place + 1)
        rows.append([Cell(name), *(Cell(column[place] if place < len(column) else "") for column in columns)])
    return show_table(rows, caption=_one_line(title), head_rows=1 if any(one.name for one in series) else 0)


def _find_categories(series: Any) -> list[str]:
    """Return the names of a series' points: its categories, or the x values of a scatter chart."""
    for kind in ("c:cat", "c:xVal"):
        for reference in series._element.iter(qn(kind)):
            levels = list(reference.iter(qn("c:lvl"))) or [reference]
            names = zip(*(_read_points(level) for level in reversed(levels)), strict=False)
            return [" ".join(filter(None, parts)) for parts in names]
    return []


def _read_values(series: Any) -> list[str]:
    for kind in ("c:val", "c:yVal"):
        for reference in series._element.iter(qn(kind)):
            return _read_points(reference)
    return []


def _read_points(reference: Any) -> list[str]:
    """Return the points of a cache by their number, in its number format."""
    found = reference.find(f".//{qn('c:formatCode')}")
    code = found.text if found is not None and found.text else "General"
    points: dict[int, str] = {}
    for point in reference.iter(qn("c:pt")):
        value = point.find(qn("c:v"))
        text = (value.text or "") if value is not None else ""
        points[int(point.get("idx", 0))] = _show_value(text, point.get("formatCode") or code)
    last = min(max(points, default=-1), 100_000)
    shown = [points.get(place, "") for place in range(last + 1)]
    if reference.tag == qn("c:lvl"):
        # An outer level names several points once, at the first of them.
        for place in range(1, len(shown)):
            shown[place] = shown[place] or shown[place - 1]
    return shown


def _show_value(text: str, code: str) -> str:
    try:
        return show_number(float(text), code)
    except ValueError:
        return _one_line(text)


def _read_diagram(shape: Any) -> Iterator[str]:
    """Yield the texts of a SmartArt diagram as a list."""
    for reference in shape._element.iter(f"{{{_DIAGRAM}}}relIds"):
        data = shape.part.related_part(reference.get(qn("r:dm")))
        root = parse_xml(data.blob)
        texts = ["".join(p.itertext()) for point in root.iter(f"{{{_DIAGRAM}}}t") for p in point.iter(qn("a:p"))]
        yield "\n".join(f"- {escape(text)}" for text in texts if text.strip())


def _read_alternatives(node: Any) -> Iterable[str]:
    """Return the texts of shapes that are stored in several forms, from the first form."""
    parent = node.getparent()
    if parent is None or not parent.tag.endswith(("}spTree", "}grpSp")) or not len(node):
        return []
    return [block for body in node[0].iter(qn("p:txBody")) for block in _read_paragraphs(body, is_list=False)]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _find_day(when: object) -> date | None:
    day = getattr(when, "date", None)
    return day() if callable(day) else None
