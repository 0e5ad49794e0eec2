"""Messages of public dialogues with made-up personal data planted in them, as an import reads them: 200, labelled."""

import random
from pathlib import Path
from typing import Any

from faker import Faker

from benchmarks.history import load_dstc11, load_sgd
from benchmarks.privacy.items import Item, Span

MANY, SEED, SHORTEST = 200, 1711, 5
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "nl_NL")
PLANTED = {
    "known": ("Hi, {} here.", "This is {}.", "Thanks, {}", "{} again, sorry."),
    "name": (
        "The booking is under the name of {}.",
        "My husband {} will pick it up.",
        "{} told me to ask you.",
        "Is {} in?",
    ),
    "phone": ("My number is {}.", "Call me at {} if anything changes.", "{} is my mobile number."),
    "email": ("Send the confirmation to {} please.", "My address is {}."),
    "postal": ("Please deliver it to {}.", "We live at {}."),
    "card": ("Use the card {}.", "I paid with {}."),
    "iban": ("Refund it to {}.",),
    "secret": ("My password is {} by the way.", "The login code is {}."),
}
"""Sentences around what is planted, by kind; "known" is the name that the file gives for the writer."""


def make_imported(data: Path) -> list[Item]:
    """Return customers' messages of the sets below `data`, each with one to three planted values."""
    said = {text for load in (load_dstc11, load_sgd) for turns, _ in load(data) for asks, text in turns if asks}
    chance = random.Random(SEED)
    texts = [text for text in sorted(said) if len(text.split()) >= SHORTEST and not any(map(str.isdigit, text))]
    return [_plant(number, text, chance) for number, text in enumerate(chance.sample(texts, MANY))]


def _plant(number: int, said: str, chance: random.Random) -> Item:
    faker = Faker(chance.choice(LOCALES))
    faker.seed_instance(SEED + number)
    writer = f"{faker.first_name()} {faker.last_name()}"
    text, spans = said, []
    for kind in chance.sample(sorted(PLANTED), chance.randint(1, 3)):
        before, _, behind = chance.choice(PLANTED[kind]).partition("{}")
        value = writer if kind == "known" else _make_value(faker, kind, chance)
        spans.append(Span(len(text) + 1 + len(before), len(text) + 1 + len(before) + len(value), kind))
        text = f"{text}{chance.choice((' ', chr(10)))}{before}{value}{behind}"
    return Item(f"imported-{number}", "imported", text, tuple(spans), (writer,))


def _make_value(faker: Any, kind: str, chance: random.Random) -> str:
    if kind == "secret":
        return str(chance.choice((faker.password(length=10, special_chars=False), f"{chance.randint(0, 999_999):06}")))
    makers = {"phone": faker.phone_number, "email": faker.email, "card": faker.credit_card_number, "iban": faker.iban}
    if kind == "postal":
        return str(faker.address()).replace("\n", ", ")
    return str(makers[kind]()) if kind in makers else f"{faker.first_name()} {faker.last_name()}"
