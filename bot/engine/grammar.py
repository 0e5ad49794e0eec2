"""A GBNF grammar or JSON schema that an answer must follow, in llama.cpp. Runs on the engine's thread."""

import ctypes
import json
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from bot.engine.model import LlamaModel
from bot.engine.port import InvalidRequest
from bot.engine.sampler import Logits
from bot.engine.sampling import Sampling
from retrain.bases.llama_log import last_error

MOST_CHARACTERS, DEEPEST_NESTING = 65_536, 200
"""llama.cpp parses grammars by recursion. A more deeply nested one could crash the process."""
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)


class Grammar:
    """The position of an answer in its grammar. Free it with `close`."""

    def __init__(self, model: LlamaModel, text: str) -> None:
        """Raises `InvalidRequest` for a grammar that llama.cpp refuses."""
        _require_parsable(text)
        self._all = np.zeros(model.vocabulary_size, _CANDIDATE)
        self._one = np.zeros(1, _CANDIDATE)
        self._handle: Any = llama_cpp.llama_sampler_init_grammar(model.vocabulary, text.encode(), b"root")
        if not self._handle:
            raise InvalidRequest(f"The grammar is not valid: {last_error() or 'it has no usable root rule'}")

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""
        self._one["id"], self._one["logit"] = token, 0.0
        self._apply(self._one)
        return bool(np.isfinite(self._one["logit"][0]))

    def mask(self, logits: Logits) -> Logits:
        """Return the logits (vocabulary,) with minus infinity for every token that may not come next."""
        self._all["id"], self._all["logit"] = np.arange(len(logits)), logits
        self._apply(self._all)
        masked: NDArray[np.float32] = np.full_like(logits, -np.inf)
        masked[self._all["id"]] = self._all["logit"]  # llama.cpp may reorder its candidates
        return masked

    def accept(self, token: int) -> None:
        """Advance by an allowed token. llama.cpp ends the process on any other."""
        llama_cpp.llama_sampler_accept(self._handle, token)

    def close(self) -> None:
        """Free the grammar. Calling it twice is harmless."""
        if self._handle:
            llama_cpp.llama_sampler_free(self._handle)
            self._handle = None

    def _apply(self, candidates: NDArray[Any]) -> None:
        data = ctypes.cast(candidates.ctypes.data, llama_cpp.llama_token_data_p)
        array = llama_cpp.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._handle, ctypes.byref(array))


def build_grammar(model: LlamaModel, sampling: Sampling) -> Grammar | None:
    """Return the grammar that the options ask for, if any. Raises `InvalidRequest`."""
    if sampling.json_schema is not None:
        return Grammar(model, _schema_to_gbnf(sampling.json_schema))
    return None if sampling.grammar is None else Grammar(model, sampling.grammar)


def _schema_to_gbnf(schema: str) -> str:
    try:
        if not isinstance(json.loads(schema), dict):
            raise InvalidRequest("The JSON schema is not an object.")
        return str(json_schema_to_gbnf(schema))
    except InvalidRequest:
        raise
    except Exception as error:  # a strange schema can make the converter raise anything
        raise InvalidRequest(f"The JSON schema cannot be used ({type(error).__name__}).") from error


def _require_parsable(text: str) -> None:
    if not text.strip():
        raise InvalidRequest("The grammar is empty.")
    if "\x00" in text:
        raise InvalidRequest("The grammar holds a null character.")
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest(f"The grammar has {len(text)} characters; {MOST_CHARACTERS} are the most.")
    if text.count("(") > DEEPEST_NESTING and _depth(text) > DEEPEST_NESTING:
        raise InvalidRequest(f"The grammar is nested deeper than {DEEPEST_NESTING}.")


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest
