"""Chooses how an answer is generated: greedily, and with exact quotes of the evidence, unless configured otherwise."""

from collections.abc import Sequence

from bot.engine.sampling import PLAIN, Sampling
from retrieval.factcheck.quote_grammar import CITE_GRAMMAR, QUOTE_GRAMMAR
from retrieval.passage import EvidenceLine
from retrieval.prompt import REFUSAL

REFUSING = Sampling(grammar=f'root ::= "{REFUSAL}"\n')
CITING = Sampling(grammar=CITE_GRAMMAR)


def choose_sampling(
    lines: Sequence[EvidenceLine], *, exact_quotes: bool, is_question: bool = False, is_taught: bool = False
) -> Sampling:
    """Return the sampling for an answer to a prompt with these lines of evidence.

    A model with enforced quotes does not decide whether the documents answer a question, because search decides that
    better (docs/LOG.md); if search is unsure, the model gets no evidence. The model decides about small talk, and about
    what an adapter was taught to say (`is_taught`).
    """
    if not exact_quotes:
        return PLAIN
    if not lines:
        return REFUSING if is_question else PLAIN
    return CITING if is_question and not is_taught else Sampling(grammar=QUOTE_GRAMMAR, never_begin=REFUSAL)
