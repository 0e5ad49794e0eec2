"""A candidate is tried as it would be served: what it would not be asked to decide, it does not decide on trial."""

from bot.engine.llama_engine import LlamaEngine
from bot.learning.trial import TrialAnswerer
from retrieval.passage import Evidence, Match
from retrieval.prompt import REFUSAL, build_messages, is_refusal


def test_a_question_without_evidence_is_refused_and_small_talk_is_answered(engine: LlamaEngine) -> None:
    prompts = [build_messages(text, Evidence((), Match.WEAK), company="Acme") for text in ("Hello!", "Hello?")]
    trial = TrialAnswerer(engine, 60, is_question=lambda text: text.endswith("?"))
    talk, refused = trial.answer(prompts, None)
    assert not is_refusal(talk.seen)
    assert refused.text == REFUSAL
