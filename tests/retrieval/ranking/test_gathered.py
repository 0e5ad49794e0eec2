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
    outline = find_outline("What are your shops?", [SHOPS[1], SHOPS[2], SHOPS[0]])
    assert outline is not None
    assert outline[1] == "Shops, 3:\n- Lund\n- Oslo\n- Kiel"
    assert find_outline("Which shops repair bicycles?", SHOPS) is None
    assert find_outline("What are your prices?", SHOPS) is None
