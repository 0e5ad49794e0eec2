"""The engine as retraining sees it: an answerer that runs a candidate on the trial lane while the champion serves."""

import threading
from collections.abc import Sequence

from bot.answering.say import Saying, Voice
from bot.engine.port import EngineError, Lane
from retrain.adapter import Adapter
from retrain.errors import RetrainStopped
from retrain.evaluate import Answer
from retrieval.draft import Draft

BATCH = 16


class TrialAnswerer:
    """Answers drafts with any adapter, as people would see it. A waiting person goes first. A failure is a value.

    Once `stop` is set, `answer` raises `RetrainStopped` between two batches.
    """

    def __init__(self, voice: Voice, stop: threading.Event | None = None) -> None:
        self._voice = voice
        self._stop = stop or threading.Event()

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        """Return one answer for each draft, in order."""
        engine = self._voice.engine
        engine.use_adapter(adapter, Lane.TRIAL)
        try:
            answers: list[Answer] = []
            for start in range(0, len(drafts), BATCH):
                if self._stop.is_set():
                    raise RetrainStopped
                answers += self._answer_batch(drafts[start : start + BATCH], start)
            return answers
        finally:
            engine.use_adapter(None, Lane.TRIAL)

    def _answer_batch(self, drafts: Sequence[Draft], first: int) -> list[Answer]:
        """Begin all answers, so that they are decoded together, then read one after another."""
        sayings = [self._begin_answer(f"trial-{first + index}", draft) for index, draft in enumerate(drafts)]
        return [_read_answer(saying) for saying in sayings]

    def _begin_answer(self, request_id: str, draft: Draft) -> Saying | EngineError:
        try:
            return self._voice.say(draft, request_id, lane=Lane.TRIAL)
        except EngineError as error:
            return error


def ask_live(voice: Voice, drafts: Sequence[Draft]) -> list[str]:
    """Return what answers people now writes to each draft. Raises `EngineError` where it cannot answer."""
    said = []
    for number, draft in enumerate(drafts):
        saying = voice.say(draft, f"probe-{number}")
        for _ in saying:
            pass
        said.append(saying.completion().text)
    return said


def _read_answer(saying: Saying | EngineError) -> Answer:
    if isinstance(saying, EngineError):
        return Answer("", 0.0, failure=str(saying))
    try:
        for _ in saying:
            pass
        completion = saying.completion()
    except EngineError as error:
        return Answer("", 0.0, failure=str(error))
    return Answer(
        completion.text,
        completion.total_ms,
        shown=saying.shown.text,
        is_cut=completion.finish in ("length", "deadline"),
        withheld=saying.shown.withheld,
    )
