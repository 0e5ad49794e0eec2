"""PDF: words in their places, what pages repeat, hyphens, columns, tables."""

from collections.abc import Sequence
from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Rules, build_document
from retrieval.reading.formats import read_parts
from retrieval.reading.pdf.prose import Vocabulary

Placed = tuple[float, float, str]


def make(*pages: Sequence[Placed], title: str = "", rules: Sequence[float] = ()) -> bytes:
    """Return a PDF with texts, and lines across the page, at places from the upper left corner. "\\1" is a ligature."""
    writer = PdfWriter()
    encoding = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Encoding"),
            NameObject("/BaseEncoding"): NameObject("/WinAnsiEncoding"),
            NameObject("/Differences"): ArrayObject([NumberObject(1), NameObject("/fi")]),
        }
    )
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): encoding,
        }
    )
    for texts in pages:
        page = writer.add_blank_page(595, 842)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        drawn = (f"BT /F1 10 Tf {x} {842 - y} Td ({text}) Tj ET" for x, y, text in texts)
        lines = (f"50 {842 - y} m 500 {842 - y} l S" for y in rules)
        stream.set_data("\n".join([*drawn, *lines]).encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def read(raw: bytes) -> list[str]:
    (part,) = read_parts("hand-book.pdf", raw)
    passages = build_passages(build_document(part, "hand-book.pdf", Rules()))
    return [line.replace("\u00a0", " ") for p in passages for line in p.text.split("\n")]


def column(x: float, y: float, *lines: str) -> list[Placed]:
    return [(x, y + 13 * number, line) for number, line in enumerate(lines)]


LEFT = (
    "Used batteries of the pump are",
    "taken back free of charge at",
    "every depot. Bring them in the",
    "grey box that came with it.",
)
RIGHT = (
    "The depot in Bergen is closed",
    "from 24 December until the 2nd",
    "of January. Urgent orders go",
    "to Aarhus during that time.",
)


def test_two_columns_are_read_one_after_the_other_however_they_are_drawn() -> None:
    by_line = [text for pair in zip(column(50, 100, *LEFT), column(320, 100, *RIGHT), strict=True) for text in pair]
    over_both = (50.0, 80.0, "What is new in our depots in the winter of this year and in the spring of the next one")
    assert read(make([over_both, *by_line])) == [over_both[2], " ".join(LEFT), " ".join(RIGHT)]


def test_rows_of_a_table_carry_their_labels_and_wrapped_cells_stay_whole() -> None:
    rows = [
        ("Model", "Max. head", "Remarks"),
        ("T 40", "28 m", "for clean"),
        ("", "", "water only"),
        ("T 60", "34 m", "for any water"),
    ]
    placed = [
        (x, 100 + 13 * number, text)
        for number, row in enumerate(rows)
        for x, text in zip((50, 160, 280), row, strict=True)
        if text
    ]
    assert read(
        make([(50, 60, "Overview"), *placed, (50, 200, "The heads were measured with water of 20 degrees.")])
    ) == [
        "Overview",
        "Model: T 40; Max. head: 28 m; Remarks: for clean water only",
        "Model: T 60; Max. head: 34 m; Remarks: for any water",
        "The heads were measured with water of 20 degrees.",
    ]


def place_rows(*rows: tuple[str, ...]) -> list[Placed]:
    """Return the cells of rows that are 13 points apart, from 100 on."""
    return [
        (x, 100.0 + 13 * number, text)
        for number, row in enumerate(rows)
        for x, text in zip((50.0, 160.0, 280.0), row, strict=True)
        if text
    ]


def test_rules_between_all_rows_hold_the_lines_of_a_row_together() -> None:
    rows = [
        ("Model", "Use", "Remarks"),
        ("Tarn", "clean", "not for"),
        ("40", "water", "the sea"),
        ("Tarn", "any", "none"),
    ]
    assert read(make(place_rows(*rows), rules=[88, 103, 129, 142])) == [
        "Model: Tarn 40; Use: clean water; Remarks: not for the sea",
        "Model: Tarn; Use: any; Remarks: none",
    ]


def test_rules_around_a_table_hold_no_rows_together() -> None:
    rows = [("Model", "Use", "Remarks"), ("T 1", "a", "b"), ("T 2", "c", "d"), ("T 3", "e", "f"), ("T 4", "g", "h")]
    assert read(make(place_rows(*rows), rules=[88, 103, 155]))[-1] == "Model: T 4; Use: g; Remarks: h"


def test_running_heads_and_page_numbers_are_left_out_and_sentences_go_on() -> None:
    texts = (
        "The guarantee for the winding is",
        "seven years from the day of sale. Lifting eyes are",
        "rated for 150 kg.",
    )
    pages = [
        [(50, 25, "ACME HANDBOOK"), (450, 25, f"Page {n} of 3"), (50, 100, text), (300, 820, str(n))]
        for n, text in enumerate(texts, start=1)
    ]
    assert read(make(*pages)) == [" ".join(texts)]


def test_ligatures_are_letters() -> None:
    assert read(make([(50, 100, "The \\001lter is \\001ne.")])) == ["The filter is fine."]


def test_hyphens_at_line_ends_stay_where_they_belong() -> None:
    said = column(
        50,
        100,
        "The pump is self-",
        "priming and made of corro-",
        "sion resistant steel. The leak-",
        "age was small.",
        "A leakage is rare.",
    )
    assert read(make(said)) == [
        "The pump is self-priming and made of corrosion resistant steel. The leakage was small.",
        "A leakage is rare.",
    ]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["the start-", "up current"], "the start-up current"),
        (["a guaran-", "tee"], "a guarantee"),
        (["a low-noise fan", "a low-", "noise fan"], "a low-noise fan"),
        (["die Pumpe und der Deckel", "die Pumpen-", "gehäuse"], "die Pumpengehäuse"),
        (["the Tarn-", "Pump"], "the Tarn-Pump"),
        (["wet and dry oil", "the oil-", "wet part"], "the oil-wet part"),
        (["soft\u00ad", "ware"], "software"),
    ],
)
def test_the_words_of_the_file_tell_how_a_cut_word_is_written(lines: list[str], joined: str) -> None:
    assert Vocabulary(lines).join(lines[-2], lines[-1]) == joined


def test_the_file_name_that_word_left_is_no_title() -> None:
    (part,) = read_parts("a.pdf", make([(50, 100, "Text.")], title="Microsoft Word - handbook(2).docx"))
    assert part.title is None


def test_list_items_stay_items() -> None:
    items = [
        (50.0, 100.0, "1."),
        (70.0, 100.0, "Switch it off."),
        (50.0, 113.0, "2."),
        (70.0, 113.0, "Open the cover."),
        (50.0, 126.0, "3."),
        (70.0, 126.0, "Clean it."),
    ]
    assert read(make(items)) == ["1. Switch it off.", "2. Open the cover.", "3. Clean it."]


def test_numbers_that_count_the_pages_are_left_out_wherever_they_stand() -> None:
    pages = [
        [(50.0, 300.0, f"Chapter {word} is here."), (300.0, 640.0, str(n))] for n, word in ((7, "one"), (8, "two"))
    ]
    assert read(make(*pages)) == ["Chapter one is here.", "Chapter two is here."]


def test_a_link_keeps_its_address() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(make([(50, 100, "Read the manual. Then call.")]))))
    writer.add_annotation(0, Link(rect=(50, 735, 130, 755), url="https://x.example/manual"))
    buffer = BytesIO()
    writer.write(buffer)
    assert read(buffer.getvalue()) == ["Read the manual (https://x.example/manual). Then call."]
