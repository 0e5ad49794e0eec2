"""Contexts about invented companies: products, policies, error codes and steps with random names and numbers.

Nobody can know these facts, so only reading helps; near-duplicate models of a product make the question's details
matter. Knows nothing of tokens or ranking; the words are in `facts`.
"""

import re
from random import Random

from models.recipes.chip_nano import facts
from models.recipes.chip_nano.context import Ask, Context, Line
from models.recipes.chip_nano.facts import Kind
from retrieval.passage import Turn

_SLOT = re.compile(r"<(\$|[a-z]+|\d+-\d+)>")
_SYLLABLES = [
    "ba",
    "be",
    "bri",
    "co",
    "da",
    "del",
    "do",
    "el",
    "fa",
    "fen",
    "gra",
    "ha",
    "ix",
    "jo",
    "ka",
    "kel",
    "li",
    "lo",
    "lu",
    "ma",
    "mi",
    "mon",
    "na",
    "nor",
    "o",
    "pa",
    "pel",
    "qui",
    "ra",
    "ren",
    "ri",
    "sa",
    "sol",
    "ta",
    "ter",
    "ti",
    "to",
    "u",
    "va",
    "vel",
    "wa",
    "xe",
    "yo",
    "za",
    "zen",
]
_MODELS = ("Mini", "Pro", "Plus", "Max", "Lite", "2", "3", "4", "X", "S", "Home", "Go", "Air", "100", "200", "500")
_THINGS = [
    "kettle",
    "grinder",
    "lamp",
    "speaker",
    "router",
    "printer",
    "heater",
    "scale",
    "vacuum",
    "camera",
    "tracker",
    "tent",
    "bike",
    "helmet",
    "drone",
    "mixer",
    "fan",
    "lock",
    "watch",
    "toaster",
    "sensor",
    "app",
]
_SIGNS = ("$", "€", "£")
_FOLLOW_UPS = ("And {}?", "What about {}?", "and {}?", "How about {}?")


def invent_name(random: Random) -> str:
    """Return a made-up name of two or three syllables."""
    return "".join(random.choices(_SYLLABLES, k=random.randint(2, 3))).capitalize()


def invent_products(random: Random) -> list[str]:
    """Return one to three models of one product line, e.g. "Lomati 2" and "Lomati Pro"."""
    stem = invent_name(random)
    if random.random() < 0.4:
        stem += " " + random.choice(_THINGS)
    models = random.sample(_MODELS, k=random.randint(1, 3))
    return [stem] if len(models) == 1 and random.random() < 0.6 else [f"{stem} {model}" for model in models]


def fill_value(pattern: str, random: Random) -> str:
    """Fill a value pattern: <3-48> is a number of that range, <$> a currency sign, <word> one of `facts.WORDS`."""

    def fill(slot: re.Match[str]) -> str:
        name = slot[1]
        if name == "$":
            return random.choice(_SIGNS)
        if name == "link":
            return f"{invent_name(random).lower()}.example/{random.choice(('help', 'track', 'my', 'faq', 'jobs'))}"
        if name == "code":
            return f"{invent_name(random).upper()}{random.randint(1, 99)}"
        if name[0].isdigit():
            low, high = map(int, name.split("-"))
            return str(random.randint(low, high))
        return random.choice(facts.WORDS[name])

    return _SLOT.sub(fill, pattern)


def invent_context(random: Random) -> Context:
    """Return eight to sixteen lines about one company, with a question or two for each fact, and unanswerable ones."""
    products = invent_products(random)
    lines: list[Line] = []
    asks: list[Ask] = []
    for kind in random.sample(facts.PRODUCT_FACTS, k=random.randint(2, 4)):
        for product in products:
            _add_fact(lines, asks, kind, product, random, title=product, named=len(products) > 1)
    for kind in random.sample(facts.COMPANY_FACTS, k=random.randint(2, 5)):
        _add_fact(lines, asks, kind, products[0], random, title=random.choice(("Help", "FAQ", "Policies", "Orders")))
    if random.random() < 0.4:
        _add_errors(lines, asks, products[0], random)
    if random.random() < 0.5:
        _add_steps(lines, asks, products[0], random)
    asks.extend(_follow_ups(lines, asks, products, random))
    asks.extend(_unanswerable(lines, products, random))
    return Context(tuple(lines), tuple(asks), company=invent_name(random))


def _add_fact(
    lines: list[Line], asks: list[Ask], kind: Kind, product: str, random: Random, *, title: str, named: bool = False
) -> None:
    """Add a line and one or two questions, which are `named` only if another model has a similar fact."""
    value = fill_value(kind.value, random)
    says = random.choice(kind.says)
    text = says.format(p=product, v=value)
    text = text[0].upper() + text[1:]
    if random.random() < 0.15:
        text += " " + random.choice(_ASIDES)
    heading = title if random.random() < 0.4 else f"{title} › {kind.section}"
    index = len(lines)
    lines.append(Line(text, heading))
    fitting = [question for question in kind.asks if "{p}" in question or not named]
    chosen = random.sample(fitting, k=min(len(fitting), random.randint(1, 2)))
    filled = [question.format(p=product, v=value, v2=value.split()[-1]) for question in chosen]
    asks.extend(Ask(_person_says(question, random), index) for question in filled)


_ASIDES = (
    "This may change without notice.",
    "Ask us if you are not sure.",
    "The app shows this too.",
    "Exceptions are listed online.",
)
_LEADS = (
    "Hi, ",
    "Hello! ",
    "Quick question: ",
    "Sorry to bother you, ",
    "Hey ",
    "Please help. ",
    "I just bought one. ",
)
_TAILS = (" Thanks!", " Thank you", " Please help.", " It's urgent.", " Cheers")


def _person_says(question: str, random: Random) -> str:
    if random.random() < 0.15:
        question = random.choice(_LEADS) + question
    if random.random() < 0.1:
        question += random.choice(_TAILS)
    if random.random() < 0.15:
        question = question.lower()
    return question.rstrip("?") if random.random() < 0.1 else question


def _add_errors(lines: list[Line], asks: list[Ask], product: str, random: Random) -> None:
    letter = random.choice("EFHPX")
    dash = random.choice(("-", "", " "))
    codes = random.sample(range(1, 99), k=random.randint(2, 4))
    for code, meaning in zip(codes, random.sample(facts.ERROR_MEANINGS, k=len(codes)), strict=True):
        name = f"{letter}{dash}{code}"
        says = random.choice(
            ("Error {c} means that {m}.", "{c}: {m}.", "If the display shows {c}, {m}.", "Code {c} appears when {m}.")
        )
        asked = random.choice(
            ("What does {c} mean?", "My {p} shows {c}.", "error {c}", "I get {c} all the time, what can I do?")
        )
        asks.append(Ask(asked.format(c=name, p=product), len(lines)))
        lines.append(Line(says.format(c=name, m=meaning), f"{product} › Error codes"))


def _add_steps(lines: list[Line], asks: list[Ask], product: str, random: Random) -> None:
    for task in random.sample(facts.TASKS, k=random.randint(1, 3)):
        a, b, c = random.sample(facts.ACTIONS, k=3)
        asked, says = random.choice(facts.STEPS)
        capital = [action[0].upper() + action[1:] for action in (a, b, c)]
        text = says.format(do=task.replace(" my ", " your "), a=a, b=b, c=c, A=capital[0], B=capital[1], C=capital[2])
        asks.append(Ask(_person_says(asked.format(do=task), random), len(lines)))
        lines.append(Line(text, f"{product} › How to" if random.random() < 0.5 else "How to"))


def _follow_ups(lines: list[Line], asks: list[Ask], products: list[str], random: Random) -> list[Ask]:
    """Make questions that name no product, after a turn that did."""
    made = []
    for ask in asks:
        product = next((product for product in products if f"the {product}" in ask.question), None)
        if ask.gold is None or product is None or random.random() < 0.8:
            continue
        short = ask.question.replace(f"the {product}", "it")
        opening = Turn(
            "user", random.choice(("Tell me about the {}.", "I have a {}.", "I'm thinking of the {}.")).format(product)
        )
        other = random.choice(lines)
        made.append(Ask(short, ask.gold, thread=(opening, Turn("assistant", other.text))))
        if len(products) > 1:
            before = Turn("user", ask.question.replace(product, random.choice(products)))
            asked = random.choice(_FOLLOW_UPS).format(f"the {product}")
            made.append(Ask(asked, ask.gold, thread=(before, Turn("assistant", other.text))))
    return made


def _unanswerable(lines: list[Line], products: list[str], random: Random) -> list[Ask]:
    """Ask what no line says: nonsense, absent kinds of facts, and products that are described nowhere."""
    said = " ".join(line.text for line in lines)
    absent = [kind for kind in (*facts.PRODUCT_FACTS, *facts.COMPANY_FACTS) if not _stated(kind, said)]
    questions = [random.choice(facts.UNANSWERABLE)]
    questions += [random.choice(kind.asks) for kind in random.sample(absent, k=2)]
    words = {"p": random.choice(products), "v": random.choice(facts.WORDS["missing"]), "v2": "users"}
    country = random.choice(facts.WORDS["country"])
    return [Ask(_person_says(question.format(**words, country=country), random), None) for question in questions]


def _stated(kind: Kind, said: str) -> bool:
    pieces = [max(re.split(r"\{\w+\}", says), key=len).strip() for says in kind.says]
    return kind.value == "<missing>" or any(piece in said for piece in pieces)
