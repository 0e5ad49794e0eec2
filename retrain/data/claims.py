"""Whether the evidence of a reply holds what people saw of it. Knows nothing of votes.

A claim that quotes the line that it cites needs no judge; the claim check judges the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrain.variations import find_quote
from retrieval.factcheck.check import Support, is_courtesy, judge_claim
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import Claim, split_claims


@dataclass(frozen=True, slots=True)
class ShownClaims:
    """The claims that people saw, as one text with its markers, and what the evidence says to the weakest of them."""

    text: str
    support: Support


def read_shown(answer: str, shown: str, lines: Sequence[Mapping[str, Any]]) -> ShownClaims:
    """Return what was shown of an answer. `lines` have number, text and heading; "" where nothing was shown."""
    seen = " ".join(shown.split())
    claims = [claim for claim in split_claims(answer) if " ".join(claim.text.split()) in seen]
    texts = [claim.text if claim.number is None else f"[{claim.number}] {claim.text}" for claim in claims]
    evidence = tuple(EvidenceLine(line["number"], line["text"], line["heading"], "") for line in lines)
    return ShownClaims(" ".join(texts), _find_weakest(claims, evidence))


def _find_weakest(claims: Sequence[Claim], evidence: tuple[EvidenceLine, ...]) -> Support:
    """Return the worst verdict; a contradiction is worse than a claim that is not found."""
    verdicts = {_judge(claim, evidence) for claim in claims}
    order = (Support.CONTRADICTED, Support.NOT_FOUND, Support.SUPPORTED)
    return next((verdict for verdict in order if verdict in verdicts), Support.NOT_FOUND)


def _judge(claim: Claim, evidence: tuple[EvidenceLine, ...]) -> Support:
    cited = tuple(line for line in evidence if line.number == claim.number)
    if find_quote(claim.text, Evidence(cited, Match.STRONG)) is not None or is_courtesy(claim.text):
        return Support.SUPPORTED
    return judge_claim(claim.text, evidence, cited=claim.number).verdict
