"""Assigns rows to training, to the gate, or to a reserve that nobody sees until a later evaluation.

Rewordings and rows of one thread stay together, so that the gate does not ask a reworded lesson. Corrections always
train, because the person who corrects wants them learned. The id of a group's first reply decides its part, so that
later feedback does not move it. Knows ids and groups. Knows nothing of words.
"""

import hashlib
from collections.abc import Sequence

from retrain.examples import Split

GATE_SHARE = 0.1
SEALED_SHARE = 0.1


def choose_splits(groups: Sequence[int], reply_ids: Sequence[str], must_train: Sequence[bool]) -> list[Split]:
    """Return each row's part. Rows are in the order of time. A row that must train takes its group with it."""
    firsts: dict[int, str] = {}
    taught = {group for group, taught in zip(groups, must_train, strict=True) if taught}
    for group, reply_id in zip(groups, reply_ids, strict=True):
        firsts.setdefault(group, reply_id)
    drawn: dict[int, Split] = {group: "train" if group in taught else _draw(first) for group, first in firsts.items()}
    return [drawn[group] for group in groups]


def _draw(reply_id: str) -> Split:
    share = int.from_bytes(hashlib.blake2b(reply_id.encode(), digest_size=8).digest(), "big") / 2**64
    if share < GATE_SHARE:
        return "gate"
    return "sealed" if share < GATE_SHARE + SEALED_SHARE else "train"
