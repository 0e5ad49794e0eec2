"""Runs the optional third layer of the claim check: a cross-encoder or NLI model of sentence-transformers.

It estimates whether a line entails or contradicts a sentence. Knows models and texts. Knows nothing of evidence numbers
or of what is shown.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What published models call the label that means "supported".
_YES = ("entail", "support", "consistent", "faithful")
_NO = ("contradict", "refute")


class EntailmentModelError(Exception):
    """The model cannot judge claims. The message says why."""


@dataclass(frozen=True, slots=True)
class Entailment:
    """The probability that a premise entails a claim, and that it contradicts it (0 if the model has no such label)."""

    support: float
    contradiction: float


class EntailmentModel:
    """Judges (premise, claim) pairs. A claim is supported from `threshold` on.

    A single label is the logit of "supported". With several labels, the name decides; of two unnamed ones, the second
    is "supported".
    """

    def __init__(self, model: str, *, threshold: float = 0.5, threads: int | None = None, offline: bool = True) -> None:
        """Load a local folder or a cached model. Raise `EntailmentModelError` if it is missing or has no such label.

        This imports torch, which takes about 10 s and 500 MiB on a small machine.
        """
        if offline:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from sentence_transformers import CrossEncoder

        if threads is not None:
            torch.set_num_threads(threads)
        try:
            self._model = CrossEncoder(model, device="cpu")
        except (OSError, ValueError) as error:
            raise EntailmentModelError(f"The claim model {model} cannot be loaded: {error}") from error
        self._identity = torch.nn.Identity()
        self.threshold = threshold
        labels = dict(self._model.config.id2label or {})
        self._yes, self._no = _find_labels({int(number): str(name) for number, name in labels.items()}, model)

    def judge(self, claim: str, premises: Sequence[str]) -> list[Entailment]:
        """Return one judgement per premise, in order."""
        if not premises:
            return []
        pairs = [(premise, claim) for premise in premises]
        raw = self._model.predict(pairs, activation_fn=self._identity, convert_to_numpy=True, show_progress_bar=False)
        logits = np.asarray(raw, dtype=np.float64).reshape(len(premises), -1)
        if logits.shape[1] == 1:
            return [Entailment(float(value), 0.0) for value in 1.0 / (1.0 + np.exp(-logits[:, 0]))]
        shares = _softmax(logits)
        no = shares[:, self._no] if self._no is not None else np.zeros(len(premises))
        return [Entailment(float(yes), float(against)) for yes, against in zip(shares[:, self._yes], no, strict=True)]


def _find_labels(labels: dict[int, str], model: str) -> tuple[int, int | None]:
    """Return the indices of the supporting and of the contradicting label."""
    names = {number: name.lower() for number, name in labels.items()}
    negated = ("not", "non", "un", "in")
    yes = [n for n, name in names.items() if any(word in name for word in _YES) and not name.startswith(negated)]
    no = [n for n, name in names.items() if any(word in name for word in _NO)]
    if len(names) == 1:
        return 0, None
    if len(yes) == 1:
        return yes[0], no[0] if len(no) == 1 else None
    if len(names) == 2 and all(name.startswith("label_") for name in names.values()):
        return 1, None
    raise EntailmentModelError(
        f"The claim model {model} has no label that means supported, but {list(names.values())}."
    )


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
