"""The byte-level BPE tokenizer of chip-nano, its special tokens and its chat template.

The pre-tokenizer is the one that llama.cpp calls "qwen2" (words, single digits, punctuation), so that Hugging Face and
llama.cpp cut any text into the same tokens. Knows nothing of the model or of the data's meaning.
"""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from retrieval.prompt import MAX_EVIDENCE_LINES

PRE_TOKENIZER = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PAD, END = "<|pad|>", "<|end|>"
CONTROL_TOKENS = (PAD, END, "<|system|>", "<|user|>", "<|assistant|>")
MARKERS = tuple(f"[{number}]" for number in range(1, MAX_EVIDENCE_LINES + 1))
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


def get_id(tokenizer: Tokenizer, token: str) -> int:
    """Return a token's id. Raise KeyError where the vocabulary lacks it."""
    index = tokenizer.token_to_id(token)
    if index is None:
        raise KeyError(token)
    return int(index)


def list_tokens(tokenizer: Tokenizer) -> list[str]:
    """Return the tokens' texts in the order of their ids."""
    ids = tokenizer.get_vocab()
    return sorted(ids, key=lambda token: ids[token])


def train_tokenizer(lines: Iterable[str], vocab_size: int) -> Tokenizer:
    """Train on `lines`; ids 0..4 are the control tokens and the markers "[1]".."[9]" come last.

    Lines must not hold line breaks: a break merged into the mark before it would make the last token of a line of
    evidence differ from the last token of its quote.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRE_TOKENIZER), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(MARKERS),
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS])
    tokenizer.add_tokens([AddedToken(marker, special=False, normalized=False) for marker in MARKERS])
    return tokenizer


def build_chat_tokenizer(tokenizer: Tokenizer, context: int) -> PreTrainedTokenizerFast:
    """Wrap the tokenizer for Hugging Face, with the chat template; <|end|> ends a turn, <|pad|> fills a batch."""
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=list(CONTROL_TOKENS[2:]),
        chat_template=CHAT_TEMPLATE,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )
