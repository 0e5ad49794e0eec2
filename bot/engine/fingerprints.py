"""Recognises an adapter by the logits that it computes on one probe token. Knows nothing of llama.cpp."""

from collections import OrderedDict

import numpy as np

from bot.engine.sampler import Logits

MOST = 16
"""How many of the latest adapters are remembered. One takes 4 bytes for each token of the vocabulary."""
SAME = 0.001
"""Up to this difference in each logit two adapters are the same, because sums in another order differ in their last
bits.
"""


class Fingerprints:
    """The latest adapters' logits on the probe, by their keys."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str | None, Logits]] = OrderedDict()

    def note(self, key: str, adapter_id: str | None, logits: Logits) -> bool:
        """Remember what this adapter (None: the bare base) computes, (vocabulary,).

        Return False if it was different before.
        """
        _, first = self._known.setdefault(key, (adapter_id, logits))
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return _are_same(first, logits)

    def find(self, logits: Logits) -> list[str | None]:
        """Return the ids of the adapters that compute these logits; several if their weights do the same."""
        return [adapter_id for adapter_id, known in self._known.values() if _are_same(known, logits)]


def _are_same(one: Logits, other: Logits) -> bool:
    return bool(np.max(np.abs(one - other)) < SAME)
