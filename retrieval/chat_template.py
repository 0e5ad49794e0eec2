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
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from retrieval.prompt import ChatMessage


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


def template_of_tokenizer(tokenizer: Any) -> ChatTemplate:
    """Return the chat template of a Hugging Face tokenizer, equal to that of the GGUF made from it."""
    special = (token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
    return ChatTemplate(
        source=tokenizer.chat_template,
        bos_token=tokenizer.bos_token or "",
        eos_token=tokenizer.eos_token or "",
        control_tokens=tuple(sorted(special)),
    )


def render_chat(template: ChatTemplate, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True) -> str:
    """Return the text of the chat, with each message's control tokens broken so that they are read as plain text.

    With `add_generation_prompt` it ends where the assistant begins to speak. Raises `ChatTemplateError`.
    """
    plain = [
        {"role": message.role, "content": escape_control_tokens(_well_formed(message.content), template.control_tokens)}
        for message in messages
    ]
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
