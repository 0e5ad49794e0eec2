"""Fits the gate between small talk and questions about the company, for messages that no document answers.

    python -m models.recipes.rankings.fit_small_talk --data FOLDER [--write]

A logistic regression on the embedder's vector of a message. Small talk: the sayings that chip-nano learns, and the
chit-chat set. Questions: public support questions, invented companies' and short follow-ups. A fifth of each is held
out. The threshold is set so that hardly any small talk is taken for a question: "I don't know" to a greeting is worse
than a greeting to a question. Knows nothing of the sample company.
"""

import argparse
import csv
import json
from pathlib import Path
from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # the package has no types

from models.recipes.chip_nano.smalltalk import SAYINGS, load_chitchat
from models.recipes.cross_encoder.reading_lessons import chat
from models.recipes.data.natural import read_archive
from models.recipes.data.public_sets import load_corpora
from retrieval.asked.small_talk import WEIGHTS
from retrieval.encoders.embedder import DEFAULT_MODEL, load_embedder

LEADS = ("", "", "", "Hi, ", "Hello, ", "hey ", "Sorry, ", "well, ", "OK, ")
TAILS = ("", "", "!", ".", " please", " :)", "...")
SETS = ("venues", "dialogues", "hardware", "docs", "qed", *(f"invented {number}" for number in range(6)))
# Support requests of the public set that are small talk here: they ask for a person, or complain.
TALK_CATEGORIES = frozenset(["CONTACT", "FEEDBACK"])
EACH = 250
SMALL_TALK_KEPT = 0.995
# How often what chip-nano learned as small talk counts: "ok thanks" is more frequent than most of the public set.
OWN = 20.0
FOLLOW_UPS = (
    "and the other one?",
    "how much?",
    "how long does that take?",
    "and in winter?",
    "which one is better",
    "why is that?",
    "is it free",
    "and for business customers?",
    "when?",
    "where can I buy it",
    "what colours are there",
    "is that all year",
    "how do I do that?",
    "who pays for it",
    "what if it breaks",
    "what does it cost then",
    "and abroad?",
    "how many of them",
)


def load_messages(data: Path, random: Random) -> tuple[list[str], list[str]]:
    """Return small talk and questions."""
    talk = [saying for sayings in SAYINGS.values() for saying in sayings]
    talk = [random.choice(LEADS) + saying + random.choice(TAILS) for saying in talk for _ in range(3)] + talk
    talk += [said for sayings in load_chitchat(data / "chitchat").values() for said in sayings]
    questions = [text for text in FOLLOW_UPS for _ in range(2)]
    for corpus in load_corpora(data, held_out=False, questions=EACH, only=SETS):
        questions += [chat(asked.question, random) for asked in corpus.asked]
    for path in (data / "bitext", data / "banking77"):
        for _, text in read_archive(path, ".csv"):
            rows = list(csv.DictReader(text.splitlines()))
            rows = [row for row in rows if row.get("category") not in TALK_CATEGORIES]
            said = [row.get("instruction") or row.get("utterance") or row.get("text") or "" for row in rows]
            questions += random.sample(said, k=min(EACH, len(said)))
    return list(dict.fromkeys(talk)), list(dict.fromkeys(filter(None, questions)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--write", action="store_true", help="replace the weights that ship")
    arguments = parser.parse_args()
    random = Random(7)
    talk, questions = load_messages(arguments.data, random)
    vectors = load_embedder().encode([*talk, *questions]).astype(np.float64)
    is_question = np.repeat([False, True], [len(talk), len(questions)])
    held_out = np.array([random.random() < 0.2 for _ in is_question])
    model = LogisticRegression(C=30.0, class_weight="balanced", max_iter=2_000)
    own = {saying for sayings in SAYINGS.values() for saying in sayings}
    weights = np.array([OWN if text in own else 1.0 for text in [*talk, *questions]])
    model.fit(vectors[~held_out], is_question[~held_out], sample_weight=weights[~held_out])
    scores = vectors @ model.coef_[0] + model.intercept_[0]
    bias = float(np.quantile(scores[held_out & ~is_question], SMALL_TALK_KEPT))
    print(f"{len(talk)} sayings, {len(questions)} questions, {held_out.sum()} of them held out")
    for name, wanted in (("small talk", False), ("questions", True)):
        kept = (scores[held_out & (is_question == wanted)] > bias) == wanted
        print(f"{name}: {kept.mean():.3f} told apart rightly")
    if arguments.write:
        fitted = [round(float(value), 4) for value in model.coef_[0]]
        raw = {"model": DEFAULT_MODEL, "weights": fitted, "bias": round(float(model.intercept_[0]) - bias, 4)}
        WEIGHTS.write_text(json.dumps(raw) + "\n")


if __name__ == "__main__":
    main()
