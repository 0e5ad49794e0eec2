"""An altered prompt still means the same, and what the target cites is still the line that supports it."""

import random
import re

from retrain.examples import Example
from retrain.prompt_forms import parse_prompt
from retrain.variations import find_quote, rebuild_draft, vary
from retrieval.passage import Evidence, Match
from retrieval.prompt import ChatMessage
from tests.retrain.feedback_rows import LINES, build_evidence, build_passages, build_prompt

EXAMPLE = Example(build_prompt("How long does it CHARGE?"), "[2] Charging takes 90 minutes.", "correction", 1.0, "g")


def read_evidence(example: Example) -> Evidence:
    parsed = parse_prompt(example.messages)
    assert parsed is not None
    return parsed[0]


def test_a_built_prompt_is_read_back_into_its_evidence_and_question() -> None:
    parsed = parse_prompt(build_prompt("How long does it CHARGE?"))
    assert parsed is not None
    assert [(line.heading, line.text) for line in parsed[0].lines] == list(LINES)
    assert parsed == (parsed[0], "How long does it CHARGE?")


def test_a_prompt_without_evidence_is_read_back() -> None:
    parsed = parse_prompt(build_prompt("Anything?", Evidence((), Match.WEAK)))
    assert parsed is not None
    assert parsed[0].lines == ()


def test_a_message_of_another_make_is_left_alone() -> None:
    foreign = Example((ChatMessage("user", "[1] stray\n\nQuestion: what?"),), "x", "correction", 1.0, "g")
    assert parse_prompt([ChatMessage("user", "no question at all")]) is None
    assert vary(foreign, 3, random.Random(1)) == []


def test_every_variation_cites_the_line_that_holds_the_quote() -> None:
    copies = vary(EXAMPLE, 8, random.Random(5))
    assert len(copies) >= 5
    for copy in copies:
        number, text = int(copy.target[1]), copy.target[4:]
        cited = next(line for line in read_evidence(copy).lines if line.number == number)
        assert cited.text == text
        assert [line.number for line in read_evidence(copy).lines] == list(range(1, len(read_evidence(copy).lines) + 1))


def test_variations_differ_from_the_served_prompt_and_from_each_other() -> None:
    copies = vary(EXAMPLE, 8, random.Random(5))
    prompts = [EXAMPLE.messages, *(copy.messages for copy in copies)]
    assert len(set(prompts)) == len(prompts)
    assert any(len(read_evidence(copy).lines) == 2 for copy in copies), "a line is left out in some"
    assert any(copy.question.islower() for copy in copies), "letter case changes in some"
    assert {copy.form for copy in copies} == {"altered"}


def test_a_line_is_quoted_by_whole_sentences_of_it_alone() -> None:
    line = find_quote("Charging takes 90 minutes.", build_evidence())
    assert line is not None
    assert line.number == 2
    assert find_quote("Charging takes 90", build_evidence()) is None
    assert find_quote("Charging takes 55 hours.", build_evidence()) is None
    assert find_quote("", build_evidence()) is None


READING = Example(
    build_prompt("How long does it CHARGE?", build_passages(LINES)),
    "Charging takes 90 minutes. [2] It lasts 42 minutes. [1]",
    "correction",
    1.0,
    "g",
)


def test_every_variation_of_a_reading_prompt_names_the_passages_that_hold_its_sentences() -> None:
    copies = vary(READING, 8, random.Random(5))
    assert len(copies) >= 5
    for copy in copies:
        held = {line.number: line.text for line in read_evidence(copy).lines}
        charging, lasting = re.findall(r"\[(\d)\]", copy.target)
        assert (held[int(charging)], "lasts 42 minutes" in held[int(lasting)]) == (LINES[1][1], True)
        assert list(held) == list(range(1, len(held) + 1))
        assert copy.messages[-1].content == copy.question, "the question stands alone"
    prompts = [READING.messages, *(copy.messages for copy in copies)]
    assert len(set(prompts)) == len(prompts)
    assert any(len(read_evidence(copy).lines) == 2 for copy in copies), "a passage is left out in some"
    assert len({copy.messages[0] for copy in copies}) > 2, "they are shuffled in some"
    assert any(copy.question.islower() for copy in copies)


def test_the_gate_rebuilds_a_draft_with_the_evidence_of_its_prompt() -> None:
    for example, evidence in ((READING, build_passages(LINES)), (EXAMPLE, build_evidence())):
        draft = rebuild_draft(example, lambda question: question == "How long does it CHARGE?")
        found = draft.retrieved.evidence
        assert (draft.messages, draft.asked) == (example.messages, "How long does it CHARGE?")
        assert [(one.number, one.text, one.heading) for one in found.lines] == [
            (one.number, one.text, one.heading) for one in evidence.lines
        ]
        assert (found.is_whole, draft.retrieved.is_question) == (evidence.is_whole, True)
