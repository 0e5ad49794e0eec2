"""An answer that cites evidence says it word for word, whatever the model would rather say."""

from dataclasses import replace

import pytest

from bot.answering.quoting import choose_sampling
from bot.answering.say import Voice
from bot.engine.port import Engine, GenerationRequest
from retrieval.draft import build_draft
from retrieval.passage import STAFF_SCOPE, Evidence, EvidenceLine, Match
from retrieval.prompt import REFUSAL, UNSURE, build_messages, is_refusal
from retrieval.retrieved import Retrieved

TEXT = "The Moss 2 kit charges the Moss 2 Pro in 2 hours.\n- The kit is green.\n- It folds."
EVIDENCE = Evidence((EvidenceLine(1, TEXT, "Moss 2 › Kit", "p1"),), Match.STRONG)


@pytest.mark.parametrize("question", ["How long does the Moss 2 kit charge the Moss 2 Pro?", "What colour is the kit?"])
def test_what_the_model_cites_is_said_as_the_evidence_has_it(engine: Engine, question: str) -> None:
    voice = Voice(engine, lambda *_: (), lambda: (), max_tokens=120)
    retrieved = Retrieved(question, (), EVIDENCE, 0.0, question)
    saying = voice.say(build_draft(retrieved, "Acme", question, STAFF_SCOPE), "R1")
    assert "".join(saying) == f"{TEXT} [1]"
    assert saying.completion().text == f"[1] {TEXT}"
    assert saying.shown.cited == list(EVIDENCE.lines)


def test_pages_are_offered_where_search_is_not_sure(engine: Engine) -> None:
    voice = Voice(engine, lambda *_: (), lambda: (), max_tokens=120)
    nothing = Evidence((), Match.WEAK)
    retrieved = Retrieved("Lid?", (), nothing, 0.0, "Lid?", is_question=True, offered=EVIDENCE.lines)
    saying = voice.say(build_draft(retrieved, "Acme", "Lid?", STAFF_SCOPE), "R1")
    assert (
        "".join(saying)
        == f"{UNSURE}\n- Kit: The Moss 2 kit charges the Moss 2 Pro in 2 hours. The kit is green; It folds. [1]"
    )
    assert is_refusal(saying.shown.text)
    assert saying.shown.cited == list(EVIDENCE.lines)


def test_quotes_may_be_left_free() -> None:
    assert choose_sampling(EVIDENCE.lines, exact_quotes=False).grammar is None
    assert choose_sampling((), exact_quotes=True).grammar is None


def test_a_question_without_evidence_is_refused_and_small_talk_is_not(engine: Engine) -> None:
    messages = build_messages("Hello!", Evidence((), Match.WEAK), company="Acme")
    said = [
        engine.submit(GenerationRequest("R1", messages, max_tokens=120, sampling=sampling)).completion().text
        for sampling in (choose_sampling((), exact_quotes=True, is_question=lost) for lost in (False, True))
    ]
    assert not is_refusal(said[0])
    assert said[1] == REFUSAL


def test_what_search_found_is_said_and_not_refused(engine: Engine) -> None:
    lines = (
        EvidenceLine(1, "The Moss 2 weighs 9.8 kg.", "Moss 2 › Specifications", "p1"),
        EvidenceLine(2, "The warranty lasts two years.", "Warranty", "p2"),
    )
    messages = build_messages("Who won the football match?", Evidence(lines, Match.WEAK), company="Acme")
    held = choose_sampling(lines, exact_quotes=True)
    free = replace(held, never_begin="")
    said = [
        engine.submit(GenerationRequest("R1", messages, max_tokens=120, sampling=sampling)).completion().text
        for sampling in (free, held)
    ]
    assert is_refusal(said[0]), "the model did not want to refuse, so nothing was tried"
    assert not is_refusal(said[1])
