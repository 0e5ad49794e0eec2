"""The exported GGUF is the model that was trained, token for token."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from llama_cpp import Llama

from models.recipes.chip_nano.export import GGUF_NAME, export_base
from models.recipes.chip_nano.model import Shape, build_model
from models.recipes.chip_nano.tokenizer import build_chat_tokenizer, train_tokenizer
from retrain.bases.base import load_base
from retrain.bases.gguf_layout import gguf_tensor_name, permute_qk

VOCABULARY = 512
LINES = [
    "The kettle holds 1.7 litres and boils in four minutes.",
    "I don't know. Shall I bring in a person?",
    "Returns are free for 30 days; after that we charge €4.90.",
]
STRINGS = [
    "[1] The kettle holds 1.7 litres.\n[2] It boils.\n\nQuestion: How much does it hold?",
    "<|system|>You are Chip.<|end|><|user|>Hello!<|end|><|assistant|>",
    "  two  spaces,\ttabs\tand trailing   ",
    "line\n\n\n  break\r\n and CRLF\n",
    "emoji 👍🏽🎉 — “quotes” … naïve café Straße 東京 Привет عربى",
    "it's I'LL we've don't O'Neill's",
    "3.14159 1,000,000 12:30 E-42 #1234 [10] [0] [1][2]x[3]",
    "snake_case CamelCase http://example.com/a?b=c&d=e a@b.co",
    "e\u0301 (combining) \u00a0nbsp\u200bzero-width \ufffd",
    "",
]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with its tokenizer, and the folder that it was exported to."""

    model: Any
    tokenizer: Any
    folder: Path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("bases") / "nano"
    tokenizer = build_chat_tokenizer(train_tokenizer(LINES * 3 + STRINGS[4:8], VOCABULARY), 256)
    torch.manual_seed(0)
    shape = Shape(vocab=len(tokenizer), width=64, layers=2, heads=2, kv_heads=1, head_size=32, ffn=96, context=256)
    model = build_model(shape, pad=0, end=1, seed=3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4.0)
    export_base(model, tokenizer, folder, version="test")
    return Trained(model.eval(), tokenizer, folder)


@pytest.fixture(scope="module")
def served(base: Trained) -> Iterator[Llama]:
    llama = Llama(str(base.folder / GGUF_NAME), n_ctx=256, n_threads=1, logits_all=True, verbose=False)
    yield llama
    llama.close()


def test_llama_cpp_cuts_any_text_into_the_tokens_of_hugging_face(base: Trained, served: Llama) -> None:
    tokenizer = base.tokenizer
    for text in STRINGS:
        expected = tokenizer(text, add_special_tokens=False).input_ids
        assert served.tokenize(text.encode(), add_bos=False, special=True) == expected, text
        assert tokenizer.decode(expected) == text


def test_served_logits_match_the_trained_weights(base: Trained, served: Llama) -> None:
    tokens = served.tokenize(STRINGS[0].encode(), add_bos=False, special=True)
    with torch.no_grad():
        expected = base.model(torch.tensor([tokens])).logits[0].numpy()
    served.reset()
    served.eval(tokens)
    logits = np.array(served.scores[: len(tokens)])
    # Q8_0 rounds weights to 1 part in 254; a wrong row order or rope base is off by the logits' whole spread.
    assert np.abs(logits - expected).max() < 0.05 * expected.std() * 4
    assert (logits.argmax(1) == expected.argmax(1)).mean() > 0.9


def test_both_forms_carry_one_chat_template_and_one_end(base: Trained, served: Llama) -> None:
    tokenizer = base.tokenizer
    assert served.metadata["tokenizer.chat_template"] == tokenizer.chat_template
    assert served.token_eos() == tokenizer.eos_token_id
    chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "[1] Yes."}]
    assert tokenizer.apply_chat_template(chat, tokenize=False) == "<|user|>Hi<|end|><|assistant|>[1] Yes.<|end|>"
    rendered = tokenizer.apply_chat_template(chat[:1], tokenize=False, add_generation_prompt=True)
    assert rendered == "<|user|>Hi<|end|><|assistant|>"


def test_one_file_is_the_base_and_an_export_over_it_leaves_one(base: Trained) -> None:
    assert [file.name for file in base.folder.iterdir()] == [GGUF_NAME]
    before = load_base(base.folder / GGUF_NAME)
    assert (before.name, before.context, before.reads_passages) == ("chip-nano test", 256, False)
    export_base(base.model, base.tokenizer, base.folder, version="test")
    assert load_base(base.folder / GGUF_NAME) == before
    assert [file.name for file in base.folder.iterdir()] == [GGUF_NAME]


def test_rows_of_query_heads_are_reordered_head_by_head() -> None:
    rows = np.arange(8)[:, None] * np.ones((1, 3))
    assert permute_qk(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    with pytest.raises(ValueError, match="do not divide"):
        permute_qk(rows, 3)


def test_an_unknown_tensor_is_named() -> None:
    assert gguf_tensor_name("model.layers.3.mlp.down_proj", 4) == "blk.3.ffn_down"
    with pytest.raises(KeyError, match="no_such"):
        gguf_tensor_name("model.layers.0.no_such.weight", 4)
