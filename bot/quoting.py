"""How an answer is generated: greedily, and word for word where it cites evidence, unless set otherwise."""

from collections.abc import Sequence

from bot.engine.sampling import PLAIN, Sampling
from retrieval.passage import EvidenceLine
from retrieval.quote_grammar import build_quote_grammar


def choose_sampling(lines: Sequence[EvidenceLine], *, exact_quotes: bool) -> Sampling:
    """Return the sampling of an answer to a prompt with these lines of evidence."""
    return Sampling(grammar=build_quote_grammar(lines)) if exact_quotes and lines else PLAIN
