"""A candidate is tried as it would be served: what it would not be asked to decide, it does not decide on trial."""

from bot.answering.say import Voice
from bot.engine.llama_engine import LlamaEngine
from bot.learning.trial import TrialAnswerer
from retrain.examples import Example
from retrain.variations import rebuild_draft
from retrieval.draft import Draft, build_draft
from retrieval.passage import CUSTOMER_SCOPE, Evidence, EvidenceLine, Match
from retrieval.prompt import REFUSAL, build_messages, is_refusal
from retrieval.retrieved import Retrieved
from tests.fakes import QuotingEngine

LINE = EvidenceLine(1, "Charging takes 90 minutes.", "Moss › Battery", "P1")


def draft(question: str, *lines: EvidenceLine, is_question: bool = False) -> Draft:
    evidence = Evidence(lines, Match.STRONG if lines else Match.WEAK)
    retrieved = Retrieved(question, (), evidence, 0.0, question, is_question=is_question)
    return build_draft(retrieved, "Acme", question, CUSTOMER_SCOPE)


def build_trial(engine: LlamaEngine) -> TrialAnswerer:
    return TrialAnswerer(Voice(engine, lambda _sentence, _scope: (), list, 60))


def test_a_question_without_evidence_is_refused_and_small_talk_is_answered(engine: LlamaEngine) -> None:
    talk, refused = build_trial(engine).answer([draft("Hello!"), draft("Hello?", is_question=True)], None)
    assert not is_refusal(talk.seen)
    assert refused.text == REFUSAL


def test_what_is_judged_is_what_a_person_would_be_shown(engine: LlamaEngine) -> None:
    asked = draft("How long does charging take?", LINE)
    (answer,) = build_trial(engine).answer([asked], None)
    shown = "".join(Voice(engine, lambda _sentence, _scope: (), list, 60).say(asked, "R1"))
    assert answer.shown is not None
    assert shown.startswith(answer.shown)


def test_a_lesson_of_a_base_that_reads_is_held_against_the_passages_of_its_prompt() -> None:
    passages = Evidence((LINE,), Match.STRONG, is_whole=True)
    prompt = build_messages("How long does charging take?", passages, company="Acme")
    lesson = Example(prompt, "Charging takes 90 minutes. [1]", "correction", 1.0, "g")
    asked = rebuild_draft(lesson, lambda _question: True)
    engine = QuotingEngine(reads_passages=True)
    engine.queue.extend(["Charging takes 90 minutes. [1] It can fly. [1]", "Charging takes 95 minutes. [1]"])
    trial = TrialAnswerer(Voice(engine, lambda _sentence, _scope: (), list, 60))
    assert [answer.seen for answer in trial.answer([asked, asked], None)] == ["Charging takes 90 minutes.", REFUSAL]
    assert [request.messages for request in engine.requests] == [prompt, prompt]
