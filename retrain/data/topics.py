"""Clusters the questions of a data set into topics, and limits the size of each. Knows only vectors."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans  # type: ignore[import-untyped]  # the package has no types

from retrieval.passage import Vectors

FEWEST = 20
"""Fewer questions than this are one topic."""
THIN = 2
"""A topic with fewer lessons than this is thin: we ask its questions in more wordings."""
MOST_CLUSTERS = 40
_CLUSTERED = 4_000  # questions that the centres are found with; the rest go to the nearest


def find_topics(vectors: Vectors) -> NDArray[np.int32]:
    """Return the number of each question's topic."""
    if len(vectors) < FEWEST:
        return np.zeros(len(vectors), np.int32)
    many = min(MOST_CLUSTERS, max(2, round((len(vectors) / 2) ** 0.5)))
    step = -(-len(vectors) // _CLUSTERED)
    fitted = KMeans(many, n_init=1, max_iter=50, random_state=0).fit(vectors[::step])
    topics: NDArray[np.int32] = fitted.predict(vectors)
    return topics


def name_topics(vectors: Vectors, topics: NDArray[np.int32], questions: list[str]) -> list[str]:
    """Return for each question the question nearest to the centre of its topic."""
    names: dict[int, str] = {}
    for topic in np.unique(topics):
        members = np.flatnonzero(topics == topic)
        middle = vectors[members].mean(axis=0)
        names[int(topic)] = questions[members[int(np.argmax(vectors[members] @ middle))]]
    return [names[int(topic)] for topic in topics]


def find_surplus(topics: NDArray[np.int32], may_go: NDArray[np.bool_], *, times: int = 4, least: int = 20) -> list[int]:
    """Return the positions that a balanced set omits: the oldest (first) rows of each topic that is too large.

    A topic may be `times` as large as the median topic, and always hold `least` rows. Only rows that `may_go` are
    omitted.
    """
    if not len(topics):
        return []
    sizes = np.bincount(topics)
    most = max(least, int(times * np.median(sizes[sizes > 0])))
    surplus: list[int] = []
    for topic in np.flatnonzero(sizes > most):
        members = np.flatnonzero((topics == topic) & may_go)
        surplus += [int(one) for one in members[: int(sizes[topic]) - most]]
    return sorted(surplus)
