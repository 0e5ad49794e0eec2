"""Documents cut into passages that can be quoted."""

from retrieval.chunks import build_passages
from retrieval.documents import Document, DocumentKind
from retrieval.passage import Audience


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


def test_a_table_row_reads_as_a_sentence_with_its_header() -> None:
    table = "| Model | Runtime | Weight |\n|---|---|---|\n| Moss 2 | 90 minutes | 8.2 kg |\n| Moss 3 | | 9 kg |\n"
    (passage,) = build_passages(markdown(table))
    assert passage.text.split("\n") == ["Moss 2 - Runtime: 90 minutes; Weight: 8.2 kg", "Moss 3 - Weight: 9 kg"]


def test_a_table_of_names_and_values_reads_as_such() -> None:
    (values,) = build_passages(markdown("| Property | Value |\n|---|---|\n| Runtime | 90 minutes |\n"))
    (prices,) = build_passages(markdown("| Model | Price |\n|---|---|\n| Moss 2 | 90 euros |\n"))
    assert values.text == "Runtime: 90 minutes"
    assert prices.text == "Moss 2 - Price: 90 euros"


def test_ordered_lists_keep_their_numbers_and_nested_items_their_parent() -> None:
    (passage,) = build_passages(markdown("Do this:\n\n1. Open it\n   - left screw\n   - right screw\n2. Close it\n"))
    assert passage.text.split("\n") == ["Do this:", "1. Open it left screw; right screw", "2. Close it"]


def test_markup_and_link_targets_are_no_part_of_the_text() -> None:
    (passage,) = build_passages(
        markdown("**Press** the [red button](https://evil.example/x) `R1`<br>now.\n\n<script>x</script>\n")
    )
    assert passage.text == "Press the red button R1 now."


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
