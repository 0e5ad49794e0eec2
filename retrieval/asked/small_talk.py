"""Tells small talk from questions by the message's vector, so that an unanswered question is not met with a greeting.

`python -m models.recipes.rankings.fit_small_talk` fits the weights for the packaged embedder. With another embedder
every message counts as small talk, and the model decides. Knows nothing of prompts or answers.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.embedder import Embedder

WEIGHTS = Path(__file__).parent / "small_talk_weights.json"


def may_be_small_talk(message: str, embedder: Embedder) -> bool:
    """Return whether a message may be a greeting, thanks, a complaint or the like. Takes about 10 ms."""
    model, weights, bias = _load()
    if embedder.model_id.partition(":")[0] != model or not message.strip():
        return True
    return float(embedder.encode([message])[0] @ weights) + bias <= 0.0


@cache
def _load() -> tuple[str, NDArray[np.float64], float]:
    raw = json.loads(WEIGHTS.read_text())
    return raw["model"], np.array(raw["weights"]), float(raw["bias"])
