"""Where sentences end, and what is quoted together."""

import pytest

from retrieval.english.sentences import count_words, split_sentences, split_units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It runs. It stops.", ["It runs.", "It stops."]),
        ("It weighs 8.2 kg. It costs 1,190 euros.", ["It weighs 8.2 kg.", "It costs 1,190 euros."]),
        ("Use firmware v2.10.3. Then restart.", ["Use firmware v2.10.3.", "Then restart."]),
        ("Use a solvent, e.g. alcohol. Dry it.", ["Use a solvent, e.g. alcohol.", "Dry it."]),
        ("Use a mower, e.g. Moss 2. Dry it.", ["Use a mower, e.g. Moss 2.", "Dry it."]),
        ("Part no. 5 fits. Part No. 6 does not.", ["Part no. 5 fits.", "Part No. 6 does not."]),
        ("Call Dr. Weber at 9 a.m. Bring the robot.", ["Call Dr. Weber at 9 a.m.", "Bring the robot."]),
        ("Ask J. Smith. He knows.", ["Ask J. Smith.", "He knows."]),
        ("Blades, pegs, etc. are spare parts.", ["Blades, pegs, etc. are spare parts."]),
        ("1. Press start. Wait.", ["1. Press start.", "Wait."]),
        ("Does it fly? No! It mows.", ["Does it fly?", "No!", "It mows."]),
        ('She said "stop." Then it stopped.', ['She said "stop."', "Then it stopped."]),
        ("(It is loud.) Wear earplugs.", ["(It is loud.)", "Wear earplugs."]),
        ("See example.com for more. Or call.", ["See example.com for more.", "Or call."]),
        ("ロボットです。動きます。", ["ロボットです。", "動きます。"]),
        ("Moss 2 - Runtime: 90 min.; Weight: 8.2 kg", ["Moss 2 - Runtime: 90 min.; Weight: 8.2 kg"]),
        ("No end mark", ["No end mark"]),
        ("One line\nAnother line", ["One line", "Another line"]),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected


def quotes(text: str) -> list[str]:
    return [unit.text for unit in split_units(text)]


def test_a_short_list_is_one_quote_with_its_lead_in() -> None:
    assert quotes("Some text. The box holds:\n- a robot\n- a station;\n- nine blades.\nMore text.") == [
        "Some text.",
        "The box holds: a robot; a station; nine blades.",
        "More text.",
    ]


def test_an_item_of_a_long_list_keeps_its_lead_in() -> None:
    items = [f"- part number {n} for the machine of the series {n}" for n in range(12)]
    found = quotes("The shop sells:\n" + "\n".join(items))
    assert found[3] == "The shop sells: part number 3 for the machine of the series 3"
    assert len(found) == 12


def test_steps_of_a_long_list_stay_with_their_neighbours() -> None:
    steps = [f"{n}. Turn the wheel of the machine to the mark with the number {n} on it." for n in range(1, 9)]
    found = quotes("To align it:\n" + "\n".join(steps))
    assert found[0].startswith("To align it: 1. Turn")
    assert all("2. Turn" in quote for quote in found if "1. Turn" in quote)
    assert sum(quote.count("Turn the wheel") for quote in found) == 8


def test_a_pronoun_leans_on_the_sentence_before() -> None:
    assert [unit.leans_back for unit in split_units("The Moss mows. It also mulches. Blades wear.")] == [
        False,
        True,
        False,
    ]


def test_a_repeated_sentence_is_quoted_once() -> None:
    assert quotes("Call us.\nCall us.") == ["Call us."]


def test_a_unit_is_searched_on_one_line_and_shown_as_it_is_laid_out() -> None:
    text = "To reset it, run:\n```sh\na\n  b # c. D\n```\nSee [the page](https://a.example/x. y) or [it](https://b.example/x)."
    code, sentence = split_units(text)
    assert (code.text, code.shown) == ("To reset it, run: a b # c. D", "To reset it, run:\n```sh\na\n  b # c. D\n```")
    assert sentence.text.endswith("or it.")
    assert sentence.shown.endswith("or [it](https://b.example/x).")


def test_steps_are_shown_with_all_of_their_list_and_a_cut_list_says_so() -> None:
    steps = [f"{n}. Turn the left and the right screw by {n} turns." for n in range(1, 10)]
    assert {unit.shown for unit in split_units("\n".join(["Do this:", *steps]))} == {"\n".join(["Do this:", *steps])}
    many = [f"{n}. Turn the left and the right screw by {n} turns." for n in range(1, 40)]
    first, second, *_, last = (unit.shown.split("\n") for unit in split_units("\n".join(["Do this:", *many])))
    assert (first[0], first[-1]) == ("Do this:", "…")
    assert (second[0], second[1], second[-1]) == ("Do this:", "…", "…")
    assert (last[1], last[-1]) == ("…", many[-1])


def test_characters_of_scripts_without_blanks_are_counted() -> None:
    assert count_words("one two") == 2
    assert 10 <= count_words("部品番号の交換間隔です") <= 14
