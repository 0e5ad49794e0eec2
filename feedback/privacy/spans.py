"""What was found in a text: where it stands and what kind of personal data it is. Knows nothing of how it is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "email", "phone", "card", "iban", "ip", "mac", "url", "address", "serial", "id", "secret"]


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data from `start` to before `end`. `person` names who it is, where a known name was found."""

    start: int
    end: int
    kind: Kind
    person: str = ""


def keep_apart(found: Iterable[Found], length: int) -> list[Found]:
    """Return the finds in the order of a text of this length, without those that overlap one that was given before."""
    taken = bytearray(length)
    kept = []
    for one in found:
        if one.start < one.end and not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
