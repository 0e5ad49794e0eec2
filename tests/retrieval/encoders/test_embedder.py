"""The embedders: one contract, and the one on onnxruntime equal to the original."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoders.embedder import (
    BertEmbedder,
    Embedder,
    SentenceTransformerEmbedder,
    default_model_folder,
    load_embedder,
)
from retrieval.passage import Stretch

TEXTS = ["How long does the battery last?", "", "🙂", "日本語", "word " * 400, "The Moss 2 runs for 90 minutes."]


def test_rows_have_length_one_and_keep_their_order(embedder: Embedder) -> None:
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[5], embedder.encode([TEXTS[5]])[0], atol=1e-5)
    assert embedder.encode([]).shape == (0, 384)


def test_near_meanings_are_near(embedder: Embedder) -> None:
    question, answer, other = embedder.encode([TEXTS[0], TEXTS[5], "Invoices are sent by e-mail."])
    assert question @ answer > question @ other + 0.2


def test_a_unit_means_the_same_whatever_stands_beside_it(embedder: Embedder) -> None:
    units = tuple(text for text in TEXTS if len(text) < 1_000)
    (together,) = embedder.encode_units([Stretch("Moss 2 › Battery:", units)])
    alone = embedder.encode_units([Stretch("Moss 2 › Battery:", (unit,)) for unit in units])
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_a_unit_is_understood_by_its_lead(embedder: Embedder) -> None:
    (question,) = embedder.encode(["How often do I wash the filter?"])
    filter_, blade = embedder.encode_units([Stretch(f"{name}:", ("Every month.",)) for name in ("Filter", "Blade")])
    assert filter_[0] @ question > blade[0] @ question + 0.05


def test_all_units_of_a_long_passage_get_vectors_of_their_own(embedder: Embedder) -> None:
    long = Stretch("Moss 2:" * 200, tuple(f"Part {number} costs {number} euros and is black." for number in range(80)))
    vectors, none = embedder.encode_units([long, Stretch("Empty:", ())])
    assert (vectors.shape, none.shape) == ((80, 384), (0, 384))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert len(np.unique(vectors.round(4), axis=0)) == 80


def test_several_threads_read_what_one_reads_and_leave_nothing_behind(embedder: Embedder) -> None:
    texts = [f"{text} {number}" for number in range(8) for text in TEXTS[:4]]
    before = threading.active_count()
    np.testing.assert_allclose(load_embedder(threads=3).encode(texts), embedder.encode(texts), atol=1e-6)
    assert threading.active_count() == before


def test_a_cut_file_and_another_kind_of_model_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(default_model_folder(), folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000_000])
    with pytest.raises(ValueError, match="cut short"):
        BertEmbedder(folder, name="cut")
    (folder / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="no BERT model but llama"):
        BertEmbedder(folder, name="llama")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch and transformers warn about themselves
def test_the_vectors_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    original = SentenceTransformerEmbedder(str(default_model_folder()), threads=1)
    handbook = Path(__file__).parents[2] / "config" / "sample" / "knowledge"
    real = [line for path in sorted(handbook.rglob("*.md"))[:6] for line in path.read_text().splitlines() if line]
    for texts in (TEXTS, real):
        np.testing.assert_allclose(embedder.encode(texts), original.encode(texts), atol=1e-5)
    assert original.encode([]).shape == (0, 384)
