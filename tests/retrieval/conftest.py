"""The real embedder, loaded once: about a second."""

import pytest

from retrieval.encoders.embedder import Embedder, load_embedder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()
