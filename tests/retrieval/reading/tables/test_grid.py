"""Tables of every format: spans, labels, titles, and tables that have no labels."""

import pytest

from retrieval.reading.documents import RejectedError
from retrieval.reading.tables.grid import MAX_COLUMNS, Cell, Table, build_tables, show_table
from retrieval.reading.tables.heads import Origin, count_head_rows


def head(text: str, columns: int = 1, rows: int = 1) -> Cell:
    return Cell(text, columns, rows, is_head=True)


def split(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.split("\n")]


def cells(text: str) -> list[list[Cell]]:
    return [[Cell(cell) for cell in row] for row in split(text)]


WITH_LABELS = {
    "words over numbers": "Model|Runtime|Weight\nMoss 2|90 minutes|8.2 kg\nMoss 3||9 kg",
    "codes and prices": "Article|Price\n7700-A|9 euros\n7700-B|11 euros",
    "words that head columns": "Light|Meaning\nRed|Battery empty\nGreen|Ready",
    "an empty corner": "|Silver|Gold\nPrice|490 euros|890 euros\nLoan robot|no|yes",
    "models over values": "|Tarn 40|Tarn 90\nFlow|40 l/min|90 l/min\nWeight|11 kg|19 kg",
    "models over marks": "Hose|Tarn 40|Tarn 90\nH10|yes|no\nH20|no|yes",
    "years": "Product|2023|2024\nTarn 40|120|130\nTarn 90|12|14",
    "columns that are counted": "Level 1|Level 2\nmail|call\nform|visit",
    "sentences": "Code|Cause|Action\nE1|valve stuck|clean it\nE2|too hot|wait",
    "property and value": "Property|Value\nRuntime|90 minutes\nWeight|3 kg",
}
BANDED_WITH_LABELS = {"words over words": "Lamp|Sign\nRed|Stop\nBlue|Go"}
BANDED_WITHOUT_LABELS = {"a data sheet": "Flow|40 l/min\nWeight|11 kg\nCable|8 m"}
WITHOUT_LABELS = {
    "a data sheet": "Flow|40 litres per minute\nWeight|11 kg\nCable length|8 metres",
    "a data sheet that begins with a name": "Name|Tarn 40\nFlow|40 l/min\nWeight|11 kg",
    "a data sheet that begins with a colour": "Colour|blue\nWeight|11 kg\nCable|8 m",
    "opening hours": "Monday|8:00 - 16:00\nTuesday|8:00 - 16:00\nSunday|closed",
    "codes and sentences": "ERR-4012|The inlet valve is stuck.\nERR-4021|Pressure too high.",
    "words and words": "Red|Battery empty\nGreen|Ready\nBlue|Searching",
    "periods": "Refunds|14 days\nRepairs|3 weeks\nWarranty|2 years",
}
SHEETS_WITH_LABELS = {
    "names": "Name|City\nAnna|Bergen\nBob|Malmo\nCarl|Turku",
    "another script": "部品|価格\nシールキット|1800円\nホース|6100円",
    "sentences in one column": "Macro\nThank the customer and ask for it\nOffer a replacement hose free",
}
SHEETS_WITHOUT_LABELS = {
    "names over names": "Norway|Oslo\nSweden|Stockholm\nDenmark|Copenhagen",
    "telephones": "Bergen depot|+47 555 0101|ring\nMalmo depot|+46 555 0202|closed\nTurku depot|+358 555 03|gate C",
    "addresses": "anna@x.example|Bergen\nbob@x.example|Malmo",
    "days": "2026-01-01|Seal|18 euros\n2026-01-02|Rotor|61 euros",
    "values that repeat": "Oslo|Norway|3 days\nMalmo|Sweden|2 days\nAarhus|Denmark|2 days",
}


@pytest.mark.parametrize(
    ("text", "origin", "count"),
    [
        *((text, Origin.DOCUMENT, 1) for text in WITH_LABELS.values()),
        *((text, Origin.DOCUMENT, 0) for text in WITHOUT_LABELS.values()),
        *((text, Origin.BANDED, 1) for text in BANDED_WITH_LABELS.values()),
        *((text, Origin.BANDED, 0) for text in BANDED_WITHOUT_LABELS.values()),
        *((text, Origin.SHEET, 1) for text in SHEETS_WITH_LABELS.values()),
        *((text, Origin.SHEET, 0) for text in SHEETS_WITHOUT_LABELS.values()),
    ],
)
def test_the_first_row_is_labels_where_it_differs_from_what_it_heads(text: str, origin: Origin, count: int) -> None:
    assert count_head_rows(split(text), origin) == count


def test_two_rows_of_labels_become_one_and_spans_are_filled() -> None:
    rows = [
        [head(""), head("Tarn 40", 2), head("Tarn 90", 2)],
        [head("Hose"), head("indoor"), head("outdoor"), head("indoor"), head("outdoor")],
        [Cell("H10", rows=2), Cell("yes"), Cell("no"), Cell("yes", 2)],
        [Cell("with adapter A1"), Cell("no"), Cell("no"), Cell("no")],
    ]
    assert build_tables(rows) == [
        Table(
            ("Hose", "Tarn 40, indoor", "Tarn 40, outdoor", "Tarn 90, indoor", "Tarn 90, outdoor"),
            (("H10", "yes", "no", "yes", "yes"), ("H10", "with adapter A1", "no", "no", "no")),
        )
    ]


def test_unmarked_wide_labels_have_their_parts_in_the_next_row() -> None:
    rows = [
        [Cell("Plan", rows=2), Cell("Price", 2)],
        [Cell("a month"), Cell("a year")],
        [Cell("Basic"), Cell("9 euros"), Cell("90 euros")],
        [Cell("Plus"), Cell("24 euros"), Cell("240 euros")],
    ]
    assert build_tables(rows)[0].head == ("Plan", "Price, a month", "Price, a year")


def test_marks_of_the_first_column_make_no_row_of_labels() -> None:
    rows = [[head("Model"), Cell("Tarn")], [head("Finish"), Cell("matt")]]
    assert build_tables(rows) == [Table((), (("Model", "Tarn"), ("Finish", "matt")))]


def test_a_format_that_knows_its_labels_is_believed() -> None:
    rows = cells("Flow|40 l/min\nWeight|11 kg")
    assert build_tables(rows, head_rows=1)[0].head == ("Flow", "40 l/min")
    assert build_tables(cells("Model|Price\nMoss|9 euros"), head_rows=0)[0].head == ()


def test_titles_sections_and_notes_stay_with_their_rows() -> None:
    note = "All prices hold without tax and are valid until the end of the year for everybody who buys."
    rows = [
        [Cell("Prices 2026", 2)],
        [Cell("Part"), Cell("Price")],
        [Cell("Seals", 2)],
        [Cell("S1"), Cell("9 euros")],
        [Cell("Hoses", 2)],
        [Cell("H1"), Cell("8 euros")],
        [Cell(note, 2)],
    ]
    labels = ("Part", "Price")
    assert build_tables(rows, caption="Table 1") == [
        Table(labels, (("S1", "9 euros"),), "Table 1, Prices 2026, Seals"),
        Table(labels, (("H1", "8 euros"),), "Table 1, Prices 2026, Hoses", (note,)),
    ]


def test_a_table_without_labels_has_an_empty_first_row() -> None:
    shown = show_table(cells("Flow|40 l/min\nA*B|1\nWeight|11 kg"))
    assert shown == "|  |  |\n| --- | --- |\n| Flow | 40 l/min |\n| A\\*B | 1 |\n| Weight | 11 kg |"


def test_lines_of_a_cell_are_parted_and_wrapped_ones_joined() -> None:
    hours = "Mon 8-16\nTue 9-17\nclosed\non holidays"
    assert "| Mon 8-16, Tue 9-17 closed on holidays |" in show_table([[Cell("Hours"), Cell(hours)]])


def test_a_span_of_millions_is_refused() -> None:
    with pytest.raises(RejectedError, match="1,000 columns"):
        show_table([[Cell("x", columns=300_000_000), Cell("y")]])
    assert show_table([[Cell("x", rows=300_000_000), Cell("y")], [Cell("z")]])


def test_a_wide_row_over_many_narrow_ones_is_refused_and_not_padded() -> None:
    wide = [Cell(str(n)) for n in range(MAX_COLUMNS)]
    with pytest.raises(RejectedError, match="cells"):
        show_table([wide, *[[Cell("a")]] * 20_000])
