"""Old versions give way to new ones, and documents that contradict each other are caught at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.encoders.embedder import Embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope
from retrieval.reading.documents import Rules
from retrieval.retrieved import Retrieved
from retrieval.sources.folder import list_folder
from retrieval.store.catalogue import Edition
from retrieval.store.versions import find_superseded, is_old

TERMS = """---
title: Warranty terms {mark}
audience: {audience}
{updated}---
# Coverage
The warranty of every robot lasts {years} years. It covers the motor, the wheels and the case of the robot.
The battery has a warranty of 12 months. Damage by water is not covered by the warranty at all.
{more}"""
QUESTION = "How long does the warranty of a robot last?"


@pytest.fixture
def knowledge(tmp_path: Path, embedder: Embedder) -> Iterator[Knowledge]:
    (tmp_path / "documents").mkdir()
    opened = Knowledge(tmp_path / "index", embedder)
    yield opened
    opened.close()


def write(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "documents" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def terms(years: int, *, day: str = "", mark: str = "", audience: str = "customer", more: str = "") -> str:
    updated = f"updated: {day}\n" if day else ""
    return TERMS.format(mark=mark, audience=audience, updated=updated, years=years, more=more)


def ask(knowledge: Knowledge, tmp_path: Path, question: str = QUESTION, scope: Scope = CUSTOMER_SCOPE) -> Retrieved:
    knowledge.ingest(tmp_path / "documents")
    return knowledge.find_evidence(question, scope)


def said(found: Retrieved) -> str:
    return " ".join(line.text for line in found.evidence.lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("warranty-2024.md", terms(2, day="2024-01-01")), ("warranty-2026.md", terms(3, day="2026-01-01"))),
        (("old/warranty.md", terms(2, day="2024-01-01")), ("warranty.md", terms(3, day="2026-01-01"))),
        (("warranty_v1.md", terms(2, mark="v1")), ("warranty_v2.md", terms(3, mark="v2"))),
    ],
)
def test_the_newest_version_is_preferred(
    knowledge: Knowledge, tmp_path: Path, old: tuple[str, str], new: tuple[str, str]
) -> None:
    write(tmp_path, *old)
    write(tmp_path, *new)
    found = ask(knowledge, tmp_path)
    assert "3 years" in said(found)
    assert "2 years" not in said(found)
    assert not any("old version" in line.heading for line in found.evidence.lines)


def test_what_only_the_old_version_says_is_said_to_be_old(knowledge: Knowledge, tmp_path: Path) -> None:
    extra = "\n# Rental fleet\nThe rental fleet gets a loan robot from the depot in Aldersund within four hours.\n"
    write(tmp_path, "warranty-2024.md", terms(2, day="2024-01-01", more=extra))
    write(tmp_path, "warranty-2026.md", terms(3, day="2026-01-01"))
    for number in range(12):
        text = f"---\naudience: customer\n---\n# Depot {number}\nThe depot {number} gives a loan robot to the fleet."
        write(tmp_path, f"depot-{number}.md", text)
    found = ask(knowledge, tmp_path, "When does the rental fleet get a loan robot from the depot in Aldersund?")
    line = next(line for line in found.evidence.lines if "Aldersund" in line.text)
    assert line.heading == "Warranty terms › Rental fleet (old version; see Warranty terms of 2026-01-01)"


def test_a_newer_version_for_staff_does_not_make_the_customers_one_old(knowledge: Knowledge, tmp_path: Path) -> None:
    write(tmp_path, "warranty-2024.md", terms(2, day="2024-01-01"))
    write(tmp_path, "warranty-2026.md", terms(3, day="2026-01-01", audience="staff"))
    customer = ask(knowledge, tmp_path)
    assert "2 years" in said(customer)
    assert not any("old version" in line.heading for line in customer.evidence.lines)
    assert "2 years" not in said(ask(knowledge, tmp_path, scope=STAFF_SCOPE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("---\ntitle: Moss 2\n{head}", "---\ntitle: Moss 2 Pro\n{head}"),
        ("---\ntitle: Moss 2\n{head}", "---\ntitle: Moss 3\n{head}"),
    ],
)
def test_sister_products_are_no_versions_of_each_other(
    knowledge: Knowledge, tmp_path: Path, one: str, other: str
) -> None:
    head = "audience: customer\nupdated: {day}\n---\n" + "The robot charges in {n} minutes and needs no wire. " * 3
    write(tmp_path, "one.md", one.format(head=head.format(day="2024-01-01", n=80)))
    write(tmp_path, "two.md", other.format(head=head.format(day="2026-01-01", n=95)))
    found = ask(knowledge, tmp_path, "In how many minutes does the robot charge?")
    assert {hit.passage.source for hit in found.hits} == {"one.md", "two.md"}
    assert not any(is_old(hit.passage) for hit in found.hits)
    assert found.conflicts == ()


def test_two_documents_that_contradict_each_other_are_shown_as_such(knowledge: Knowledge, tmp_path: Path) -> None:
    for name, title, day, years in (("a", "Warranty", "2026-01-01", 3), ("b", "Questions", "2024-01-01", 2)):
        head = f"---\ntitle: {title}\naudience: customer\nupdated: {day}\n---\n"
        text = f"{head}The warranty of every robot lasts {years} years.\n"
        write(tmp_path, f"{name}.md", text)
    (conflict,) = ask(knowledge, tmp_path).conflicts
    assert ("3 years" in conflict.newer.text, "2 years" in conflict.older.text) == (True, True)


def test_yes_and_no_to_one_thing_is_a_contradiction(knowledge: Knowledge, tmp_path: Path) -> None:
    for name, may in (("a", "may"), ("b", "may not")):
        text = f"---\ntitle: Rain {name}\naudience: customer\n---\nThe Moss 2 {may} mow wet grass in heavy rain.\n"
        write(tmp_path, f"{name}.md", text)
    assert len(ask(knowledge, tmp_path, "May the Moss 2 mow wet grass in heavy rain?").conflicts) == 1


def sync(knowledge: Knowledge, tmp_path: Path, origin: str, files: dict[str, str]) -> None:
    """Make a source hold exactly these files."""
    for name, text in files.items():
        path = tmp_path / origin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    knowledge.sync(origin, list_folder(tmp_path / origin, Rules(), prefix=f"{origin}:"))


def find(knowledge: Knowledge, scope: Scope = CUSTOMER_SCOPE, question: str = QUESTION) -> Retrieved:
    return knowledge.find_evidence(question, scope)


def test_the_newest_is_preferred_whichever_source_it_comes_from(knowledge: Knowledge, tmp_path: Path) -> None:
    write(tmp_path, "policies/warranty.md", terms(2, day="2024-01-01"))
    knowledge.ingest(tmp_path / "documents")
    sync(knowledge, tmp_path, "help", {"en/policies/warranty.md": terms(3, day="2026-01-01")})
    sync(knowledge, tmp_path, "wiki", {"warranty.md": terms(1, day="2023-01-01")})
    found = find(knowledge)
    assert {hit.passage.source for hit in found.hits} == {"help:en/policies/warranty.md"}
    assert "3 years" in said(found)
    knowledge.forget("help")
    assert "2 years" in said(find(knowledge))


def test_what_the_asker_may_not_read_makes_no_other_sources_document_old(knowledge: Knowledge, tmp_path: Path) -> None:
    sync(knowledge, tmp_path, "help", {"warranty.md": terms(2, day="2024-01-01")})
    sync(knowledge, tmp_path, "intern", {"warranty.md": terms(3, day="2026-01-01", audience="staff")})
    customer = find(knowledge)
    assert "2 years" in said(customer)
    assert not any(is_old(hit.passage) for hit in customer.hits)
    assert "2 years" not in said(find(knowledge, STAFF_SCOPE))


def build_edition(origin: str, name: str) -> Edition:
    return Edition(f"{origin}:{name}.md", origin, "Terms", Audience.CUSTOMER, None, None)


def test_many_versions_and_their_mirror_are_compared_each_by_itself() -> None:
    origins = ("help", "mirror")
    editions = [build_edition(origin, f"terms_v{n}") for origin in origins for n in range(1, 13)]
    found = find_superseded(editions, lambda _: terms(3))
    assert found == {f"{origin}:terms_v{n}.md": f"{origin}:terms_v12.md" for origin in origins for n in range(1, 12)}


def test_documents_of_which_none_is_newer_are_not_read() -> None:
    read: list[str] = []

    def read_text(source: str) -> str:
        read.append(source)
        return terms(3)

    copies = [build_edition(origin, "terms") for origin in ("help", "mirror")]
    assert (find_superseded(copies, read_text), read) == ({}, [])
    assert find_superseded([*copies, build_edition("help", "terms_v2")], read_text)


SPECS = (
    "---\ntitle: {title}\naudience: customer\nupdated: {day}\n---\n"
    "Before the first use of the robot read all of the safety notes in the box. "
    "The battery of the {name} charges in {n} minutes at the station. "
    "After the first use of the robot clean the blades with a dry cloth and let them cool down. "
    "Ask a dealer to replace the blades of the robot once a year, or whenever they are worn.\n"
)
OLD = {"title": "Specifications", "name": "Moss 2", "day": "2024-01-01", "n": 80}
NEW = {"title": "Specifications", "name": "Moss 2 Pro", "day": "2026-01-01", "n": 95}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"specs.md": SPECS.format(**OLD)}, {"specs.md": SPECS.format(**NEW)}),
        ({"moss-2/specs.md": SPECS.format(**OLD)}, {"moss-2-pro/specs.md": SPECS.format(**NEW | {"name": "Moss 2"})}),
        (
            {"specs.md": SPECS.format(**OLD | {"title": "Moss 2"})},
            {"specs.md": SPECS.format(**NEW | {"title": "Moss 3"})},
        ),
        (
            {"specs.md": SPECS.format(**OLD)},
            {
                f"{place}/specs.md": SPECS.format(**NEW | {"name": "Moss 2", "n": n})
                for place, n in (("a", 95), ("b", 99))
            },
        ),
        (
            {"specs.md": SPECS.format(**OLD)},
            {"specs.md": SPECS.format(**NEW | {"name": "Moss 2"}).replace("updated", "x")},
        ),
    ],
    ids=["another product", "another folder", "another title", "in many folders", "no day"],
)
def test_what_only_looks_alike_in_two_sources_is_no_version(
    knowledge: Knowledge, tmp_path: Path, one: dict[str, str], other: dict[str, str]
) -> None:
    sync(knowledge, tmp_path, "one", one)
    sync(knowledge, tmp_path, "other", other)
    found = find(knowledge, question="In how many minutes does the robot charge?")
    assert {hit.passage.source for hit in found.hits} == {f"one:{n}" for n in one} | {f"other:{n}" for n in other}
    assert not any(is_old(hit.passage) for hit in found.hits)


def test_such_documents_of_the_same_product_are_versions(knowledge: Knowledge, tmp_path: Path) -> None:
    sync(knowledge, tmp_path, "one", {"specs.md": SPECS.format(**OLD)})
    sync(knowledge, tmp_path, "other", {"specs.md": SPECS.format(**NEW | {"name": "Moss 2"})})
    found = find(knowledge, question="In how many minutes does the robot charge?")
    assert {hit.passage.source for hit in found.hits} == {"other:specs.md"}


def test_the_same_passage_is_shown_once_and_to_whoever_may_read_one_of_its_copies(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    sync(knowledge, tmp_path, "intern", {"a.md": terms(3, audience="staff")})
    sync(knowledge, tmp_path, "help", {"b.md": terms(3)})
    assert [hit.passage.source for hit in find(knowledge).hits] == ["help:b.md"]
    assert len(find(knowledge, STAFF_SCOPE).hits) == 1
    knowledge.forget("help")
    assert find(knowledge).hits == ()
    assert [hit.passage.source for hit in find(knowledge, STAFF_SCOPE).hits] == ["intern:a.md"]


def test_copies_take_no_places_from_other_passages(tmp_path: Path, embedder: Embedder) -> None:
    knowledge = Knowledge(tmp_path / "index", embedder, max_hits=3)
    for origin in ("one", "two", "three"):
        sync(knowledge, tmp_path, origin, {"warranty.md": terms(3)})
    write(tmp_path, "depot.md", "---\naudience: customer\n---\n# Depot\nThe warranty desk is at the depot.\n")
    write(tmp_path, "shop.md", "---\naudience: customer\n---\n# Shop\nThe shop sells a longer warranty.\n")
    found = ask(knowledge, tmp_path)
    assert len({hit.passage.text for hit in found.hits}) == len(found.hits) == 3
    knowledge.close()
