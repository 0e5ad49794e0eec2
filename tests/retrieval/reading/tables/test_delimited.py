"""CSV and TSV: separators, encodings, quotes, and tables without labels."""

import pytest

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import RejectedError, Rules, build_document
from retrieval.reading.formats import read_parts


def read(raw: bytes | str) -> list[str]:
    (part,) = read_parts("a.csv", raw if isinstance(raw, bytes) else raw.encode())
    passages = build_passages(build_document(part, "a.csv", Rules()))
    return [line.replace("\u00a0", " ") for p in passages for line in p.text.split("\n")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_separator_is_found(separator: str) -> None:
    assert read(f"Part{separator}Price\nSeal{separator}18 euros\n") == ["Part: Seal; Price: 18 euros"]
    assert read(f"sep={separator}\nPart{separator}Price\nSeal{separator}18 euros\n") == ["Part: Seal; Price: 18 euros"]


def test_decimal_commas_and_lists_in_cells_are_no_separators() -> None:
    rows = "id;tags;cost;macro\n1;['345'];62,25;Seal kit\n2;['112', '114'];54,00;Rotor kit\n"
    assert read(rows) == [
        "id: 1; tags: ['345']; cost: 62,25; macro: Seal kit",
        "id: 2; tags: ['112', '114']; cost: 54,00; macro: Rotor kit",
    ]


def test_doubled_quotes_far_down_are_read() -> None:
    rows = "".join(f"Hose {n},plain remark {n}\n" for n in range(1_000))
    assert read(f'Part,Remark\n{rows}"Hose 12""","use the ""blue"" clamp, always"\n')[-1] == (
        'Part: Hose 12"; Remark: use the "blue" clamp, always'
    )


def test_a_quote_that_never_closes_swallows_no_rows() -> None:
    rows = "".join(f"Part {n};{n} euros\n" for n in range(200))
    assert read(f'Part;Price\n"Hose 12;9 euros\n{rows}')[-1] == "Part: Part 199; Price: 199 euros"


def test_line_breaks_in_quotes_stay_in_their_cell() -> None:
    assert read('q,a\n"Line\nbreak?","One\nTwo"\n') == ["q: Line break? a: One, Two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
def test_encodings_are_found(encoding: str) -> None:
    text = "Część;Cena\nUszczelka Łódź;18 zł\nWirnik Śląsk;61 zł\n"
    assert read(text.encode(encoding))[0] == "Część: Uszczelka Łódź; Cena: 18 zł"


def test_a_table_without_labels_keeps_its_first_row() -> None:
    rows = "Bergen depot,+47 555 0101,ring twice\nMalmo depot,+46 555 0202,closed in July\n"
    assert read(rows) == ["Bergen depot: +47 555 0101; ring twice", "Malmo depot: +46 555 0202; closed in July"]


def test_one_column_is_a_list() -> None:
    assert read("Macro\nThank the customer, then ask.\nNever promise a date.\n") == [
        "Macro:",
        "- Thank the customer, then ask.",
        "- Never promise a date.",
    ]


def test_lines_above_a_table_do_not_become_its_labels() -> None:
    said = read(
        "Report: Spare part prices\nGenerated: 2026-06-01\n\nPart,Price,Stock\nSeal,18 euros,44\nRotor,61 euros,7\n"
    )
    assert said[-2:] == ["Part: Seal; Price: 18 euros; Stock: 44", "Part: Rotor; Price: 61 euros; Stock: 7"]
    assert any("Spare part prices" in line for line in said)


def test_half_a_million_columns_are_no_reason_to_pad() -> None:
    assert read("," * 500_000 + "\n" + "a\n" * 1_000)[-1] == "- a"
    with pytest.raises(RejectedError, match="1,000 columns"):
        read(",".join("x" * 2_000) + "\na,b\n")
