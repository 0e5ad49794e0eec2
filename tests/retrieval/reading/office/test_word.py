"""Word files as a reader sees them: tracked changes, controls, notes, boxes, odd tables, numbers."""

from io import BytesIO

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Rules, build_document
from retrieval.reading.formats import read_parts

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def cell(text: str, properties: str = "", style: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text, style) if text else '')}</w:tc>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def make(body: str, *, notes: str = "", links: tuple[str, ...] = (), header: str = "") -> bytes:
    document = docx.Document()
    root = document.element.body
    for child in list(root)[:-1]:
        root.remove(child)
    for number, child in enumerate(parse_xml(f"<w:body {SPACES}>{body}</w:body>")):
        root.insert(number, child)
    if notes:
        blob = f"<w:footnotes {SPACES}>{notes}</w:footnotes>".encode()
        part = Part(PackURI("/word/footnotes.xml"), "application/xml", blob, document.part.package)
        document.part.relate_to(part, RT.FOOTNOTES)
    for link in links:
        document.part.relate_to(link, RT.HYPERLINK, is_external=True)
    if header:
        document.sections[0].header.paragraphs[0].text = header
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def read(raw: bytes) -> str:
    """Return the Markdown of a file."""
    return "\n".join(part.text for part in read_parts("a.docx", raw))


def lines(raw: bytes) -> list[str]:
    """Return the lines of all passages of a file."""
    documents = [build_document(part, "a.docx", Rules()) for part in read_parts("a.docx", raw)]
    return [line for document in documents for p in build_passages(document) for line in p.text.split("\n")]


def test_tracked_changes_are_read_as_made() -> None:
    body = (
        paragraph(
            f"{run('Paid within ')}<w:del><w:r><w:delText>30</w:delText></w:r></w:del>"
            f"<w:ins>{run('14')}</w:ins>{run(' days.')}"
        )
        + paragraph(f"<w:ins>{run('A fee of 12 euros applies.')}</w:ins>")
        + paragraph(f"<w:moveTo>{run('Moved here.')}</w:moveTo><w:moveFrom>{run('Moved away.')}</w:moveFrom>")
        + paragraph(run("One sen"), "<w:rPr><w:del/></w:rPr>")
        + paragraph(run("tence."))
    )
    assert lines(make(body)) == ["Paid within 14 days.", "A fee of 12 euros applies.", "Moved here.", "One sen tence."]


def test_deleted_rows_are_left_out_and_inserted_ones_read() -> None:
    gone = "<w:trPr><w:del/></w:trPr>"
    body = table(
        cell("Part") + cell("Price"), cell("Seal") + cell("9 euros"), gone + cell("Old seal") + cell("7 euros")
    )
    assert lines(make(body)) == ["Part: Seal; Price: 9 euros"]


def test_text_in_controls_is_read_and_an_unfilled_one_is_not() -> None:
    body = (
        f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph(run('The answer takes 4 hours.'))}</w:sdtContent></w:sdt>"
        + paragraph(
            f"{run('Call ')}<w:sdt><w:sdtPr/><w:sdtContent>{run('0800 555')}</w:sdtContent></w:sdt>{run(' at night.')}"
        )
        + f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{paragraph(run('Click here.'))}"
        + "</w:sdtContent></w:sdt>"
    )
    assert lines(make(body)) == ["The answer takes 4 hours.", "Call 0800 555 at night."]


def test_a_footnote_stands_in_its_sentence_and_a_long_one_below() -> None:
    long = "Word. " * 40
    notes = "".join(
        f'<w:footnote w:id="{number}">{paragraph(run(text))}</w:footnote>'
        for number, text in ((2, "Except rotors. They cost 35 euros."), (3, long))
    )
    body = paragraph(
        run("Parts are free.") + '<w:r><w:footnoteReference w:id="2"/></w:r>' + run(" Ask us.")
    ) + paragraph(run("Seals too.") + '<w:r><w:footnoteReference w:id="3"/></w:r>')
    said = lines(make(body, notes=notes))
    assert said[:2] == ["Parts are free (Except rotors; They cost 35 euros). Ask us.", "Seals too."]
    assert said[2].count("Word.") == 40


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('Never run it dry.'))}</w:txbxContent>"
    body = paragraph(
        f"{run('Text.')}<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx>"
        f"</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert lines(make(body)) == ["Text.", "Never run it dry."]


def test_fields_show_their_results_and_links_their_targets() -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText> HYPERLINK "https://x.example/b" </w:instrText></w:r>'
    body = (
        paragraph(f'{run("See ")}<w:hyperlink r:id="{{}}">{run("the page")}</w:hyperlink>{run(".")}')
        + paragraph(run("Or ") + mark("begin") + code + mark("separate") + run("this") + mark("end") + run("."))
        + paragraph(f'<w:fldSimple w:instr=" PAGE ">{run("7")}</w:fldSimple>{run("End.")}')
    )
    document = docx.Document()
    number = document.part.relate_to("https://x.example/a", RT.HYPERLINK, is_external=True)
    text = read(make(body.replace("{}", number), links=("https://x.example/a",)))
    assert text.split("\n\n") == ["See [the page](<https://x.example/a>).", "Or [this](<https://x.example/b>).", "End."]


def test_hidden_text_is_left_out() -> None:
    assert lines(make(paragraph(run("Shown.") + run(" Hidden.", "<w:vanish/>")))) == ["Shown."]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ['<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + cell("islands", '<w:gridSpan w:val="2"/>')],
            ["Days: islands; Fee: islands"],
        ),
        ([cell("", '<w:gridSpan w:val="2"/><w:vMerge/>') + cell("x")], ["Fee: x"]),
        ([cell("South")], ["Zone: South"]),
        ([cell("East") + cell("1") + cell("2") + cell("more")], ["Zone: East; Days: 1; Fee: 2; more"]),
        (
            [
                cell("West", '<w:vMerge w:val="restart"/>') + cell("1") + cell("2"),
                cell("", "<w:vMerge/>") + cell("3") + cell("4"),
            ],
            ["Zone: West; Days: 1; Fee: 2", "Zone: West; Days: 3; Fee: 4"],
        ),
    ],
)
def test_a_table_of_any_grid_is_read(rows: list[str], said: list[str]) -> None:
    body = paragraph(run("Text stays.")) + table(
        cell("Zone") + cell("Days") + cell("Fee"), cell("North") + cell("4") + cell("30 euros"), *rows
    )
    assert lines(make(body)) == ["Text stays.", "Zone: North; Days: 4; Fee: 30 euros", *said]


def test_bold_rows_are_labels_and_a_data_sheet_has_none() -> None:
    bold = "<w:b/>"
    marked = table(cell("Red", style=bold) + cell("Blue", style=bold), cell("stop") + cell("go"))
    assert lines(make(marked)) == ["Red: stop; Blue: go"]
    assert lines(make(table(cell("Flow") + cell("40 l/min"), cell("Weight") + cell("11 kg")))) == [
        "Flow: 40 l/min",
        "Weight: 11 kg",
    ]


def test_a_span_of_millions_is_said_and_does_not_hang() -> None:
    body = paragraph(run("Text.")) + table(
        cell("x", '<w:gridSpan w:val="300000000"/>') + cell("y"), cell("a") + cell("b")
    )
    with pytest.raises(Exception, match="1,000 columns"):
        read(make(body))


def test_a_table_that_only_lays_out_reads_as_text() -> None:
    assert lines(make(table(cell("Note: wear gloves.")))) == ["Note: wear gloves."]


def test_lists_keep_their_numbers_and_headings_theirs() -> None:
    document = docx.Document()
    document.add_paragraph("Open it.", style="List Number")
    document.add_paragraph("Close it.", style="List Number")
    document.add_paragraph("Between.")
    document.add_paragraph("Go.", style="List Number")
    document.add_paragraph("red", style="List Bullet")
    buffer = BytesIO()
    document.save(buffer)
    assert lines(buffer.getvalue()) == ["1. Open it.", "2. Close it.", "Between.", "3. Go.", "- red"]


def test_page_headers_that_say_something_are_read_once() -> None:
    said = read(make(paragraph(run("Text.")), header="Valid from May 2026 on for all pumps"))
    assert said == "Text.\n\n# Page header and footer\n\nValid from May 2026 on for all pumps"
    assert read(make(paragraph(run("Text.")), header="ACME")) == "Text."


def test_inner_items_stay_below_their_item_and_a_caption_heads_its_table() -> None:
    document = docx.Document()
    for text, style in (("Open it.", "List Number"), ("left", "List Bullet 2"), ("Close it.", "List Number")):
        document.add_paragraph(text, style=style)
    document.add_paragraph("Table 1: Signs", style="Caption")
    table = document.add_table(2, 2)
    for place, text in enumerate(("Sign", "Meaning", "Red", "No water.")):
        table.cell(place // 2, place % 2).text = text
    buffer = BytesIO()
    document.save(buffer)
    assert read(buffer.getvalue()).split("\n\n")[:4] == [
        "1. Open it.",
        "    - left",
        "2. Close it.",
        "**Table 1: Signs**",
    ]
    (built,) = [build_document(part, "a.docx", Rules()) for part in read_parts("a.docx", buffer.getvalue())]
    assert build_passages(built)[-1].heading == "A › Table 1: Signs"


def test_an_inner_item_without_an_outer_one_is_no_code() -> None:
    document = docx.Document()
    for text, style in (("Text.", "Normal"), ("deep", "List Bullet 2"), ("deeper", "List Bullet 3")):
        document.add_paragraph(text, style=style)
    buffer = BytesIO()
    document.save(buffer)
    assert [line.strip() for line in lines(buffer.getvalue())] == ["Text.", "- deep", "- deeper"]


def test_ticks_that_a_font_draws_are_read() -> None:
    tick = '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'
    assert lines(make(paragraph(tick + run(" included")))) == ["✓ included"]
