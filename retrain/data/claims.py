"""Checks whether the evidence of a reply supports what people saw. Knows nothing of votes.

A claim that quotes its cited line needs no check; the claim check judges the others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from retrain.prompt_forms import Messages, read_claims, reads_passages
from retrain.variations import find_quote
from retrieval.english.sentences import split_units
from retrieval.english.terms import tokenise
from retrieval.factcheck.check import Support, is_courtesy, judge_claim
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.passage_reader import Sentence

# Of whole passages, so many lines that share most words with a claim are compared with it: each takes 3 ms.
_NEAREST = 3
_BARE = re.compile(r"^(?:yes|no)\b[,.!]?\s*", re.IGNORECASE)


def find_shown(
    messages: Messages, answer: str, shown: str, lines: Sequence[Mapping[str, Any]]
) -> tuple[list[Sentence], Evidence]:
    """Return the claims of an answer that people saw, and the evidence in its prompt.

    `lines` have number, text and heading. A sentence cites the passage that supports it, whichever the model named.
    """
    seen = " ".join(shown.split())
    told = tuple(EvidenceLine(line["number"], line["text"], line["heading"], "") for line in lines)
    evidence = Evidence(told, Match.STRONG, is_whole=reads_passages(messages))
    claims = [claim for claim in read_claims(messages, answer) if " ".join(claim.text.split()) in seen]
    if evidence.is_whole:
        claims = [replace(claim, number=_find_holder(claim, evidence) or claim.number) for claim in claims]
    return claims, evidence


def check_shown(messages: Messages, answer: str, shown: str, lines: Sequence[Mapping[str, Any]]) -> Support:
    """Return the evidence's verdict on the weakest claim that people saw; see `find_shown`."""
    return _find_weakest(*find_shown(messages, answer, shown, lines))


def find_supporting(text: str, evidence: Evidence) -> int | None:
    """Return the number of the passage that supports the text, in its words or meaning; None if none does."""
    claim = Sentence(text, "", None)
    if is_courtesy(text):
        return None
    if (holder := _find_holder(claim, evidence)) is not None:
        return holder
    judged = judge_claim(_BARE.sub("", text) or text, _find_nearest(text, evidence))
    return judged.line.number if judged.line and judged.verdict is Support.SUPPORTED else None


def _find_holder(claim: Sentence, evidence: Evidence) -> int | None:
    """Return the number of a passage that holds the claim word for word, preferably the cited one."""
    ordered = sorted(evidence.lines, key=lambda line: line.number != claim.number)
    line = find_quote(claim.text, replace(evidence, lines=tuple(ordered)))
    return line.number if line else None


def _find_weakest(claims: Sequence[Sentence], evidence: Evidence) -> Support:
    """Return the worst verdict; a contradiction is worse than a claim that is not found."""
    verdicts = {_judge(claim, evidence) for claim in claims}
    order = (Support.CONTRADICTED, Support.NOT_FOUND, Support.SUPPORTED)
    return next((verdict for verdict in order if verdict in verdicts), Support.NOT_FOUND)


def _judge(claim: Sentence, evidence: Evidence) -> Support:
    cited = tuple(line for line in evidence.lines if line.number == claim.number)
    if find_quote(claim.text, replace(evidence, lines=cited)) is not None or is_courtesy(claim.text):
        return Support.SUPPORTED
    if not evidence.is_whole:
        return judge_claim(claim.text, evidence.lines, cited=claim.number).verdict
    nearest = _find_nearest(claim.text, evidence)
    return judge_claim(_BARE.sub("", claim.text) or claim.text, nearest, cited=claim.number).verdict


def _find_nearest(text: str, evidence: Evidence) -> list[EvidenceLine]:
    """Return the lines of whole passages that share the most words with a text."""
    words = set(tokenise(text))
    lines = [replace(passage, text=unit.text) for passage in evidence.lines for unit in split_units(passage.text)]
    return sorted(lines, key=lambda line: -len(words & set(tokenise(line.text))))[:_NEAREST]
