"""What Chip says it knows: titles that tell something, of each folder some, and only those that the asker may read."""

from pathlib import Path

import pytest

from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience
from retrieval.store.catalogue import Catalogue, Edition
from retrieval.titles import MOST_TITLES, Titles


@pytest.fixture
def titles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Titles:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite3")
    api = [("api/" + name, name) for name in ("auth", "errors", "getSdk", "V22.5.5", *"abcdefghij")]
    care = [(f"care/{n}", f"Cleaning the mower, part {n}") for n in range(9)]
    more = [
        ("README", "Table of contents"),
        ("shop/prices", "Prices and returns"),
        ("shop/depots", "Our depots in Norway"),
    ]
    told = [Edition(source, "", title, Audience.CUSTOMER, None, None) for source, title in (*api, *care, *more)]
    told.append(Edition("shop/margins", "", "Margins of all shops", Audience.STAFF, None, None))
    monkeypatch.setattr(catalogue, "list_editions", lambda: told)
    return Titles(catalogue)


def test_of_many_documents_the_telling_titles_are_named_some_of_each_folder(titles: Titles) -> None:
    listing = titles.find_listing("What can you help me with?", CUSTOMER_SCOPE)
    assert listing is not None
    shown = listing.lines[0].text.split("\n")[1:]
    assert shown[:4] == [
        "- Cleaning the mower, part 0",
        "- Prices and returns",
        "- Cleaning the mower, part 1",
        "- Our depots in Norway",
    ]
    assert len(shown) == MOST_TITLES + 1
    assert shown[-1] == f"- and {26 - MOST_TITLES} more"
    assert "Table of contents" not in listing.lines[0].text


def test_titles_for_staff_are_named_to_staff_alone(titles: Titles) -> None:
    for_customers, for_staff = (
        titles.find_listing("What can you help me with?", scope) for scope in (CUSTOMER_SCOPE, STAFF_SCOPE)
    )
    assert for_customers is not None
    assert for_staff is not None
    assert "Margins" not in for_customers.lines[0].text
    assert "Margins of all shops" in for_staff.lines[0].text
