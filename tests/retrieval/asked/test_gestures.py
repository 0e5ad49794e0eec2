"""What a message does that asks nothing of the documents, and what only looks like it."""

import pytest

from retrieval.asked.gestures import Gesture, Gestures
from retrieval.encoders.embedder import load_embedder

PERSON, WRONG, THANKS = Gesture.WANTS_PERSON, Gesture.SAYS_WRONG, Gesture.THANKS


@pytest.fixture(scope="module")
def gestures() -> Gestures:
    return Gestures(load_embedder())


@pytest.mark.parametrize(
    ("message", "gesture"),
    [
        ("may I speak with a representative", PERSON),
        ("enough of the bot, give me a person", PERSON),
        ("I don't want to talk to a machine", PERSON),
        ("could you hand this over to a colleague", PERSON),
        ("I was hoping a member of staff would deal with me", PERSON),
        ("Bitte verbinden Sie mich mit einem Mitarbeiter", PERSON),
        ("What do I do if a customer wants to speak to a person?", None),
        ("When can I talk to support on Sundays?", None),
        ("Is there a person limit per room?", None),
        ("Can I bring a person to the event?", None),
        ("Do I need to transfer my number?", None),
        ("your answer is wrong", WRONG),
        ("nein, das ist falsch", WRONG),
        ("Is that wrong?", None),
        ("the number is wrong on my invoice", None),
        ("It is not working", None),
        ("Cheers, all sorted, thanks", THANKS),
        ("thanks, and how long does it charge?", None),
        ("Thx, I will call you tomorrow", None),
    ],
)
def test_a_message_is_told_by_what_it_does(gestures: Gestures, message: str, gesture: Gesture | None) -> None:
    assert gestures.find(message) is gesture
