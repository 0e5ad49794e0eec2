"""PowerPoint: groups, charts, diagrams of text, hidden slides, numbers of lists."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Rules, build_document
from retrieval.reading.formats import read_parts


def save(presentation: "pptx.presentation.Presentation") -> bytes:
    buffer = BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


PLACE = (Inches(0), Inches(0), Inches(4), Inches(4))


def read(raw: bytes) -> list[tuple[str, str, int | None]]:
    documents = [build_document(part, str(Path("deck.pptx")), Rules()) for part in read_parts("deck.pptx", raw)]
    return [(p.heading, p.text, p.page) for document in documents for p in build_passages(document)]


def add_slide(presentation: "pptx.presentation.Presentation", title: str = "") -> "pptx.slide.Slide":
    slide: pptx.slide.Slide = presentation.slides.add_slide(presentation.slide_layouts[5 if title else 6])
    if title:
        assert slide.shapes.title is not None
        slide.shapes.title.text = title
    return slide


def test_text_in_groups_of_groups_is_read() -> None:
    presentation = pptx.Presentation()
    group = add_slide(presentation, "Path").shapes.add_group_shape()
    group.shapes.add_textbox(*PLACE).text_frame.text = "Level 1: the depot"
    inner = group.shapes.add_group_shape()
    inner.shapes.add_textbox(*PLACE).text_frame.text = "Level 2: the factory"
    assert read(save(presentation)) == [("Deck › Path", "Level 1: the depot\nLevel 2: the factory", None)]


def test_a_hidden_slide_is_left_out_and_counted() -> None:
    presentation = pptx.Presentation()
    for text in ("one", "two", "three"):
        add_slide(presentation).shapes.add_textbox(*PLACE).text_frame.text = text
    presentation.slides[1]._element.set("show", "0")
    assert read(save(presentation)) == [("Deck › Slide 1", "one", 1), ("Deck › Slide 3", "three", 3)]


def test_a_chart_says_its_values_in_their_format() -> None:
    presentation = pptx.Presentation()
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["Seal leak", "Motor burnt"]
    data.add_series("2024", (0.12, 0.45))
    data.add_series("2025", (0.2, None))
    # The types of python-pptx name other classes than its examples pass and get.
    shapes: Any = add_slide(presentation, "Returns").shapes
    chart = shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *PLACE, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Share of returns"
    assert read(save(presentation)) == [
        ("Deck › Returns › Share of returns", "Seal leak - 2024: 12.0%; 2025: 20.0%\nMotor burnt - 2024: 45.0%", None)
    ]


def test_a_table_with_merged_cells_is_read() -> None:
    presentation = pptx.Presentation()
    table = add_slide(presentation, "Prices").shapes.add_table(3, 3, *PLACE).table
    for row, cells in enumerate((("Plan", "Price", ""), ("", "month", "year"), ("Basic", "9 euros", "90 euros"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    assert read(save(presentation)) == [
        ("Deck › Prices", "Plan: Basic; Price, month: 9 euros; Price, year: 90 euros", None)
    ]
