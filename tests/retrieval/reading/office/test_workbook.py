"""Excel workbooks as Excel shows them."""

from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import RejectedError, Rules, build_document
from retrieval.reading.formats import read_parts


def make(*rows: list[object], then: Callable[[Worksheet], None] = lambda _: None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    then(sheet)
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def read(raw: bytes) -> list[tuple[str, str]]:
    (part,) = read_parts("book.xlsx", raw)
    return [(p.heading, p.text) for p in build_passages(build_document(part, "book.xlsx", Rules()))]


def test_numbers_are_read_in_their_formats() -> None:
    def set_formats(sheet: Worksheet) -> None:
        sheet["B2"].number_format = "0.0%"
        sheet["C2"].number_format = "0000"

    raw = make(["Tier", "Discount", "Code"], ["Silver", 0.125, 7], then=set_formats)
    assert read(raw) == [("Book", "Tier: Silver; Discount: 12.5%; Code: 0007")]


def test_merged_cells_hold_for_all_rows_that_they_cover() -> None:
    raw = make(
        ["Pump", "Part", "Interval"],
        ["Tarn 40", "Seal", "every 6 months"],
        [None, "Filter", "every 4 weeks"],
        then=lambda sheet: sheet.merge_cells("A2:A3"),
    )
    assert read(raw)[0][1].split("\n")[1] == "Pump: Tarn 40; Part: Filter; Interval: every 4 weeks"


def test_what_is_hidden_is_left_out() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True
        assert sheet.parent is not None
        hidden = sheet.parent.create_sheet("Old")
        hidden.append(["Pump", "189 euros"])
        hidden.sheet_state = "hidden"

    raw = make(["Part", "Price", "Cost"], ["Seal", "18 euros", "4"], ["Old seal", "11 euros", "3"], then=hide)
    assert read(raw) == [("Book", "Part: Seal; Price: 18 euros")]


def test_titles_and_several_tables_on_a_sheet_are_told_apart() -> None:
    raw = make(
        ["Prices 2026"],
        [],
        ["Part", "Price"],
        ["Seal", "18 euros"],
        [],
        ["Contacts"],
        ["Name", "Phone"],
        ["Berit", "555 0166"],
    )
    assert read(raw) == [
        ("Book › Prices 2026", "Part: Seal; Price: 18 euros"),
        ("Book › Contacts", "Name: Berit; Phone: 555 0166"),
    ]


def test_rows_below_an_empty_one_keep_their_labels() -> None:
    raw = make(["Part", "Price"], ["Seal", "18 euros"], [], ["Hose", "9 euros"], ["Rotor", "7 euros"])
    assert read(raw)[-1][1].split("\n")[-1] == "Part: Rotor; Price: 7 euros"


def test_tables_side_by_side_are_two() -> None:
    raw = make(["Part", "Price", None, "Name", "Phone"], ["Seal", "18 euros", None, "Berit", "555 0166"])
    assert read(raw)[0][1].split("\n") == ["Part: Seal; Price: 18 euros", "Name: Berit; Phone: 555 0166"]


def test_a_sheet_of_one_column_is_a_list() -> None:
    raw = make(["Policy"], ["Refunds need a receipt"], ["No cash is paid"])
    assert read(raw) == [("Book", "Policy:\n- Refunds need a receipt\n- No cash is paid")]


def test_a_formula_without_a_value_is_said() -> None:
    assert read(make(["Item", "Net", "Gross"], ["Seal", 10, "=B2*1.25"])) == [
        ("Book", "Item: Seal; Net: 10; Gross: (not calculated)")
    ]


def test_a_stray_cell_far_out_costs_nothing() -> None:
    def stray(sheet: Worksheet) -> None:
        sheet["XFD1"] = "far right"
        sheet["A1048576"] = "far below"
        sheet.merge_cells("A1:XFC1")

    text = " ".join(text for _, text in read(make(["Part"], ["Seal"], then=stray)))
    assert "Seal" in text
    assert "far below" in text


def test_a_workbook_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.reading.office.workbook.MAX_CELLS", 3)
    with pytest.raises(RejectedError, match="4 cells"):
        read(make(["a", "b"], ["c", "d"]))


def test_labels_that_an_empty_row_parts_from_their_values_stay_labels() -> None:
    raw = make(["In CHF", "Sales", None, "Profit"], [], ["Zone A", 12, None, 3], ["Zone B", 14, None, 5])
    assert read(raw) == [("Book", "In CHF: Zone A; Sales: 12; Profit: 3\nIn CHF: Zone B; Sales: 14; Profit: 5")]


def test_a_link_keeps_its_address() -> None:
    def link(sheet: Worksheet) -> None:
        sheet["B2"].hyperlink = "https://x.example/a"

    raw = make(["Part", "Manual"], ["Seal", "open"], then=link)
    assert read(raw) == [("Book", "Part: Seal; Manual: open (https://x.example/a)")]
