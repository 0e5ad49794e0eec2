"""Files read into documents, and those that cannot be."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from retrieval.passage import Audience
from retrieval.reading.documents import Document, Unreadable
from retrieval.sources.folder import load_documents


def load(folder: Path, **options: Any) -> dict[str, Document | Unreadable]:
    loaded = load_documents(folder, **options)
    return {d.source if isinstance(d, Document) else d.path: d for d in loaded}


def test_front_matter_gives_title_audience_and_date(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\ntitle: Moss 2\naudience: customer\nupdated: 2026-03-01\nowner: x\n---\nText.\n"
    )
    document = load(tmp_path)["a.md"]
    assert isinstance(document, Document)
    assert (document.title, document.audience, document.updated) == ("Moss 2", Audience.CUSTOMER, date(2026, 3, 1))
    assert document.text.strip() == "Text."


def test_a_document_without_an_audience_is_for_staff(tmp_path: Path) -> None:
    (tmp_path / "plain.md").write_text("# Secret margins\nText.\n")
    (tmp_path / "note.txt").write_text("Text.\n")
    found = load(tmp_path)
    assert all(isinstance(d, Document) and d.audience is Audience.STAFF for d in found.values())
    assert [d.title for d in found.values() if isinstance(d, Document)] == ["Note", "Secret margins"]
    customer = next(load_documents(tmp_path, default_audience=Audience.CUSTOMER))
    assert isinstance(customer, Document)
    assert customer.audience is Audience.CUSTOMER


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x01\x02", "binary"),
        (b"\x01\x02\x03\x04 text", "save it as UTF-8"),
        (b"", "empty"),
        (b"---\ntitle: x\n---\n\n", "empty"),
        (b"---\naudience: group:oops!\n---\ntext", "audience 'group:oops!' is unknown"),
        (b"x" * 2_001, "too large"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bad.md").write_bytes(content)
    (tmp_path / "good.md").write_text("text")
    found = load(tmp_path, max_bytes=2_000)
    assert isinstance(found["bad.md"], Unreadable)
    assert reason in found["bad.md"].reason
    assert isinstance(found["good.md"], Document)


def test_links_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config.md").write_text("text")
    (folder / "a.md").write_text("text")
    (tmp_path / "outside.md").write_text("secret")
    (folder / "outside.md").symlink_to(tmp_path / "outside.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "sub" / "up").symlink_to(folder)
    assert list(load(folder)) == ["a.md"]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("\ufeff---\r\ntitle: Größe\r\naudience: customer\r\n---\r\nText.\r\n".encode())
    document = load(tmp_path)["a.md"]
    assert isinstance(document, Document)
    assert (document.title, document.audience, document.text) == ("Größe", Audience.CUSTOMER, "Text.\n")


def test_the_digest_changes_with_everything_that_matters(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    digests = set()
    for text in (
        "---\naudience: staff\n---\nA",
        "---\naudience: customer\n---\nA",
        "---\naudience: staff\n---\nB",
        "A",
    ):
        path.write_text(text)
        document = load(tmp_path)["a.md"]
        assert isinstance(document, Document)
        digests.add(document.digest)
    assert len(digests) == 3  # the last is the first: no audience means staff
