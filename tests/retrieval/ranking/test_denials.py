"""A line that denies what a question takes for granted is told from lines that deny something else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders.embedder import Embedder
from retrieval.english.meanings import load_meanings
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE
from retrieval.ranking.denials import find_denials
from retrieval.ranking.features import Candidate

HEADING = "What our robots cannot do › Moving"


def denies(question: str, line: str) -> bool:
    # The heading of another line tells which names are products.
    lines = [Candidate(HEADING, line, 0), Candidate("Fern 2 › Care", "The Fern 2 is dusted once a week.", 1)]
    return bool(find_denials(question, lines, load_meanings())[0])


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("How do I make my Fern 2 fly over the fence?", "No robot of ours can fly."),
        ("which arm of the Fern picks up toys", "No Fernhill robot has arms, so no model can pick up anything."),
        ("How do I get the fern to call the police?", "The Fern models cannot call the police or the fire brigade."),
        ("How long can the Fern patrol outdoors?", "The Fern and the Reed must not be used outdoors."),
        ("How watertight is the Fern 2?", "The Fern 2 isn't meant for rain, and it does not stay watertight."),
    ],
)
def test_what_a_question_takes_for_granted_is_denied(question: str, line: str) -> None:
    assert denies(question, line)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("How do I make my Fern 2 fly over the fence?", "The Fern 2 runs for 90 minutes."),  # denies nothing
        ("How do I make my Fern 2 fly over the fence?", "No robot of ours can climb stairs."),  # something else
        ("How do I get the Fern to call the police?", "The Reed cannot call the police."),  # of another product
        ("Can I pay cash?", "Gift cards cannot be paid out in cash."),  # of another thing
        ("How long is my Fern covered?", "Water damage is not covered."),  # a rule, not an ability
        ("How do I make my Fern 2 fly?", "Why can no robot fly?"),  # a question
        ("Hi, can the Fern 2 fly?", "No robot of ours can fly."),  # takes nothing for granted
        ("", "No robot of ours can fly."),
        ("How do I make it fly?", "No robot of ours can."),
    ],
)
def test_other_lines_deny_nothing_of_it(question: str, line: str) -> None:
    assert not denies(question, line)


def test_no_line_is_no_denial() -> None:
    assert find_denials("How high does it fly?", [], load_meanings()).tolist() == []


class Disbelieving:
    """A cross-encoder that holds denials for wrong, as one does that was never shown any."""

    is_calibrated = True

    def score(self, question: str, lines: Sequence[tuple[str, str]]) -> NDArray[np.float64]:  # noqa: ARG002
        return np.array([-9.0 if text.startswith("No robot") else -0.2 for _, text in lines])


@pytest.mark.parametrize("cross_encoder", [None, Disbelieving()])
def test_a_false_premise_is_met_with_what_denies_it_alone(
    tmp_path: Path, embedder: Embedder, cross_encoder: Disbelieving | None
) -> None:
    """The story that this company began with: the bot told a customer how to make the robot fly."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("Fern 2", "Fern 2 Pro", "Reed 1"):
        (folder / f"{name}.md").write_text(
            f"---\ntitle: {name}\naudience: customer\n---\n# {name}\n\nThe {name} is made for gardens.\n\n"
            f"Make sure that nothing lies on the lawn. To make the {name} start, press the button twice.\n"
        )
    (folder / "limits.md").write_text(
        "---\ntitle: Limits\naudience: customer\n---\n# Limits\n\nNo robot of ours can fly. None can swim.\n"
    )
    knowledge = Knowledge(tmp_path / "index", embedder, cross_encoder=cross_encoder)
    knowledge.ingest(folder)
    found = knowledge.find_evidence("how do i make my Fern 2 fly over the fence", CUSTOMER_SCOPE)
    knowledge.close()
    assert [line.text for line in found.evidence.lines] == ["No robot of ours can fly."]
