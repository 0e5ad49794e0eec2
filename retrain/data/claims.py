"""Whether the evidence of a reply holds what people saw of it. Knows nothing of votes.

A claim that quotes the line that it cites needs no judge; the claim check judges the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from retrain.variations import find_quote
from retrieval.factcheck.check import Support, is_courtesy, judge_claim
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import Claim, split_claims


def find_shown(answer: str, shown: str) -> list[Claim]:
    """Return the claims of an answer that people saw."""
    seen = " ".join(shown.split())
    return [claim for claim in split_claims(answer) if " ".join(claim.text.split()) in seen]


def join_claims(claims: Sequence[Claim]) -> str:
    """Return claims as one text, each behind the marker of the line that it cites; "" for none."""
    return " ".join(claim.text if claim.number is None else f"[{claim.number}] {claim.text}" for claim in claims)


def check_shown(answer: str, shown: str, lines: Sequence[Mapping[str, Any]]) -> Support:
    """Return what the evidence says to the weakest claim that people saw. `lines` have number, text and heading."""
    evidence = tuple(EvidenceLine(line["number"], line["text"], line["heading"], "") for line in lines)
    return _find_weakest(find_shown(answer, shown), evidence)


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
