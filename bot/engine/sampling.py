"""How a request wants its tokens chosen, beyond temperature and seed, and what it is told about them. Plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """The rarely used choices. The defaults change nothing.

    `top_k` (0: all), `top_p` and `min_p` limit what a draw may take. `repetition_penalty` divides the logits of the
    last 64 tokens. The answer ends before the first of the `stop` strings. `grammar` is llama.cpp's GBNF and
    `json_schema` a JSON schema as text; at most one of them is set. `logprobs` is how many alternatives to each token
    are returned (None: no log-probabilities at all). An answer does not begin with the first token of `never_begin`; a
    remote server is not told that.
    """

    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    json_schema: str | None = None
    logprobs: int | None = None
    never_begin: str = ""

    def find_fault(self) -> str | None:
        """Return one sentence about what makes these choices unusable, or None."""
        faults = (
            (self.top_k < 0, f"top_k must be at least 0, not {self.top_k}."),
            (not 0 < self.top_p <= 1, f"top_p must be above 0 and at most 1, not {self.top_p}."),
            (not 0 <= self.min_p <= 1, f"min_p must be between 0 and 1, not {self.min_p}."),
            (not 0 < self.repetition_penalty < 100, f"A repetition penalty of {self.repetition_penalty} is unusable."),
            ("" in self.stop, "A stop string must not be empty."),
            (bool(self.grammar and self.json_schema), "Give a grammar or a JSON schema, not both."),
            (
                self.logprobs is not None and not 0 <= self.logprobs <= 100,
                f"{self.logprobs} logprobs are not possible.",
            ),
        )
        return next((sentence for is_wrong, sentence in faults if is_wrong), None)


PLAIN = Sampling()


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of the answer: its id, its text and its natural log-probability before any sampling option.

    `top` holds the likeliest tokens as (token id, logprob), the likeliest first.
    """

    token: int
    text: str
    logprob: float
    top: tuple[tuple[int, float], ...] = ()
