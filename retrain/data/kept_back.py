"""Turns liked answers that training did not see into gate questions, so that an adapter keeps what people liked."""

from collections.abc import Iterable

from retrain.evaluate import HeldOutQuestion
from retrain.examples import Example
from retrain.prompt_forms import read_claims
from retrieval.passage import Audience

_FIRST_TURN = 2


def find_kept_back(examples: Iterable[Example]) -> list[HeldOutQuestion]:
    """Return a question for each liked first answer in the gate's part. A right answer repeats all its claims."""
    asked = (one for one in examples if one.split == "gate" and one.target and len(one.messages) == _FIRST_TURN)
    return [
        HeldOutQuestion(
            id=f"liked-{one.group}",
            question=one.question,
            audience=Audience.CUSTOMER,
            answer_contains=tuple((claim.text,) for claim in read_claims(one.messages, one.target)),
            answerable=True,
            kind="liked",
            topic=one.topic or one.group,
        )
        for one in asked
    ]
