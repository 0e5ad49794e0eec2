"""The embedders: one contract, and the numpy one equal to the original."""

import numpy as np
import pytest
from scipy.special import ndtr  # type: ignore[import-untyped]  # scipy has no types

from retrieval.encoders.bert_layers import _apply_gelu
from retrieval.encoders.embedder import Embedder, SentenceTransformerEmbedder, default_model_folder

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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch and transformers warn about themselves
def test_numpy_gives_the_vectors_of_sentence_transformers(embedder: Embedder) -> None:
    original = SentenceTransformerEmbedder(str(default_model_folder()), threads=1)
    np.testing.assert_allclose(embedder.encode(TEXTS), original.encode(TEXTS), atol=1e-5)
    assert original.encode([]).shape == (0, 384)


def test_the_fitted_gelu_is_the_exact_one_to_two_millionths_and_leaves_no_row_out() -> None:
    inputs = np.linspace(-12.0, 12.0, 100 * 97, dtype=np.float32).reshape(97, 100)
    exact = inputs.astype(np.float64) * ndtr(inputs.astype(np.float64))
    _apply_gelu(inputs)
    assert np.abs(inputs - exact).max() < 2e-6
