"""The cross-encoders: one trained by this project, held against torch, and any that sentence-transformers loads."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipes.cross_encoder.train import CrossEncoder as TrainedCrossEncoder
from models.recipes.cross_encoder.train import load_trained, read_pairs, save
from retrieval.encoders.cross_encoder import (
    CrossEncoder,
    CrossEncoderError,
    MiniLmCrossEncoder,
    load_cross_encoder,
)
from retrieval.encoders.embedder import default_model_folder

QUESTION = "how long does the Fern 4 run"
LINES = [
    ("Fern 4 › Specifications", "The Fern 4 runs for 40 minutes on a full charge."),
    ("Fern 4 › Specifications", "The Fern 4 weighs 2.3 kg."),
    ("Warranty", "The warranty for all trimmers lasts 4 years, and longer for those who register online."),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What training writes, before any training: the embedder's layers and a random score."""
    folder = tmp_path_factory.mktemp("own")
    torch.manual_seed(3)
    model = TrainedCrossEncoder(default_model_folder())
    torch.nn.init.normal_(model.score.weight, std=0.5)
    save(model, folder)
    return folder


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of another make: a BERT with random weights and the packaged words."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("foreign")
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    config.id2label = {0: "fits"}
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(default_model_folder()).save_pretrained(folder)
    return folder


@pytest.fixture(params=["own", "foreign"])
def cross_encoder(request: pytest.FixtureRequest) -> CrossEncoder:
    loaded = load_cross_encoder(str(request.getfixturevalue(request.param)))
    assert loaded is not None
    return loaded


def test_a_line_has_the_same_score_whatever_stands_beside_it(cross_encoder: CrossEncoder) -> None:
    together = cross_encoder.score(QUESTION, LINES)
    alone = [cross_encoder.score(QUESTION, [line])[0] for line in LINES]
    assert together.shape == (3,)
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_lines_and_an_endless_question_are_scored(cross_encoder: CrossEncoder) -> None:
    assert cross_encoder.score(QUESTION, []).shape == (0,)
    assert np.isfinite(cross_encoder.score("why " * 500, LINES)).all()


def test_onnxruntime_and_torch_score_alike(own: Path) -> None:
    expected = read_pairs(load_trained(own), QUESTION, LINES)
    np.testing.assert_allclose(MiniLmCrossEncoder(own).score(QUESTION, LINES), expected, atol=1e-3)


def test_a_damaged_or_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CrossEncoderError, match=r"cannot be read.*knowledge.cross_encoder"):
        MiniLmCrossEncoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps({"sha256": digest}))
    with pytest.raises(CrossEncoderError, match=r"damaged.*knowledge.cross_encoder"):
        MiniLmCrossEncoder(tmp_path)
    with pytest.raises(CrossEncoderError, match="No cross-encoder can be loaded"):
        load_cross_encoder(str(tmp_path / "nowhere"))


def test_off_means_none() -> None:
    assert load_cross_encoder("off") is None
