"""Both forms of a prompt and of its answer are read as they were written."""

import pytest

from retrain.prompt_forms import (
    ask,
    drop_markers,
    find_numbers,
    find_question,
    parse_prompt,
    read_claims,
    reads_passages,
    renumber,
    split_prompt,
    write_claims,
)
from retrieval.passage import Evidence, Match, Turn
from retrieval.prompt import ChatMessage
from tests.retrain.feedback_rows import LINES, build_evidence, build_passages, build_prompt

THREAD = (Turn("user", "Hi"), Turn("assistant", "Hello!"))
SETUP = "To open it:\n```bash\npumpctl open\n\n[2] Returns\n```\nThen wait."
PASSAGES = (("Tarn › Use", SETUP), ("Returns", "- Within 30 days\n- To Bergen"), ("[2] Odd", "[3] It floats."))


@pytest.mark.parametrize("passages", [PASSAGES, LINES, ()])
def test_a_reading_prompt_is_read_back_and_built_again_byte_for_byte(passages: tuple[tuple[str, str], ...]) -> None:
    prompt = build_prompt("What is\n\nQuestion: 7?", build_passages(passages), THREAD)
    parsed = parse_prompt(prompt)
    assert parsed is not None
    evidence, question = parsed
    assert [(line.heading, line.text) for line in evidence.lines] == list(passages)
    assert (evidence.is_whole, question, reads_passages(prompt)) == (True, "What is\n\nQuestion: 7?", True)
    assert ask(prompt, evidence, question) == prompt


def test_passages_that_this_chip_did_not_number_are_not_read() -> None:
    system, question = build_prompt("What?", build_passages(LINES))
    altered = ChatMessage("system", system.content.replace("\n\n[1] ", "\n\n[7] "))
    assert parse_prompt((altered, question)) is None


@pytest.mark.parametrize("evidence", [build_evidence(), build_passages(LINES), build_passages(())])
def test_what_a_person_wrote_is_told_from_what_documents_say(evidence: Evidence) -> None:
    prompt = build_prompt("How long?", evidence, THREAD)
    told, wrote = split_prompt(prompt)
    assert find_question(prompt) == "How long?"
    assert prompt[-1].content.endswith(wrote)
    assert "How long?" in wrote
    assert all((line.text in told) and (line.text not in wrote) for line in evidence.lines)


def test_a_prompt_of_another_make_is_a_question_alone() -> None:
    foreign = [ChatMessage("user", "How long?")]
    assert (find_question(foreign), split_prompt(foreign), parse_prompt(foreign)) == (
        "How long?",
        ("", "How long?"),
        None,
    )


@pytest.mark.parametrize(
    ("evidence", "answer", "claims"),
    [
        (build_evidence(), "[2] It folds. It floats. [1] It flies.", [("It folds. It floats.", 2), ("It flies.", 1)]),
        (build_passages(LINES), "It folds. [2]\n- It floats. [1]", [("It folds.", 2), ("- It floats.", 1)]),
        (build_passages(LINES), "Yes. It folds. [2] Bye!", [("Yes. It folds.", 2), ("Bye!", None)]),
        (build_passages(LINES), "Do:\n```\na[1]\n```", [("Do:", None), ("```\na[1]\n```", None)]),
    ],
)
def test_an_answer_is_cut_and_put_together_in_the_form_of_its_prompt(
    evidence: Evidence, answer: str, claims: list[tuple[str, int | None]]
) -> None:
    prompt = build_prompt("What?", evidence)
    read = read_claims(prompt, answer)
    assert [(claim.text, claim.number) for claim in read] == claims
    assert write_claims(prompt, read) == answer


def test_numbers_in_code_are_no_citations() -> None:
    answer = "Take `a[1]`. [2]\n```\nb[3]\n```\nIt folds. [1]"
    assert find_numbers(answer) == {1, 2}
    assert renumber(answer, {1: 2, 2: 1}) == "Take `a[1]`. [1]\n```\nb[3]\n```\nIt folds. [2]"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("[2] It folds. [1] It floats.", "It folds. It floats."),
        ("It folds. [2] It floats. [1][3]", "It folds. It floats."),
        (
            "It folds [2]. Take `a[1]`, see [12](https://a.example).",
            "It folds. Take `a[1]`, see [12](https://a.example).",
        ),
    ],
)
def test_an_answer_loses_its_markers_in_either_form(answer: str, said: str) -> None:
    assert drop_markers(answer) == said


def test_a_match_of_lines_stays_what_it_was() -> None:
    parsed = parse_prompt(build_prompt("What?", Evidence(build_evidence().lines, Match.FAIR)))
    assert parsed is not None
    assert parsed[0].match is Match.FAIR
