"""Messages with made-up values of 16 countries: Faker knows how names, numbers and addresses look there."""

import random
from collections.abc import Callable
from typing import Any

from faker import Faker

from benchmarks.privacy.items import Item, Span

LOCALES = tuple(
    "en_US en_GB de_DE fr_FR it_IT es_ES nl_NL sv_SE pl_PL pt_BR en_AU de_AT en_CA no_NO cs_CZ fi_FI".split()  # noqa: SIM905
)
SEED = 2026
_MANY, _FEW = 12, 4
_SENTENCES = {
    "phone": ("You can reach me on {} after five.", "phone {}", "call {} please", "{} is my number"),
    "postal": (
        "Please ship it to {} this week.",
        "The pump stands at {}.",
        "My address is {}",
        "Deliver to {}, thanks.",
    ),
    "iban": ("Refund to {} please.", "iban {}"),
    "email": ("write to {} instead", "{} is locked out"),
    "card": ("charged {} twice", "card: {}"),
    "ip": ("login from {} failed", "{} is blocked"),
    "mac": ("device {} is offline",),
    "name": (
        "My name is {} and it leaks.",
        "{} ordered it.",
        "We talked to {} about it.",
        "Is {} in today?",
        "Regards,\n{}",
        "The unit of {} is broken.",
        "{} and a colleague saw the error.",
    ),
}


def make_items() -> list[Item]:
    """Return the messages, the same each time for one version of Faker."""
    chance = random.Random(SEED)
    items: list[Item] = []
    for locale in LOCALES:
        faker = Faker(locale)
        faker.seed_instance(SEED)
        for kind, sentences in _SENTENCES.items():
            for _ in range(_MANY if kind in ("phone", "postal", "name") else _FEW):
                value = _make_value(faker, kind, chance)
                before, _, behind = chance.choice(sentences).partition("{}")
                span = Span(len(before), len(before) + len(value), kind)
                items.append(Item(f"made-{len(items)}", locale, before + value + behind, (span,), ()))
    return items


def _make_value(faker: Any, kind: str, chance: random.Random) -> str:
    makers: dict[str, Callable[[], Any]] = {
        "phone": faker.phone_number,
        "postal": lambda: faker.address().replace("\n", chance.choice(("\n", ", "))),
        "iban": faker.iban,
        "email": faker.email,
        "card": faker.credit_card_number,
        "ip": chance.choice((faker.ipv4_public, faker.ipv6)),
        "mac": faker.mac_address,
        "name": lambda: faker.first_name() + chance.choice(("", f" {faker.last_name()}")),
    }
    return str(makers[kind]())
