"""What a person sees of a file is counted apart from Chip's readers, and what Chip loses of it is told."""

import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from pptx import Presentation
from pptx.util import Inches

from benchmarks.formats import build_figures, measure_file
from benchmarks.seen_words import count_words, find_seen


def see(name: str, raw: bytes) -> set[str]:
    reader = find_seen(name)
    assert reader is not None
    return set(count_words(reader(raw)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,000.00 EUROS", {"1000", "euros"}),
        ("ﬁlter af\u00adfixed", {"filter", "affixed"}),
        ("guaran-\ntee self-priming", {"guarantee", "self", "priming"}),
        ("007 and 7", {"7", "and"}),
        ("[here](https://dl.tarn.example/fw-3.2.bin) or\n```bash\nls\n```", {"here", "or", "ls"}),
    ],
)
def test_words_and_numbers_count_however_they_are_set(text: str, words: set[str]) -> None:
    assert set(count_words(text)) == words


@pytest.mark.parametrize(
    ("name", "text", "seen", "unseen"),
    [
        ("a.html", "<nav>Home</nav><p hidden>blue</p><script>var x</script>", {"blue"}, {"home", "var"}),
        (
            "a.md",
            "---\ntitle: Pumps\n---\n<details>\nblue valve\n</details>\n\n![alt](x.png)\n",
            {"blue"},
            {"alt", "title"},
        ),
        ("a.csv", "Teil;Preis\nSchlauch;9 €\n", {"schlauch", "preis"}, set()),
        ("a.txt", "Garantie", {"garantie"}, set()),
    ],
)
def test_text_is_seen_as_it_is_rendered(name: str, text: str, seen: set[str], unseen: set[str]) -> None:
    words = see(name, text.encode())
    assert seen <= words
    assert not unseen & words


def test_a_tracked_insertion_is_seen_and_a_deletion_is_not() -> None:
    document, raw = Document(), BytesIO()
    document.add_paragraph("Refunds KEPT islands.")
    document.save(raw)
    with zipfile.ZipFile(raw) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = (
        parts["word/document.xml"]
        .decode()
        .replace("<w:r>", '<w:ins w:id="1"><w:r>')
        .replace("</w:r>", "</w:r></w:ins>")
    )
    gone = '<w:del w:id="2"><w:r><w:delText>never</w:delText></w:r></w:del>'
    parts["word/document.xml"] = body.replace("</w:p>", f"{gone}</w:p>", 1).encode()
    changed = BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert see("a.docx", changed.getvalue()) == {"refunds", "kept", "islands"}


def test_a_hidden_slide_is_not_seen_and_a_group_is() -> None:
    deck, raw = Presentation(), BytesIO()
    for text, is_hidden in (("seal leak", False), ("fax", True)):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = text
        if is_hidden:
            slide._element.set("show", "0")
    deck.save(raw)
    assert see("a.pptx", raw.getvalue()) == {"seal", "leak"}


def test_a_workbook_is_seen_as_displayed() -> None:
    book, raw = openpyxl.Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Terms"
    for row in (["Discount", 0.125], ["Secret", 1]):
        sheet.append(row)
    sheet["B1"].number_format = "0.0%"
    sheet.row_dimensions[2].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"
    book.save(raw)
    assert see("a.xlsx", raw.getvalue()) == {"terms", "discount", "12.5"}


def test_a_forwarded_mail_is_seen_and_of_two_forms_the_rich_one() -> None:
    raw = b"""Subject: Recall
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

stub
--b
Content-Type: text/html

<p>blue</p>
--b--
--a
Content-Type: message/rfc822

Subject: Batch

clamps
--a--
"""
    assert see("a.eml", raw) == {"recall", "blue", "batch", "clamps"}


def test_what_is_lost_and_what_nobody_sees_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pump.md"
    path.write_text("# Pump\n\nThe Tarn 40 weighs 11 kg.\n", encoding="utf-8")
    loss = measure_file(path)
    assert loss is not None
    assert (loss.seen, loss.kept, loss.lost, loss.not_seen) == (7, 7, (), ())
    figures = {figure.what: figure.value for figure in build_figures([(".md", loss)])}
    assert (figures["files"], figures["words seen"], figures["kept"]) == (1, 7, 100.0)
    assert measure_file(tmp_path / "film.mp4") is None
