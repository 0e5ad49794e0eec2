"""Fits what tells a request for a person from a question about people, in English.

    python -m models.recipes.rankings.fit_person_requests --data FOLDER [--write]

A logistic regression on the embedder's vector of a message. Requests: composed ones, and those of a public support set.
Others: that set's other messages, public support questions, small talk, and composed questions about people, which the
words alone do not tell from requests. A fifth of each is held out. The threshold is set on the public questions: hardly
any is to be taken, since who asks one would get a card instead of an answer.
"""

import argparse
import csv
import json
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # the package has no types

from models.recipes.chip_nano.smalltalk import load_chitchat
from models.recipes.data.natural import read_archive
from models.recipes.data.public_sets import load_corpora
from retrieval.asked.person_requests import WEIGHTS
from retrieval.encoders.embedder import DEFAULT_MODEL, load_embedder

SETS = ("venues", "dialogues", "hardware", "docs", "qed", *(f"invented {number}" for number in range(6)))
EACH = 100  # questions of a corpus
PUBLIC = 1_000  # messages of a public support set
TALK = 700  # sayings of small talk
COMPOSED = 900  # of each kind
QUESTIONS_TAKEN = 0.001
WHO = (
    "a human",
    "a person",
    "a real person",
    "someone",
    "somebody",
    "an agent",
    "a live agent",
    "an operator",
    "a representative",
    "one of your staff",
    "a colleague of yours",
    "your support team",
    "customer service",
    "a supervisor",
    "a specialist",
    "an employee",
    "somebody who knows",
    "the sales team",
    "your help desk",
    "the manager",
    "a technician",
    "an expert",
    "a member of staff",
    "a human being",
)
ASKS = (
    "I want to talk to {who}",
    "can I speak with {who}",
    "let me chat to {who}",
    "get me {who}",
    "connect me with {who}",
    "I would like {who} to call me",
    "could {who} help me instead",
    "please pass this to {who}",
    "can {who} take this over",
    "I need {who}, not a machine",
    "is {who} available to talk to me",
    "transfer the chat to {who}",
    "I would rather have {who} deal with this",
    "where can I find {who} to talk to",
    "have {who} write to me",
    "may I discuss this with {who}",
    "bring {who} into this conversation",
    "I expect {who} to look into my problem",
    "send this to {who} please",
    "do you have {who} I could talk to",
    "forward my question to {who}",
    "how can I get {who} on the line",
    "{who} should answer me",
    "{who}, please",
    "are there {who} I can reach",
    "I was hoping for {who}",
    "would {who} look at this",
    "let {who} answer",
    "who is there to talk to",
    "hand me over to {who}",
    "I only trust {who} with this",
    "is {who} reading this",
    "can {who} join us here",
    "where is {who} when I need one",
    "I do not want to talk to a machine but to {who}",
    "I do not want to chat with a bot any longer",
    "stop sending me a robot, {who}",
)
BEFORE = (
    "",
    "",
    "",
    "",
    "this is useless, ",
    "you do not understand me. ",
    "no, ",
    "sorry but ",
    "that did not help, ",
    "I have had enough of this bot, ",
    "hi, ",
    "ok then ",
    "look, ",
    "stupid robot! ",
    "it still does not work, ",
)
AFTER = ("", "", "", ".", "!", "?", " please", " now", " right away", " about my order", " thanks")
PEOPLE = (
    "person",
    "people",
    "agent",
    "colleague",
    "customer",
    "manager",
    "technician",
    "employee",
    "operator",
    "staff member",
    "support team",
    "supervisor",
    "guest",
    "driver",
)
DEEDS = (
    "approve refunds",
    "sign the form",
    "use the machine",
    "open the door",
    "get a discount",
    "see the invoice",
    "change the settings",
    "collect the parcel",
    "share a login",
    "clean the filter",
    "call the warehouse",
    "close a ticket",
    "work at night",
    "read the logs",
    "speak French",
)
QUESTIONS = (
    "which {people} may {deed}?",
    "who can {deed}?",
    "can a {people} {deed}?",
    "does the {people} have to {deed}?",
    "when does the {people} {deed}?",
    "how does a {people} {deed}?",
    "how many {people}s can {deed} at once?",
    "what happens when a {people} wants to {deed}?",
    "what does it cost if a {people} has to {deed}?",
    "is a {people} allowed to {deed}?",
    "a {people} tried to {deed} and it failed",
    "can somebody else {deed} for me?",
    "do I need to tell someone before I {deed}?",
    "may my {people} {deed}?",
    "how do I add a {people} who can {deed}?",
    "where does it say that a {people} must {deed}?",
    "what do I tell a {people} who asks for a human?",
    "how long until a {people} replies?",
    "at what hours is the {people} available?",
    "are you a real {people}?",
    "is the {people} a human or a bot?",
    "who made you?",
    "I talked to a {people} last week, and now?",
    "my {people} told me to {deed}",
    "I want to change the {people} of my contract",
    "our {people} wants to {deed}, what do I do?",
    "is it possible that a {people} can {deed} by phone?",
    "send the papers to my {people}",
    "what is the phone number of the {people}?",
    "which {people} do I ask to {deed}?",
    "phone number of the {people}?",
    "give me the extension of the {people}",
    "mail address of your {people}",
    "may I {deed} as a {people}?",
    "who all has to say yes before I {deed}?",
    "we built a bot for the {people}, who has to know?",
)
THINGS = (
    "robot",
    "printer",
    "account",
    "phone",
    "speaker",
    "lawn mower",
    "gate",
    "car",
    "app",
    "camera",
    "router",
    "thermostat",
    "lamp",
    "sensor",
)
ABOUT_THINGS = (
    "how do I connect the {one} to the {other}?",
    "how do I talk to the {one}?",
    "can the {one} talk to the {other}?",
    "can I call the {one} from the {other}?",
    "how do I transfer my {one} to another {other}?",
    "can I give my {one} to somebody else?",
    "can I speak to the {one} by voice?",
    "please connect the {one} with the {other}",
    "can you see the {one}?",
    "are you able to talk about the {one}?",
    "get me the manual of the {one}",
    "how do I reach the {one} behind the {other}?",
    "how do I add a person to the {one}?",
    "how do I invite an agent to the {one}?",
    "does the {one} need a personal login?",
    "what does the human sensor of the {one} do?",
    "who can help the {one} find the {other}?",
    "I want to talk about the {one}",
    "is it possible to talk through the {one}?",
    "I need a new {one}",
    "is a live picture of the {one} available?",
    "send the invoice of the {one} to my colleague",
)


def compose(random: Random) -> tuple[list[str], list[str]]:
    """Return composed requests for a person, and composed questions about people and things."""
    wanted = [before + ask.format(who=who) + after for before, ask, who, after in product(BEFORE, ASKS, WHO, AFTER)]
    asked = [question.format(people=who, deed=deed) for question, who, deed in product(QUESTIONS, PEOPLE, DEEDS)]
    things = [text.format(one=one, other=other) for text, one, other in product(ABOUT_THINGS, THINGS, THINGS)]
    others = [*random.sample(sorted(set(asked)), COMPOSED), *random.sample(sorted(set(things)), COMPOSED)]
    return random.sample(wanted, COMPOSED), others


def load_messages(data: Path, random: Random) -> tuple[list[str], list[str], list[str]]:
    """Return requests, other messages, and those of the others that are public questions."""
    wanted, others = compose(random)
    asked = []
    for path in (data / "bitext", data / "banking77"):
        support = []
        for _, text in read_archive(path, ".csv"):
            for row in csv.DictReader(text.splitlines()):
                said = row.get("instruction") or row.get("utterance") or row.get("text") or ""
                if row.get("intent") == "contact_human_agent":
                    wanted.append(said)
                elif row.get("category") not in ("CONTACT", "FEEDBACK"):
                    support.append(said)
        asked += random.sample(sorted(set(support)), PUBLIC)
    for corpus in load_corpora(data, held_out=False, questions=EACH, only=SETS):
        asked += [one.question for one in corpus.asked]
    talk = {said for sayings in load_chitchat(data / "chitchat").values() for said in sayings}
    others += random.sample(sorted(talk), TALK)
    asked = list(dict.fromkeys(filter(None, asked)))
    return list(dict.fromkeys(wanted)), [*others, *asked], asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--write", action="store_true", help="replace the weights that ship")
    arguments = parser.parse_args()
    random = Random(7)
    wanted, others, asked = load_messages(arguments.data, random)
    vectors = load_embedder().encode([*wanted, *others]).astype(np.float64)
    is_wanted = np.repeat([True, False], [len(wanted), len(others)])
    is_public = np.array([False] * (len(wanted) + len(others) - len(asked)) + [True] * len(asked))
    held_out = np.array([random.random() < 0.2 for _ in is_wanted])
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=2_000)
    model.fit(vectors[~held_out], is_wanted[~held_out])
    scores = vectors @ model.coef_[0] + model.intercept_[0]
    bias = float(np.quantile(scores[is_public], 1 - QUESTIONS_TAKEN))
    print(f"{len(wanted)} requests, {len(others)} others, {held_out.sum()} of them held out, threshold {bias:.2f}")
    for name, chosen in (("requests", is_wanted), ("others", ~is_wanted), ("public questions", is_public)):
        print(f"{name}: {(scores[held_out & chosen] > bias).mean():.4f} taken for requests")
    if arguments.write:
        fitted = [round(float(value), 4) for value in model.coef_[0]]
        raw = {"model": DEFAULT_MODEL, "weights": fitted, "bias": round(float(model.intercept_[0]) - bias, 4)}
        WEIGHTS.write_text(json.dumps(raw) + "\n")


if __name__ == "__main__":
    main()
