"""An answer that cites evidence says it word for word, whatever the model would rather say."""

from dataclasses import replace

import pytest

from bot.answering.quoting import choose_sampling
from bot.engine.port import Engine, GenerationRequest
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import REFUSAL, build_messages, is_refusal, split_claims

# Words that a small model loses its place in: the same ones again and again.
TEXT = "The Moss 2 of the Moss 2 kit charges the Moss 2 Pro of the Moss 2 Pro kit in 2 of 2 hours. The kit is green."
EVIDENCE = Evidence((EvidenceLine(1, TEXT, "Moss 2 › Kit", "p1"),), Match.STRONG)


def answer(engine: Engine, question: str) -> str:
    messages = build_messages(question, EVIDENCE, company="Acme")
    sampling = choose_sampling(EVIDENCE.lines, exact_quotes=True)
    return engine.submit(GenerationRequest("R1", messages, max_tokens=120, sampling=sampling)).completion().text


@pytest.mark.parametrize("question", ["How long does the Moss 2 kit charge the Moss 2 Pro?", "What colour is the kit?"])
def test_what_is_cited_is_said_as_the_evidence_has_it(engine: Engine, question: str) -> None:
    cited = [claim for claim in split_claims(answer(engine, question)) if claim.number is not None]
    assert cited, "the model cited nothing, so nothing was tried"
    assert all(claim.text in TEXT for claim in cited)


def test_quotes_may_be_left_free() -> None:
    assert choose_sampling(EVIDENCE.lines, exact_quotes=False).grammar is None
    assert choose_sampling((), exact_quotes=True).grammar is None


def test_a_question_without_evidence_is_refused_and_small_talk_is_not(engine: Engine) -> None:
    messages = build_messages("Hello!", Evidence((), Match.WEAK), company="Acme")
    said = [
        engine.submit(GenerationRequest("R1", messages, max_tokens=120, sampling=sampling)).completion().text
        for sampling in (choose_sampling((), exact_quotes=True, is_unanswered=lost) for lost in (False, True))
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
