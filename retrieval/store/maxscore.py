"""MaxScore: finds the best rows of a BM25 index without adding up every common term (Turtle and Flood, 1995).

A column holds the rows of one term and the most that it adds to any score. The columns come by falling most. Once the
columns that are left cannot lift a new row among the best, they are only looked up for the rows found so far. Knows
nothing of texts or of who may read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Scores are compared by this many digits, so that the order of adding does not decide.
DIGITS = 4
_MARGIN = 1e-3
# Looking a row up in a column takes about as long as adding this many rows of it.
_LOOK_UP_COST = 20


@dataclass(frozen=True, slots=True)
class Column:
    """The rows that hold a term, rising, with what it adds to the score of each for one mention in the question.

    `count` is how often the question mentions the term; `most` is the most that it adds to any row in all.
    """

    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    count: int
    most: float

    def weigh(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Return what the term adds to the chosen ones of its rows."""
        return self.values[chosen] * np.float32(self.count)


def rank_rows(
    columns: Sequence[Column], allowed: NDArray[np.bool_], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the best `limit` rows or a few more of equal score, in no order, with their scores: (rows,) each.

    `columns` come by falling `most`. `allowed` (all rows,) says which rows may be found.
    """
    scores = np.zeros(len(allowed), dtype=np.float32)
    rows = np.zeros(0, dtype=np.int64)
    left = float(sum(column.most for column in columns))
    is_closed = False
    for column in columns:
        if len(rows) > limit:
            so_far = scores[rows]
            least = _find_least(so_far, limit)
            is_closed = is_closed or least > left + _MARGIN
            if is_closed:  # nor can a row win if all remaining terms would not lift it among the best
                rows = rows[so_far >= least - left - _MARGIN]
        places = column.rows
        if is_closed and len(rows) * _LOOK_UP_COST <= len(places):
            at = np.minimum(np.searchsorted(places, rows.astype(places.dtype)), len(places) - 1)
            is_hit = places[at] == rows
            scores[rows[is_hit]] += column.weigh(at[is_hit])
        else:
            places = places.astype(np.intp)  # once; otherwise each use as an index would convert it
            before = scores[places]
            scores[places] = before + column.weigh(slice(None))
            if not is_closed:
                new = places[before == 0.0]
                rows = np.concatenate([rows, new[allowed[new]]])
        left -= column.most
    totals = np.round(scores[rows], DIGITS)
    if len(rows) > limit:
        # In a large index, sorting all rows that share a common word would take longer than everything else.
        is_best = totals >= _find_least(totals, limit)
        rows, totals = rows[is_best], totals[is_best]
    return rows, totals


def _find_least(scores: NDArray[np.float32], limit: int) -> float:
    """Return the score of the `limit`-th best."""
    return float(np.partition(scores, -limit)[-limit])
