"""What a base that reads passages says is cut into sentences, each with the passage that it names after it."""

import pytest

from bot.answering.shown_answer import read_sentences


def read(text: str, step: int) -> list[tuple[str, str, int | None]]:
    pieces = [text[start : start + step] for start in range(0, len(text), step)]
    return [(one.before, one.text, one.number) for one in read_sentences(pieces, cites_after=True)]


@pytest.mark.parametrize("step", [1, 4, 1000])
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It folds. [1] It floats. [2]", [("It folds.", 1), ("It floats.", 2)]),
        ("It folds [1]. It floats [2].", [("It folds.", 1), ("It floats.", 2)]),
        ("It folds. It floats. [2]", [("It folds.", None), ("It floats.", 2)]),
        ("It costs 2.8 euros, e.g. in May. [1][3]", [("It costs 2.8 euros, e.g. in May.", 1)]),
        ("Yes. It folds. [1]", [("Yes. It folds.", 1)]),
        ("I don't know.", [("I don't know.", None)]),
        ("Take `a[1]` of it. [2]", [("Take `a[1]` of it.", 2)]),
        ("", []),
    ],
)
def test_a_marker_belongs_to_the_sentence_before_it(text: str, sentences: list[tuple[str, int]], step: int) -> None:
    assert [(said, number) for _, said, number in read(text, step)] == sentences


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_steps_stand_on_their_lines_and_code_comes_whole(step: int) -> None:
    assert read("To open it:\n1. Push. Hold. [1]\n```bash\na[1]=2\n```\nDone. [1]", step) == [
        ("", "To open it:", None),
        ("\n", "1. Push. Hold.", 1),
        ("\n", "```bash\na[1]=2\n```", None),
        ("\n", "Done.", 1),
    ]


@pytest.mark.parametrize("step", [1, 1000])
def test_an_answer_may_end_in_code(step: int) -> None:
    assert read("Open it:\n```\nopen\n```", step)[1:] == [("\n", "```\nopen\n```", None)]


def test_what_was_cut_loses_its_last_word_and_code_that_is_not_closed() -> None:
    assert [one.text for one in read_sentences(["It folds. It flo"], lambda: True, cites_after=True)] == [
        "It folds.",
        "It",
    ]
    assert list(read_sentences(["```bash\nrm -rf /tm"], lambda: True, cites_after=True)) == []
