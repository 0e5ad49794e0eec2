"""The engine as retraining sees it: an answerer that puts a candidate on the trial lane while the champion serves."""

from collections.abc import Sequence

from bot.engine.port import Engine, EngineError, Generation, GenerationRequest, Lane
from retrain.adapter import Adapter
from retrain.evaluate import Answer
from retrieval.prompt import ChatMessage

BATCH = 16


class TrialAnswerer:
    """Answers prompts with any adapter, greedily; a person who waits goes first. A failure is an answer's value."""

    def __init__(self, engine: Engine, max_tokens: int) -> None:
        self._engine = engine
        self._max_tokens = max_tokens

    def answer(self, prompts: Sequence[tuple[ChatMessage, ...]], adapter: Adapter | None) -> list[Answer]:
        """Return one answer for each prompt, in order."""
        self._engine.use_adapter(adapter, Lane.TRIAL)
        try:
            answers: list[Answer] = []
            for start in range(0, len(prompts), BATCH):
                answers += self._answer_batch(prompts[start : start + BATCH], start)
            return answers
        finally:
            self._engine.use_adapter(None, Lane.TRIAL)

    def _answer_batch(self, prompts: Sequence[tuple[ChatMessage, ...]], first: int) -> list[Answer]:
        generations = [self._submit(f"trial-{first + index}", messages) for index, messages in enumerate(prompts)]
        return [_wait_for(generation) for generation in generations]

    def _submit(self, identity: str, messages: tuple[ChatMessage, ...]) -> Generation | EngineError:
        request = GenerationRequest(identity, messages, max_tokens=self._max_tokens, lane=Lane.TRIAL)
        try:
            return self._engine.submit(request)
        except EngineError as error:
            return error


def _wait_for(generation: Generation | EngineError) -> Answer:
    if isinstance(generation, EngineError):
        return Answer("", 0.0, failure=str(generation))
    try:
        completion = generation.completion()
    except EngineError as error:
        return Answer("", 0.0, failure=str(error))
    return Answer(completion.text, completion.total_ms)
