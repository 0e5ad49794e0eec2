"""Documents cut into passages that can be quoted."""

from dataclasses import replace

import pytest

from retrieval.english.sentences import split_units
from retrieval.passage import Audience
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import SCOPE_END, SCOPE_START, Document, DocumentKind


def markdown(text: str, title: str = "Moss 2", source: str = "moss.md") -> Document:
    return Document(source, title, Audience.CUSTOMER, None, DocumentKind.MARKDOWN, text, "digest")


def test_passages_follow_the_headings_and_carry_their_path() -> None:
    passages = build_passages(
        markdown("# Moss 2\nIntro.\n\n## Care\nWash it.\n\n### Blades\nSwap them.\n\n## Safety\nStay away.")
    )
    assert [(p.heading, p.text) for p in passages] == [
        ("Moss 2", "Intro."),
        ("Moss 2 › Care", "Wash it."),
        ("Moss 2 › Care › Blades", "Swap them."),
        ("Moss 2 › Safety", "Stay away."),
    ]


def lines_of(text: str) -> list[str]:
    return [line for passage in build_passages(markdown(text)) for line in passage.text.split("\n")]


def test_a_table_row_says_every_cell_behind_its_label() -> None:
    rows = "| Moss 2 | 90 minutes | 8.2 kg |\n| Moss 3 | | 9 kg |\n| Moss 4 | | |\n"
    table = f"| Model | Runtime | Weight |\n|---|---|---|\n{rows}"
    assert lines_of(table) == [
        "Model: Moss 2; Runtime: 90 minutes; Weight: 8.2 kg",
        "Model: Moss 3; Weight: 9 kg",
        "Model: Moss 4",
    ]


def test_a_table_of_names_and_values_reads_as_such() -> None:
    assert lines_of("| Property | Value |\n|---|---|\n| Runtime | 90 minutes |\n") == ["Runtime: 90 minutes"]
    assert lines_of("| Model | Price |\n|---|---|\n| Moss 2 | 90 euros |\n") == ["Model: Moss 2; Price: 90 euros"]
    assert lines_of("| | Silver | Gold |\n|---|---|---|\n| Price | 9 | 12 |\n") == ["Price - Silver: 9; Gold: 12"]


def test_a_table_with_an_empty_first_row_has_no_labels() -> None:
    assert lines_of("| | |\n|---|---|\n| Flow | 40 l/min |\n| Weight | |\n") == ["Flow: 40 l/min", "Weight"]
    assert lines_of("| | | |\n|---|---|---|\n| Malmo | 555 | closed |\n") == ["Malmo: 555; closed"]


def test_a_table_of_one_column_reads_as_a_list() -> None:
    assert lines_of("| Macro |\n|---|\n| Never promise. Ask. |\n| Thank them. |\n") == [
        "Macro:",
        "- Never promise.\u00a0Ask.",
        "- Thank them.",
    ]


def test_a_row_is_quoted_whole_with_all_sentences_of_its_cells() -> None:
    table = "| Light | |\n|---|---|\n| Red | The filter is full. Clean it. |\n| Blue | It is cold! Wait. |\n"
    (passage,) = build_passages(markdown(table))
    assert [unit.text for unit in split_units(passage.text)] == [
        "Light: Red; The filter is full. Clean it.",
        "Light: Blue; It is cold! Wait.",
    ]


def test_a_long_row_is_told_cell_by_cell_under_its_name() -> None:
    cells = [" ".join([f"{word} {n}" for n in range(40)]) for word in ("cause", "remedy")]
    told = lines_of(f"| Code | Cause | Remedy |\n|---|---|---|\n| E1 | {cells[0]} | {cells[1]} |\n")
    assert told == [f"Code: E1; Cause: {cells[0]}", f"Code: E1; Remedy: {cells[1]}"]


def test_a_bold_line_above_a_table_heads_its_rows() -> None:
    first, second = build_passages(markdown("**Prices**\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n**Not** bold\n\nAfter."))
    assert (first.heading, first.text) == ("Moss 2 › Prices", "A: 1; B: 2")
    assert (second.heading, second.text) == ("Moss 2", "Not bold\nAfter.")


def test_lists_keep_their_numbers_their_levels_and_their_code() -> None:
    steps = "3. Open it\n   - left screw\n   - right screw\n4. Reset it:\n\n   ```sh\n   a\n     b\n   ```\n5. Close it"
    (passage,) = build_passages(markdown(f"Do this:\n\n{steps}"))
    lines = ["Do this:", "3. Open it", "  - left screw", "  - right screw", "4. Reset it:"]
    assert passage.text.split("\n") == [*lines, "```sh", "a", "  b", "```", "5. Close it"]


def test_links_keep_their_address_and_code_its_backticks() -> None:
    text = "**Press** [the [red] button](<https://a.example/x(1)>) `rows[3]`, ~~9~~ 8 ![alt](x.png) [3](https://b.example).\n"
    (passage,) = build_passages(markdown(text))
    link, number = "[the (red) button](https://a.example/x%281%29)", "[(3)](https://b.example)"
    assert passage.text == f"Press {link} `rows[3]`, 8 {number}."


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("[mail us](mailto:help@a.example?subject=x)", "mail us (help@a.example)"),
        ("[help@a.example](mailto:help@a.example)", "help@a.example"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("[a page](../b.md)", "a page"),
        ("[bad](javascript:alert(1))", "[bad](javascript:alert(1))"),
    ],
)
def test_a_link_is_kept_where_a_person_can_use_it(written: str, kept: str) -> None:
    assert build_passages(markdown(written))[0].text == kept


def test_a_relative_link_of_a_page_leads_from_the_page() -> None:
    document = replace(markdown("[a page](../b)"), url="https://a.example/docs/x/")
    assert build_passages(document)[0].text == "[a page](https://a.example/docs/b)"


def test_code_is_one_block_with_its_lines_and_is_never_cut() -> None:
    code = "\n".join(f"  step {n} [1]" for n in range(100))
    passages = build_passages(markdown(f"Run:\n\n````\n{code}\n````\n\nDone."))
    assert any(passage.text == f"Run:\n```\n{code}\n```" for passage in passages)


def test_line_breaks_that_were_meant_are_kept() -> None:
    assert build_passages(markdown("Mon 8-12  \nTue 9-13\nand later"))[0].text == "Mon 8-12  \nTue 9-13 and later"
    text = replace(markdown("Mon 8-12\nTue 9-13\n\nWrapped " + "long " * 20 + "\nline."), kind=DocumentKind.TEXT)
    assert build_passages(text)[0].text.split("\n")[:2] == ["Mon 8-12  ", "Tue 9-13"]
    assert build_passages(text)[0].text.endswith("long line.")


def test_a_heading_without_text_below_it_is_said() -> None:
    passages = build_passages(markdown("# Moss 2\n\n## Sold since 2024\n\n## Care\n\nWash it.\n\n## Ends in 2030"))
    assert [(p.heading, p.text) for p in passages] == [
        ("Moss 2", "Sold since 2024"),
        ("Moss 2 › Care", "Wash it."),
        ("Moss 2", "Ends in 2030"),
    ]


def test_a_scope_holds_until_its_end() -> None:
    text = f"{SCOPE_START}Europe\n\n230 volts.\n\n## Plug\n\nType F.\n\n{SCOPE_END}\n\nBoth are safe."
    assert [(p.heading, p.text) for p in build_passages(markdown(text))] == [
        ("Moss 2 › Europe", "230 volts."),
        ("Moss 2 › Europe › Plug", "Type F."),
        ("Moss 2", "Both are safe."),
    ]


def test_text_without_blanks_is_cut_into_passages_too() -> None:
    text = "".join(f"部品番号A{n}の交換間隔は{n}か月です。" for n in range(100))
    passages = build_passages(markdown(text))
    assert len(passages) > 5
    assert "".join(p.text for p in passages) == text
    assert max(len(p.text) for p in passages) < 200


def test_long_sections_are_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {n} is about the machine." for n in range(100))
    passages = build_passages(markdown(text))
    assert len(passages) > 4
    assert all(len(p.text.split()) <= 125 and p.text.endswith(".") for p in passages)
    assert " ".join(p.text for p in passages) == text


def test_a_lead_in_stays_with_its_list() -> None:
    before = " ".join(["word"] * 100) + "."
    items = "\n".join(f"- item {n} of the list" for n in range(8))
    passages = build_passages(markdown(f"{before}\n\nThe box holds:\n\n{items}\n"))
    assert any("The box holds:\n- item 0" in p.text for p in passages)


def test_ids_stay_while_the_text_stays() -> None:
    first = build_passages(markdown("## A\nOne.\n\n## B\nTwo."))
    second = build_passages(markdown("## A\nOne.\n\n## B\nThree."))
    other_source = build_passages(markdown("## A\nOne.\n", source="other.md"))
    assert first[0].id == second[0].id
    assert first[1].id != second[1].id
    assert first[0].id != other_source[0].id


def test_a_sentence_without_end_is_cut_and_not_lost() -> None:
    document = Document(
        "a.txt", "A", Audience.STAFF, None, DocumentKind.TEXT, " ".join(map(str, range(1_000))), "digest"
    )
    passages = build_passages(document)
    assert sum(len(p.text.split()) for p in passages) == 1_000
    assert max(len(p.text.split()) for p in passages) <= 240


def test_a_data_sheet_in_markdown_keeps_its_first_row() -> None:
    assert lines_of("| Flow | 40 l/min |\n|---|---|\n| Weight | 11 kg |\n") == ["Flow: 40 l/min", "Weight: 11 kg"]


def test_a_list_stays_whole_with_its_lead_in_unless_it_is_very_long() -> None:
    def count_passages(items: int) -> int:
        steps = "\n".join(
            f"{number}. Turn screw number {number} by a half, then wait and listen." for number in range(items)
        )
        return len(build_passages(markdown(f"# Moss 2\nDo this in order:\n\n{steps}")))

    assert count_passages(15) == 1
    assert count_passages(40) > 1
