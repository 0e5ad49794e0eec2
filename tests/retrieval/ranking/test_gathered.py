"""Who asks for all of a kind gets all of it, and a bare line comes with the heading that tells of what it speaks."""

from retrieval.passage import Audience, Passage
from retrieval.ranking.gathered import find_outline, gather, tell_heading
from retrieval.ranking.units import ScoredUnit


def build(heading: str, text: str, position: int = 0) -> Passage:
    return Passage(
        f"{heading}{position}", text, heading, heading.split(" › ")[0], "shops.md", Audience.CUSTOMER, position=position
    )


SHOPS = [
    build("Shops › Lund", "Repairs bicycles.", 0),
    build("Shops › Oslo", "Sells bicycles only.", 1),
    build("Shops › Kiel", "Repairs bicycles.", 2),
]
ROWS = "Tariff: One; Price: 20 dollars\nTariff: Two; Price: 50 dollars"


def test_the_same_line_under_sibling_headings_is_told_with_each() -> None:
    units = [ScoredUnit(SHOPS[place], SHOPS[place].text, 1.0 - place) for place in (2, 0, 1)]
    (first, *_) = gather("Which shops repair bicycles?", units, within=5.0)
    assert first.text == "- Lund: Repairs bicycles.\n- Kiel: Repairs bicycles."


def test_rows_of_a_table_are_gathered_in_their_order() -> None:
    table = build("Tariffs", ROWS)
    units = [ScoredUnit(table, row, 1.0) for row in reversed(ROWS.split("\n"))]
    (first,) = gather("Which tariffs do you have?", units, within=2.0)
    assert first.text == "- Tariff: One; Price: 20 dollars\n- Tariff: Two; Price: 50 dollars"


def test_a_question_for_one_thing_gets_one_line() -> None:
    table = build("Tariffs", ROWS)
    units = [ScoredUnit(table, row, 1.0) for row in ROWS.split("\n")]
    assert gather("What does One cost?", units, within=2.0) == units


def test_a_bare_line_is_told_with_its_heading() -> None:
    (lund, *_) = (ScoredUnit(shop, shop.text, 1.0) for shop in SHOPS)
    assert tell_heading("Which shop repairs bicycles?", lund).text == "Lund: Repairs bicycles."
    assert tell_heading("Are bicycles repaired?", lund).text == "Repairs bicycles."


def test_a_kind_is_listed_from_the_headings_of_the_document_that_is_called_so() -> None:
    (line,) = find_outline("What are your shops?", [SHOPS[1], SHOPS[2], SHOPS[0]])
    assert line.text == "Shops, 3:\n- Lund\n- Oslo\n- Kiel"
    assert find_outline("Which shops repair bicycles?", SHOPS) == ()
    assert find_outline("What are your prices?", SHOPS) == ()


def test_a_kind_is_listed_from_the_rows_that_name_one() -> None:
    parts = build("Parts", "Part: Belt; Price: 9\nPart: Belt, wide; Price: 12\nPart: Belt clip; Price: 2")
    (line,) = find_outline("Which belts do you sell?", [parts])
    assert line.text == "- Part: Belt; Price: 9\n- Part: Belt, wide; Price: 12"
    assert find_outline("Which clips do you sell?", [parts]) == ()


def test_a_kind_is_listed_from_what_documents_say_that_things_are() -> None:
    documents = [
        build("Bora 20", "The Bora 20 is a quiet mixer for bakers. It weighs 4 kg."),
        build("Bora 35", "The Bora 35 is an industrial mixer."),
        build("Lids", "A lid is a part of the mixer. The lid is an extra."),
    ]
    lines = find_outline("Which mixers do you have?", documents)
    assert [line.text for line in lines] == [
        "The Bora 20 is a quiet mixer for bakers.",
        "The Bora 35 is an industrial mixer.",
    ]
    assert [line.passage_id for line in lines] == [documents[0].id, documents[1].id]


def test_sentences_that_say_the_same_under_sibling_headings_are_gathered_whatever_stands_before_them() -> None:
    shops = [
        build("Shops › Lund", "The shop in Lund opens at 9. It repairs bicycles.", 0),
        build("Shops › Oslo", "The shop in Oslo opens at 9. It repairs no bicycles.", 1),
        build("Shops › Kiel", "The shop in Kiel opens at 8. It repairs bicycles.", 2),
    ]
    units = [ScoredUnit(shop, shop.text, 3.0 - 3 * place) for place, shop in enumerate(shops)]
    (first, *_) = gather("Which shops repair bicycles?", units, within=2.5)
    assert "Lund" in first.text
    assert "Kiel" in first.text
    assert "Oslo" not in first.text
