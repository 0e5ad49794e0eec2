"""Turns a request into the tokens of its prompt, within the room of its slot. Runs on the engine's thread.

A thread that has grown too long loses its earliest turns, a question together with its answer; the system message and
the last message stay. The completion tells how many messages were left out. If those two alone do not fit, the request
is refused: nothing is ever cut silently.
"""

from bot.engine.grammar import build_grammar
from bot.engine.job import Job
from bot.engine.model import LlamaModel
from bot.engine.port import GenerationRequest, InvalidRequest, PromptTooLong
from retrieval.chat_template import ChatTemplate, ChatTemplateError, render_chat
from retrieval.prompt import ChatMessage


def render_request(template: ChatTemplate, request: GenerationRequest) -> str:
    """Return the request's prompt as text; "" if the request brings tokens. Raises `InvalidRequest`."""
    require_sensible(request)
    return "" if request.prompt_tokens else _render(template, request.messages)


def require_sensible(request: GenerationRequest) -> None:
    """Raise `InvalidRequest` for numbers and options that no engine could answer with."""
    if request.max_tokens < 1:
        raise InvalidRequest(f"An answer needs at least one token, not {request.max_tokens}.")
    if fault := request.sampling.find_fault():
        raise InvalidRequest(fault)
    if request.deadline_seconds is not None and not request.deadline_seconds > 0:
        raise InvalidRequest(f"A deadline of {request.deadline_seconds} seconds has passed already.")


def read_prompt(job: Job, model: LlamaModel, template: ChatTemplate, slot_tokens: int) -> None:
    """Give the job its tokens and its grammar. Raises `PromptTooLong` or `InvalidRequest`."""
    limit = max(0, slot_tokens - job.request.max_tokens)
    if job.request.prompt_tokens:
        _require_known(job.request.prompt_tokens, model.vocabulary_size)
        tokens = list(job.request.prompt_tokens)
        job.prompt = b"".join(map(model.piece, tokens)).decode("utf-8", "replace")
    else:
        tokens = _fit_thread(job, model, template, limit)
    if not tokens:
        raise InvalidRequest("The prompt is empty.")
    if len(tokens) > limit:
        raise PromptTooLong(len(tokens), limit)
    job.grammar = build_grammar(model, job.request.sampling)
    never = model.tokenize(job.request.sampling.never_begin)
    job.never_first = never[0] if never else None
    job.set_prompt_tokens(tokens)


def drop_earliest_turn(messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """Return the chat without its earliest question and the answers to it; unchanged if it has only one question."""
    first = next((place for place, message in enumerate(messages) if message.role != "system"), len(messages))
    later = (place for place in range(first + 1, len(messages)) if messages[place].role == "user")
    following = next(later, None)
    return messages if following is None else (*messages[:first], *messages[following:])


def _fit_thread(job: Job, model: LlamaModel, template: ChatTemplate, limit: int) -> list[int]:
    messages, tokens = job.request.messages, model.tokenize(job.prompt)
    while len(tokens) > limit and (fewer := drop_earliest_turn(messages)) != messages:
        messages = fewer
        job.prompt = _render(template, messages)
        tokens = model.tokenize(job.prompt)
    job.dropped_messages = len(job.request.messages) - len(messages)
    return tokens


def _render(template: ChatTemplate, messages: tuple[ChatMessage, ...]) -> str:
    try:
        return render_chat(template, messages)
    except ChatTemplateError as error:
        raise InvalidRequest(str(error)) from error


def _require_known(tokens: tuple[int, ...], vocabulary_size: int) -> None:
    unknown = next((token for token in tokens if not 0 <= token < vocabulary_size), None)
    if unknown is not None:
        raise InvalidRequest(f"{unknown} is no token of this model, which has {vocabulary_size}.")
