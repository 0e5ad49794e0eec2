"""Turns chat messages into the exact text that a model reads, by the model's own chat template.

Serving and training both call `render_chat`, so both read the same bytes. The text is complete: tokenize it without
adding special tokens, or a template that writes its own begin-of-text token would give two. Knows no tokenizer.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from retrieval.prompt import ChatMessage

_MARK = "what the system says"


class ChatTemplateError(Exception):
    """A template that cannot be read or that refuses these messages; the message says why."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A model's chat template (Jinja) with the texts of its special tokens.

    `control_tokens` are the texts that the tokenizer turns into control tokens wherever it meets them, and that
    nobody may therefore type into a message.
    """

    source: str
    bos_token: str = ""
    eos_token: str = ""
    control_tokens: tuple[str, ...] = ()


def render_chat(template: ChatTemplate, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True) -> str:
    """Return the text of the chat, with each message's control tokens broken so that they are read as plain text.

    Where the template takes no system message, its text begins the first message of the person instead; where it
    wants turns, messages in a row are joined. With `add_generation_prompt` it ends where the assistant begins to speak.
    Raises `ChatTemplateError`.
    """
    if not takes_system(template):
        messages = _fold_system(messages)
    plain = [
        {"role": message.role, "content": escape_control_tokens(_well_formed(message.content), template.control_tokens)}
        for message in messages
    ]
    try:
        return _render(template, plain, add_generation_prompt)
    except ChatTemplateError:
        turns = _join_turns(plain)
        if turns == plain:
            raise
        return _render(template, turns, add_generation_prompt)


@lru_cache(maxsize=8)
def takes_system(template: ChatTemplate) -> bool:
    """Whether the template writes a system message: some refuse it, others leave it out."""
    try:
        chat = [{"role": "system", "content": _MARK}, {"role": "user", "content": "Hello"}]
        return _MARK in _render(template, chat, True)
    except ChatTemplateError:
        return False


def _fold_system(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the chat with what system messages say at the head of the first message that a person wrote."""
    said = [message.content for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    first = next((place for place, message in enumerate(others) if message.role == "user"), None)
    if first is not None:
        others[first] = ChatMessage("user", "\n\n".join([*said, others[first].content]))
    return tuple(others)


def _join_turns(plain: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the chat with messages of one side in a row joined, and without what the assistant says before anybody."""
    turns: list[dict[str, str]] = []
    for message in plain:
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1] = {**message, "content": f"{turns[-1]['content']}\n\n{message['content']}"}
        elif message["role"] != "assistant" or any(turn["role"] == "user" for turn in turns):
            turns.append(message)
    return turns


def _render(template: ChatTemplate, plain: list[dict[str, str]], add_generation_prompt: bool) -> str:
    try:
        return _compile(template.source).render(
            messages=plain,
            bos_token=template.bos_token,
            eos_token=template.eos_token,
            add_generation_prompt=add_generation_prompt,
            tools=None,
            raise_exception=_raise_exception,
            strftime_now=lambda form: datetime.now(UTC).strftime(form),
        )
    except jinja2.TemplateError as error:
        raise ChatTemplateError(f"The chat template does not take these messages: {error}") from error


def escape_control_tokens(text: str, control_tokens: tuple[str, ...]) -> str:
    """Return the text with a space after the first character of each control token in it: "<|end|>" → "< |end|>".

    A token of one character, or whose second is a space already, is dropped, so that no pass can restore it; passes
    repeat until none is left, for breaking one may show another.
    """
    pattern = _any_of(control_tokens)
    while pattern is not None and pattern.search(text):
        text = pattern.sub(_break, text)
    return text


def _well_formed(text: str) -> str:
    """Replace half surrogate pairs, which JSON can carry and UTF-8 cannot, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _break(match: re.Match[str]) -> str:
    token = match[0]
    return "" if len(token) == 1 or token[1].isspace() else f"{token[0]} {token[1:]}"


@lru_cache(maxsize=8)
def _any_of(tokens: tuple[str, ...]) -> re.Pattern[str] | None:
    longest_first = sorted(filter(None, tokens), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


@lru_cache(maxsize=8)
def _compile(source: str) -> jinja2.Template:
    """Compile with the options and extensions that Hugging Face's templates are written for."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    return environment.from_string(source)


class _GenerationTag(Extension):
    """Lets `{% generation %}`, which marks what the assistant said, pass its content through."""

    tags = {"generation"}  # noqa: RUF012 - the type that jinja2 declares

    def parse(self, parser: Parser) -> list[nodes.Node]:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(value: object, indent: int | None = None, sort_keys: bool = False) -> str:
    """The plain JSON that templates expect; jinja2's own escapes HTML characters."""
    return json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sort_keys)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
