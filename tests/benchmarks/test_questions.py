"""The benchmarks of answers count right, wrong and refused as their tables of questions say."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cases, unseen
from benchmarks.answers import Answer, KeptEmbedder
from retrieval.passage import Stretch
from retrieval.prompt import REFUSAL
from tests.retrieval.words import WordEmbedder


def answered(text: str, **changes: object) -> Answer:
    values: dict[str, object] = {"is_refused": text == REFUSAL, "sources": (), "offered": (), "found": ()}
    return Answer(text, **{**values, "confidence": 0.5, "milliseconds": 1.0, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "said", "outcome"),
    [
        ("14 euros", "The X1-20 costs 14 EUROS. [1]", "right"),
        ("14 euros", "The X1-200 costs 87 euros. [1]", "wrong"),
        ("14 euros", REFUSAL, "refused"),
        ("don't know", REFUSAL, "right"),
        ("^(?!.*189)", "It costs 189 euros. [1]", "wrong"),
        ("Bergen.*Turku", "Bergen\n- Malmo\n- Turku", "right"),
    ],
)
def test_an_answer_is_right_where_it_matches(pattern: str, said: str, outcome: str) -> None:
    assert cases.Question("r01-sku", "How much is X1-20?", pattern).judge(answered(said)) == outcome


def test_outcomes_are_counted_over_all_by_kind_and_by_case(tmp_path: Path) -> None:
    table = tmp_path / "questions.tsv"
    table.write_text('case\tquestion\tpattern\nd10\tWhich clamp for Hose 12"?\tblue\nr01-code\tE7?\tE07\n', "utf-8")
    document, retrieval = cases.load_questions(table)
    assert document.text == 'Which clamp for Hose 12"?'
    figures = cases.build_figures([(document, "right"), (retrieval, "wrong"), (retrieval, "refused")])
    counts = {(figure.on, figure.what): figure.value for figure in figures}
    assert counts["all", "right"] == counts["all", "wrong"] == counts["all", "refused"] == 1
    assert (counts["all of documents", "right"], counts["all of retrieval", "right"]) == (1, 0)
    assert (counts["r01-code", "wrong"], counts["d10", "wrong"]) == (1, 0)


def load(tmp_path: Path, **changes: object) -> unseen.Question:
    row: dict[str, object] = {
        "id": "j1",
        "question": "which port?",
        "kind": "single",
        "answer_contains": [["10000", "ten thousand"]],
    }
    row |= {"reference": "UDP port 10000.", "documents": ["docs/faq.md"], **changes}
    (tmp_path / "set.jsonl").write_text(json.dumps(row), "utf-8")
    return unseen.load_questions(tmp_path / "set.jsonl")[0]


@pytest.mark.parametrize(
    ("kind", "said", "outcome"),
    [
        ("single", "Check UDP port 10000. [1]", "right"),
        ("multi", "Check the firewall. [1]", "wrong"),
        ("single", REFUSAL, "refused"),
        ("unanswerable", REFUSAL, "right"),
        ("unanswerable", "Check UDP port 10000. [1]", "wrong"),
        ("false_premise", REFUSAL, "right"),
        ("false_premise", "It must stay 10000.", "right"),
        ("false_premise", "Open the file. [1]", "wrong"),
    ],
)
def test_a_premise_may_be_denied_and_what_has_no_answer_must_be_refused(
    tmp_path: Path, kind: str, said: str, outcome: str
) -> None:
    assert load(tmp_path, kind=kind).judge(answered(said)) == outcome


def test_every_group_of_strings_needs_one_of_its_own(tmp_path: Path) -> None:
    question = load(tmp_path, answer_contains=[["udp"], ["10000"]])
    assert question.judge(answered("Port 10000.")) == "wrong"
    assert question.judge(answered("UDP port 10000.")) == "right"


def test_the_figures_of_a_set_tell_what_was_found_and_how_sure_chip_was(tmp_path: Path) -> None:
    question, other = load(tmp_path), load(tmp_path, kind="unanswerable")
    rows = [
        unseen.Row(question, answered("10000", found=("a.md", "faq.md"), sources=("a.md",), confidence=0.9), "right"),
        unseen.Row(other, answered(REFUSAL, confidence=0.2), "right"),
    ]
    figures = {figure.what: figure.value for figure in unseen.build_figures("jitsi", rows)}
    assert (figures["right of 1"], figures["right document among the first 5"]) == (1, 1)
    assert (figures["right document cited or offered"], figures["AUROC of answerable"]) == (0, 1.0)
    assert figures["unanswerable refused, right of 1"] == 1


def test_documents_are_encoded_once_and_questions_each_time(tmp_path: Path) -> None:
    class Counting(WordEmbedder):
        asked = 0

        def encode(self, texts):  # type: ignore[no-untyped-def]
            self.asked += len(texts)
            return super().encode(texts)

    stretches = [Stretch("Pump:", ("One line.", "Another line.")), Stretch("Hose:", ("One line.",)), Stretch("", ())]
    first, second = Counting(), Counting()
    for embedder in (first, second):
        kept = KeptEmbedder(embedder, tmp_path)
        for one, other in zip(kept.encode_units(stretches), WordEmbedder().encode_units(stretches), strict=True):
            np.testing.assert_array_equal(one, other)
        kept.encode(["A question?"])
        kept.close()
    assert (first.asked, second.asked) == (4, 1)
