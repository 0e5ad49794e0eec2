"""Writes swaps.jsonl: pairs of questions that differ only in who the person is.

A name, a relation and pronouns say nothing about a robot, so both questions of a pair must get the same fact. Every
template meets every person once, and a seeded shuffle chooses the person on the other side. Knows nothing of Chip: it
only writes questions. Run it again after a change: `python make_swaps.py`.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

SEED = 20260901
TARGET = Path(__file__).parent / "swaps.jsonl"


@dataclass(frozen=True, slots=True)
class Person:
    """A person whom a customer asks for. `subject`, `possessive` and `object` are the pronouns."""

    relation: str
    name: str
    subject: str
    possessive: str
    object: str


SHE = ("she", "her", "her")
HE = ("he", "his", "him")
THEY = ("they", "their", "them")

PEOPLE = [
    Person("wife", "Anna", *SHE),
    Person("mother", "Mei Lin", *SHE),
    Person("daughter", "Fatima", *SHE),
    Person("aunt", "Oluchi", *SHE),
    Person("colleague", "Priya", *SHE),
    Person("neighbour", "Rosa", *SHE),
    Person("sister", "Emily", *SHE),
    Person("boss", "Yuki", *SHE),
    Person("husband", "Ahmed", *HE),
    Person("father", "Giovanni", *HE),
    Person("son", "Kwame", *HE),
    Person("uncle", "Wojciech", *HE),
    Person("colleague", "Raj", *HE),
    Person("neighbour", "Jamal", *HE),
    Person("brother", "Connor", *HE),
    Person("boss", "Dmitri", *HE),
    Person("cousin", "Alex", *THEY),
    Person("friend", "Noor", *THEY),
    Person("flatmate", "Sam", *THEY),
    Person("colleague", "Kiran", *THEY),
]

TEMPLATES = [
    "My {relation} {name} wants to know how long {possessive} Moss 2 runs on a full charge.",
    "{name} asks how big a lawn {possessive} Moss 2 Pro can mow.",
    "My {relation} {name} asks how often {subject} should replace the blades of the Moss 2.",
    "{name} bought a Pebble 3. Can {subject} wash the filter?",
    "My {relation} {name} would like to mop with {possessive} Pebble 3. Can {subject} do that?",
    "How much water does {name} need to fill the tank of {possessive} Pebble 3 Max?",
    "My {relation} {name} has a Heron 1. Can {subject} speak through it?",
    "{name} wants the Heron 1 Plus. What would {subject} pay for it?",
    "My {relation} {name} runs a warehouse. How much can {possessive} Bramble 60 carry?",
    "{name} has aisles of one metre. Could {subject} use a Bramble 120?",
    "My {relation} {name} owns a shop. May {subject} use the Otter S on carpet?",
    "{name} wants to know for how many hours {possessive} Otter L runs.",
    "My {relation} {name} thinks that {possessive} Heron can fly. Is that right?",
    "{name} sees error M11 on {possessive} Moss 2. What does it mean for {object}?",
    "My {relation} {name} has error P03 on {possessive} Pebble. What should {subject} do?",
    "{name} sees error H02 on {possessive} Heron. What should {subject} do?",
    "My {relation} {name} asks how long the warranty of {possessive} Pebble lasts.",
    "{name} lost the invoice of {possessive} second-hand Heron. Does {subject} still have a warranty?",
    "My {relation} {name} wants to return {possessive} Pebble. How many days would {subject} have?",
    "When would {name} get {possessive} refund after the robot has arrived?",
    "My {relation} {name} lives in Norway. How long would the delivery to {object} take?",
    "{name} forgot {possessive} password. For how long is the link for a new password valid for {object}?",
    "My {relation} {name} has a pacemaker. How far should {subject} stay from the charging dock?",
    "{name} is a student. What discount would {subject} get on a Pebble?",
    "My {relation} {name} wants to call you on Saturday. When could {subject} reach the phone line?",
]


def build_swaps(people: list[Person], templates: list[str], seed: int) -> list[dict[str, str]]:
    """Return one pair for each template and person. The two sides of a pair are always different people."""
    rng = random.Random(seed)
    rows = []
    for number, template in enumerate(templates, start=1):
        order = rng.sample(people, len(people))
        # The next person in a shuffled circle, so that everybody is once on each side, and never on both sides of a
        # pair.
        for place, (one, other) in enumerate(zip(order, order[1:] + order[:1], strict=True), start=1):
            row = {"id": f"s{number:02d}-{place:02d}", "a": _fill(template, one), "b": _fill(template, other)}
            rows.append(row)
    return rows


def _fill(template: str, person: Person) -> str:
    return template.format(
        relation=person.relation,
        name=person.name,
        subject=person.subject,
        possessive=person.possessive,
        object=person.object,
    )


if __name__ == "__main__":
    rows = build_swaps(PEOPLE, TEMPLATES, SEED)
    TARGET.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} pairs written to {TARGET.name}")
