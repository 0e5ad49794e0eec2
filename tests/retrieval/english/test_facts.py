"""The table of facts: what is drawn from a passage, kept with the documents, and looked up for a claim."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.encoders.embedder import Embedder
from retrieval.english.facts import ABILITY, CODE, DATE, VERSION, draw_facts, read_values
from retrieval.factcheck.check import Support, judge_claim
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Passage
from retrieval.store.fact_lines import CHECKED_FACTS

NOTES = 40


def passage(text: str, heading: str = "Moss 2 › Specifications") -> Passage:
    return Passage("p1", text, heading, heading.split(" › ")[0], "moss.md", Audience.CUSTOMER)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("It runs for 90 minutes.", "duration", "90 minute"),
        ("It weighs 8.2 kg.", "weight", "8.2 kg"),
        ("It costs 1,290 euros.", "money", "1290 euro"),
        ("Error M01 means that it was lifted.", CODE, "m01"),
        ("Install firmware version 3.5 first.", VERSION, "version 3.5"),
        ("It is sold since 4 May 2024.", DATE, "4 may 2024"),
        ("It cannot climb stairs.", ABILITY, "cannot"),
        ("It can be used in the rain.", ABILITY, "can"),
    ],
)
def test_each_kind_of_fact_is_read(text: str, kind: str, value: str) -> None:
    assert (kind, value) in [(fact.kind, fact.value) for fact in draw_facts(passage(text))]


def test_a_date_and_the_number_of_a_step_are_no_quantities() -> None:
    assert list(read_values("1. Wait. 2. It ended in May 2024.")) == [(DATE, "may 2024")]


def test_a_line_speaks_of_the_model_that_it_names_or_else_of_its_heading() -> None:
    facts = draw_facts(passage("The Moss 2 Pro runs for 140 minutes. It mows 600 square metres."))
    assert [(fact.subject, fact.value, fact.unit) for fact in facts] == [
        ("moss 2 pro", "140 minute", 0),
        ("moss 2", "600 square metre", 1),
    ]


def test_a_document_that_names_no_model_speaks_of_its_title() -> None:
    (fact,) = draw_facts(passage("It lasts 3 years.", "Warranty › How long"))
    assert fact.subject == "warranty"


@pytest.fixture
def knowledge(tmp_path: Path, embedder: Embedder) -> Iterator[Knowledge]:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "moss.md").write_text(
        "---\ntitle: Moss 2\naudience: customer\n---\n"
        "It carries a bag of 8 kg.\n\nIn the shed, the Moss 2 needs 40 cm of room.\n"
    )
    (folder / "price.md").write_text(
        "---\ntitle: Moss 2 for staff\naudience: staff\n---\nThe Moss 2 costs the workshop 41 euros.\n"
    )
    for number in range(NOTES):  # each shares more words with the claim than the line that counts
        (folder / f"note{number}.md").write_text(
            f"---\ntitle: Moss 2, note {number}\naudience: customer\n---\n"
            f"On a rainy day in garden {number} the lawn robot Moss 2 with a bag bears a heavy load.\n"
        )
    opened = Knowledge(tmp_path / "index", embedder)
    opened.ingest(folder)
    yield opened
    opened.close()


def test_a_claim_is_held_against_a_fact_that_no_search_by_words_finds(knowledge: Knowledge) -> None:
    lines = knowledge.find_lines(
        "On a rainy day the lawn robot Moss 2 with a bag bears a load of 12 kg.", CUSTOMER_SCOPE
    )
    assert lines[0].text == "It carries a bag of 8 kg."
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    judged = judge_claim("The Moss 2 carries a bag of 12 kg.", lines)
    assert (judged.verdict, judged.line) == (Support.CONTRADICTED, lines[0])


def test_the_table_holds_what_the_asker_may_read(knowledge: Knowledge) -> None:
    customers = knowledge.list_facts("MOSS 2", CUSTOMER_SCOPE)
    assert [fact.value for fact, passage in customers if passage.source == "moss.md"] == ["40 cm", "8 kg"]
    staff = knowledge.list_facts("Moss 2", STAFF_SCOPE)
    assert [(fact.value, passage.source) for fact, passage in staff if fact.kind == "money"] == [
        ("41 euro", "price.md")
    ]
    assert not any("41" in line.text for line in knowledge.find_lines("The Moss 2 costs 41 euros.", CUSTOMER_SCOPE))


def test_facts_go_with_their_document(knowledge: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "documents" / "moss.md").unlink()
    knowledge.ingest(tmp_path / "documents")
    assert all(passage.source != "moss.md" for _, passage in knowledge.list_facts("Moss 2", CUSTOMER_SCOPE))
    assert knowledge.list_facts("Moss 3", STAFF_SCOPE) == []


def test_what_others_may_read_takes_no_place_among_the_facts(knowledge: Knowledge, tmp_path: Path) -> None:
    secrets = "".join(f"Part {number} of the Moss 2 weighs {number} kg.\n\n" for number in range(2, 2 + CHECKED_FACTS))
    moss = tmp_path / "documents" / "moss.md"
    moss.write_text(moss.read_text() + "\n\nRead this.\n")  # so that it is written after the other
    (tmp_path / "documents" / "a.md").write_text(f"---\ntitle: Parts\naudience: staff\n---\n{secrets}")
    knowledge.ingest(tmp_path / "documents")
    lines = knowledge.find_lines("On a rainy day the lawn robot Moss 2 bears a load of 12 kg.", CUSTOMER_SCOPE)
    assert lines[0].text == "It carries a bag of 8 kg."
    assert not any("Part" in line.text for line in lines)


def test_a_row_of_a_table_states_facts_of_what_its_first_cell_names() -> None:
    rows = (
        "Product: Kestrel Uno; Price: 249 euros; Weight: 6.2 kg\nProduct: Kestrel Due; Price: 399 euros; Weight: 8 kg"
    )
    facts = draw_facts(passage(rows, heading="Prices"))
    assert {fact.value for fact in facts if fact.subject == "kestrel uno"} == {"249 euro", "6.2 kg"}
