"""How an answer is generated: greedily, and word for word where it cites evidence, unless set otherwise."""

from collections.abc import Sequence

from bot.engine.sampling import PLAIN, Sampling
from retrieval.passage import EvidenceLine
from retrieval.quote_grammar import build_quote_grammar, build_whole_grammar


def choose_sampling(lines: Sequence[EvidenceLine], *, exact_quotes: bool, is_verified: bool = False) -> Sampling:
    """Return the sampling of an answer to a prompt with these lines of evidence.

    Verified evidence is what staff approved as the answer to this very question. Where it is short enough for one line
    it is said whole, whatever an adapter would make of it.
    """
    if exact_quotes and is_verified and len(lines) == 1:
        return Sampling(grammar=build_whole_grammar(lines[0]))
    return Sampling(grammar=build_quote_grammar(lines)) if exact_quotes and lines else PLAIN
