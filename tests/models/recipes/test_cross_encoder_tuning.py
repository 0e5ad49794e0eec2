"""The cross-encoder learns which of the lines that search ranks answer, and to like none where none does."""

import json
from random import Random

import torch

from models.recipes.cross_encoder.train import Pairs, load_trained
from models.recipes.cross_encoder.tune import LEARNED, LINES, SHIPPED, Lesson, build_lesson, find_loss, tune
from models.recipes.data.product_questions import FOLDER, PRODUCTS, ProductQuestion
from retrieval.encoders.embedder import default_model_folder
from retrieval.passage import Audience, Passage
from retrieval.ranking.units import ScoredUnit

RIGHT = Passage("right", "Hold the lid for ten seconds.", "Kettle › Reset", "Kettle", "kettle.md", Audience.STAFF)
OTHERS = [
    Passage(f"p{number}", text, "Kettle › Care", "Kettle", "kettle.md", Audience.STAFF)
    for number, text in enumerate(["It is red.", "Wash the lid by hand.", "It holds two litres.", "Keep it dry."])
]


def ask(right: set[int]) -> Lesson:
    lines = tuple(ScoredUnit(passage, passage.text, 0.0) for passage in (*OTHERS, RIGHT))
    question = ProductQuestion("how do i start it afresh", lines, frozenset(right), frozenset(right))
    return build_lesson(question, Pairs(default_model_folder()))


def test_each_question_names_lines_of_a_file_of_its_product() -> None:
    documents = json.loads((FOLDER / "documents.json").read_text())
    assert set(documents) == set(PRODUCTS)
    assert set(LEARNED) < set(PRODUCTS)
    for product in PRODUCTS:
        for row in (FOLDER / f"{product}.jsonl").read_text().splitlines():
            raw = json.loads(row)
            assert raw["question"]
            assert (raw["kind"] == "unanswerable") == (not raw["right"])
            assert {source for source, _, _ in raw["right"]} <= set(documents[product]["files"])


def test_right_lines_come_first_and_are_left_out_at_times() -> None:
    lesson = ask({4})
    drawn = [lesson.draw(Random(seed)) for seed in range(60)]
    assert {right for _, right in drawn} == {0, 1}
    for numbers, right in drawn:
        assert (numbers[0] == 4) == bool(right)
        assert 4 not in numbers[right:]
        assert len(numbers) <= LINES


def test_what_was_learned_is_liked_better_than_before() -> None:
    torch.manual_seed(1)
    model, pairs = load_trained(SHIPPED), Pairs(default_model_folder())
    lessons = [ask({4})] * 4 + [ask(set())]
    with torch.no_grad():
        before = find_loss(model, lessons, pairs, Random(3)).item()
    tune(model, lessons, pairs, epochs=16.0, rate=7e-5)
    with torch.no_grad():
        assert find_loss(model.eval(), lessons, pairs, Random(3)).item() < before
