"""A page holds the files of its folder that it includes, and nothing from elsewhere."""

from pathlib import Path

import pytest

from retrieval.passage import Audience
from retrieval.reading.documents import Document, Item, Rules
from retrieval.sources.folder import list_folder, load_documents
from retrieval.sources.includes import include_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manual beside a file that is not among the documents."""
    manual = tmp_path / "documents" / "manual"
    (manual / "parts").mkdir(parents=True)
    (tmp_path / "documents" / "prices.rst").write_text("The price is secret.\n")
    (tmp_path / "outside.rst").write_text("Nobody may read this.\n")
    (manual / "parts" / "warranty.txt").write_text("The warranty lasts 3 years.\n")
    (manual / "mount.rst").write_text("Mount\n=====\n\n.. note::\n\n   .. include:: parts/warranty.txt\n")
    (manual / "use.adoc").write_text("= Use\n\ninclude::parts/warranty.txt[]\n")
    return manual


def read(manual: Path) -> dict[str, str]:
    found = load_documents(manual.parent, default_audience=Audience.STAFF)
    return {one.source: one.text for one in found if isinstance(one, Document)}


@pytest.mark.parametrize("page", ["manual/mount.rst", "manual/use.adoc"])
def test_a_page_holds_what_it_includes(folder: Path, page: str) -> None:
    assert "The warranty lasts 3 years." in read(folder)[page]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.rst", ".. include:: ../prices.rst"),
        ("a.rst", ".. include:: ../../outside.rst"),
        ("a.rst", ".. include:: /etc/hostname"),
        ("a.rst", ".. include:: link.rst"),
        ("a.rst", ".. include:: .hidden.rst"),
        ("a.rst", ".. include:: staff.rst"),
        ("a.rst", ".. include:: missing.rst"),
        ("a.rst", ".. include:: parts"),
        ("a.rst", ".. include:: parts/warranty.txt\n   :start-after: lasts"),
        ("a.adoc", "include::../prices.rst[]"),
        ("a.adoc", "include::parts/warranty.txt[lines=1..2]"),
        ("a.adoc", "include::https://example.com/a.adoc[]"),
        ("a.md", "include::parts/warranty.txt[]"),
    ],
)
def test_nothing_else_is_included(folder: Path, name: str, line: str) -> None:
    (folder / ".hidden.rst").write_text("Hidden.\n")
    (folder / "staff.rst").write_text(":audience: staff\n\nFor staff.\n")
    (folder / "link.rst").symlink_to(folder.parent.parent / "outside.rst")
    raw = f"A\n=\n\n{line}\n".encode()
    assert include_files(folder / name, raw) == raw


def test_a_file_that_includes_itself_ends(folder: Path) -> None:
    (folder / "loop.adoc").write_text("Round.\n\ninclude::loop.adoc[]\n")
    assert read(folder)["manual/loop.adoc"].count("Round.") == 5


def test_a_page_is_read_again_when_what_it_includes_changes(folder: Path) -> None:
    def name_prints() -> dict[str, str]:
        rules = Rules(Audience.STAFF)
        return {one.name: one.fingerprint for one in list_folder(folder, rules) if isinstance(one, Item)}

    before = name_prints()
    (folder / "parts" / "warranty.txt").write_text("The warranty lasts 4 years.\n")
    after = name_prints()
    assert {source for source in before if before[source] != after[source]} == {
        "mount.rst",
        "use.adoc",
        "parts/warranty.txt",
    }
