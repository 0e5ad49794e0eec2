"""Chooses how an answer is generated: greedily, and word for word where it cites evidence, unless set otherwise."""

from collections.abc import Sequence

from bot.engine.sampling import PLAIN, Sampling
from retrieval.factcheck.quote_grammar import build_quote_grammar
from retrieval.passage import EvidenceLine
from retrieval.prompt import REFUSAL

BYTES_A_TOKEN = 2
MARKER_TOKENS = 16
MOST_ROOM = 3
"""Times as many tokens as set: the prompt needs the rest."""

REFUSING = Sampling(grammar=f'root ::= "{REFUSAL}"\n')


def choose_sampling(lines: Sequence[EvidenceLine], *, exact_quotes: bool, is_unanswered: bool = False) -> Sampling:
    """Return the sampling of an answer to a prompt with these lines of evidence.

    A model that needs its quotes held does not refuse either where search found evidence: search tells better whether
    the documents answer (docs/LOG.md), and what it is unsure of reaches the model as no evidence at all. Of what has
    none it is left the small talk; a question (`is_unanswered`) is refused.
    """
    if exact_quotes and is_unanswered:
        return REFUSING
    if not exact_quotes or not lines:
        return PLAIN
    return Sampling(grammar=build_quote_grammar(lines), never_begin=REFUSAL)


def find_room(lines: Sequence[EvidenceLine], answer_tokens: int) -> int:
    """Return how many tokens an answer may have: as many as set, or more where a list or code would be cut short."""
    longest = max((len(line.text.encode()) for line in lines if "\n" in line.text), default=0)
    return max(answer_tokens, min(longest // BYTES_A_TOKEN + MARKER_TOKENS, MOST_ROOM * answer_tokens))
