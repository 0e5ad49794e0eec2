"""Cuts an example into the tokens to read and the tokens to learn. Knows nothing of the model's weights."""

from dataclasses import dataclass

from retrain.bases.vocabulary import Vocabulary
from retrain.examples import Example
from retrieval.chat_template import escape_control_tokens, render_chat
from retrieval.prompt import ChatMessage


@dataclass(frozen=True, slots=True)
class Row:
    """One tokenized example: the prompt's tokens, and the answer's with the one that ends the turn."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]
    weight: float
    group: str
    rehearsed: bool

    @property
    def tokens(self) -> int:
        """How many tokens prompt and answer have together."""
        return len(self.prompt) + len(self.target)


def build_row(example: Example, vocabulary: Vocabulary) -> Row:
    """Tokenize an example as it is served: the prompt by the chat template, without additional special tokens.

    The target ends as the template ends an assistant's message (its end-of-turn token), without what follows that.
    """
    template = vocabulary.chat_template()
    prompt = render_chat(template, example.messages)
    whole = render_chat(
        template, (*example.messages, ChatMessage("assistant", example.target)), add_generation_prompt=False
    )
    answer = whole.removeprefix(prompt).rstrip("\n")
    if not whole.startswith(prompt) or not answer:
        answer = escape_control_tokens(example.target, template.control_tokens) + template.eos_token
    return Row(
        prompt=tuple(vocabulary.tokenize(prompt)),
        target=tuple(vocabulary.tokenize(answer)),
        weight=example.weight,
        group=example.group,
        rehearsed=example.source == "replay",
    )
