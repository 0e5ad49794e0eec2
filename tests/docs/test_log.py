"""The log: every entry has a date, an area, a title and a verdict, newest first, and stands in the index."""

from docs.generate import HEADING, PROJECT, render

LOG = (PROJECT / "docs" / "LOG.md").read_text(encoding="utf-8")
ENTRIES = LOG.split("\n## ")[1:]


def test_every_entry_opens_with_date_area_title_and_verdict() -> None:
    headings = ["## " + entry.splitlines()[0] for entry in ENTRIES]
    assert [heading for heading in headings if not HEADING.fullmatch(heading)] == []


def test_every_entry_ends_with_the_verdict_of_its_heading() -> None:
    for entry in ENTRIES:
        heading = entry.splitlines()[0]
        assert f"\nVerdict: {heading.rpartition(': ')[2]}" in entry, heading


def test_the_newest_entry_comes_first() -> None:
    dates = [entry[:10] for entry in ENTRIES]
    assert dates == sorted(dates, reverse=True)


def test_the_index_lists_every_entry() -> None:
    assert render("docs/LOG.md") == LOG, "make docs writes the index"
