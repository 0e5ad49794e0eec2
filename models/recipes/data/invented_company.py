"""An invented company's documents: product lines with near-duplicate models, policies, and rules that hold for all.

Unlike the contexts of the base model, a whole company is searched at once, a fact may stand on a general page that
names its product only in the text, and people name their product where the answer does not. Words come from the
same tables; every fifth kind of fact is kept for measuring. Knows nothing of search.
"""

from dataclasses import dataclass, field
from random import Random

from models.recipes.chip_nano import facts
from models.recipes.chip_nano.facts import Kind
from models.recipes.chip_nano.invented import fill_value, invent_products
from models.recipes.data.pages import Asked, Page

LINES_OF_A_PAGE = 6

# What holds for every product, and how somebody with one product asks for it.
_RULES = (
    ("None of our devices can be used under water.", "can i take my {p} diving | is the {p} ok in a pool"),
    ("No device of ours can make phone calls.", "how do I call somebody with the {p} | can my {p} phone people"),
    ("Our devices cannot run on solar panels.", "which solar panel fits the {p} | how do I run my {p} on solar power"),
    ("The housing must not be opened by the customer.", "how do I unscrew my {p} | can I open the {p} up myself"),
    ("Our products are not made for children under 6.", "can my 4 year old use the {p} | is the {p} for toddlers"),
    ("No product comes with a plug for North America.", "does the {p} have a US plug | will my {p} work in Boston"),
    ("We do not sell used devices.", "do you have a second-hand {p} | can I get a used {p} from you"),
    ("Old devices can be handed in at every recycling yard.", "where do I get rid of my {p} | disposing of an old {p}"),
    ("Every device is tested for two hours before it is packed.", "was my {p} tested | how do you check a {p}"),
    ("Cables of other makers end the guarantee.", "can I charge my {p} with another cable | foreign cable in the {p}?"),
    ("All devices are allowed in hand luggage.", "can I take my {p} on a plane | {p} in my suitcase on a flight?"),
    ("Support can block a device that was stolen.", "somebody stole my {p} | I lost my {p}, what now"),
    ("No device understands questions in natural language.", "how do I ask my {p} things | can I chat with the {p}"),
    ("Paint and stickers do no harm to our devices.", "may I paint my {p} | can I put a sticker on the {p}"),
    ("None of our products contains a microphone.", "does the {p} listen to me | how do I mute the mic of my {p}"),
)
_POLICY_FORMS = (
    "{q} It's about my {p}.",
    "I have a {p}. {q}",
    "{q} ({p})",
    "my {p}: {l}",
    "{l} for the {p}",
    "{l}, i have the {p}",
)
_PRODUCT_FORMS = (
    "{q}",
    "{q}",
    "{q}",
    "{l}",
    "{l}",
    "{q} Not the {s}.",
    "{q} (the {s} is another one)",
    "hi, {l} thanks",
    "{q} I can't find it.",
)


@dataclass(slots=True)
class _Book:
    """The company as it is written: lines by heading, and questions by (heading, place)."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def add(self, heading: str, text: str, questions: list[str]) -> None:
        own = self.lines.setdefault(heading, [])
        self.asked.extend((question, heading, len(own)) for question in questions)
        own.append(text[0].upper() + text[1:])


def invent_company(random: Random, *, held_out: bool) -> tuple[list[Page], list[Asked]]:
    """Return the pages of one company and the questions about them."""
    book = _Book()
    families = [invent_products(random) for _ in range(5)]
    everything = [model for family in families for model in family]
    for family in families:
        for kind in random.sample(_kinds(facts.PRODUCT_FACTS, held_out), k=5 if held_out else 9):
            _write_fact(book, kind, family, random)
    for kind in _kinds(facts.COMPANY_FACTS, held_out):
        _write_policy(book, kind, everything, random)
    for number, (rule, asks) in enumerate(_RULES):
        if (number % 5 == 0) == held_out:
            asked = [ask.format(p=random.choice(everything)) for ask in asks.split(" | ")]
            book.add(random.choice(("What to know", "Questions and answers", "Good to know")), rule, asked)
    _write_codes(book, random.choice(everything), random)
    return _cut(book)


def _kinds(kinds: tuple[Kind, ...], held_out: bool) -> list[Kind]:
    return [kind for number, kind in enumerate(kinds) if (number % 5 == 0) == held_out]


def _write_fact(book: _Book, kind: Kind, family: list[str], random: Random) -> None:
    place = random.random()
    named = [says for says in kind.says if "{p}" in says]
    for product in family:
        value = fill_value(kind.value, random)
        on_general_page = place < 0.5 and bool(named)
        says = random.choice(named if on_general_page else kind.says)
        heading = f"{product} › {kind.section}"
        if on_general_page:
            heading = kind.section if place < 0.25 else f"{' and the '.join(family)} › {kind.section}"
        asks = [ask for ask in kind.asks if "{p}" in ask]
        siblings = [other for other in family if other != product] or [product]
        asked = [
            _say(
                random.choice(_PRODUCT_FORMS[:5] if siblings == [product] else _PRODUCT_FORMS), ask, product, value
            ).replace("{s}", random.choice(siblings))
            for ask in random.sample(asks, k=min(2, len(asks)))
        ]
        book.add(heading, says.format(p=product, v=value), asked)


def _say(form: str, ask: str, product: str, value: str) -> str:
    question = ask.format(p=product, v=value, v2=value.split()[-1])
    if " the " + product in question and len(product) % 3 == 0:
        question = question.replace(f"the {product}", f"my {product}")
    lowered = question.rstrip("?").lower()
    return form.replace("{q}", question).replace("{l}", lowered).replace("{p}", product)


def _write_policy(book: _Book, kind: Kind, products: list[str], random: Random) -> None:
    value = fill_value(kind.value, random)
    asked = []
    for ask in random.sample(kind.asks, k=min(2, len(kind.asks))):
        form = random.choice(_POLICY_FORMS) if random.random() < 0.5 else random.choice(("{q}", "{l}"))
        asked.append(_say(form, ask, random.choice(products), value))
    heading = random.choice((kind.section, f"Help › {kind.section}", "Questions and answers"))
    book.add(heading, random.choice(kind.says).format(p=products[0], v=value), asked)


def _write_codes(book: _Book, product: str, random: Random) -> None:
    letter = random.choice("EFHPX")
    meanings = random.sample(facts.ERROR_MEANINGS, k=8)
    for code, meaning in zip(random.sample(range(1, 99), k=8), meanings, strict=True):
        name = f"{letter}{code:02d}"
        cause, _, cure = meaning.partition("; ")
        asks = [random.choice(("what does {c} mean", "My {p} shows {c}.", "{c} on the display", "error {c}??"))]
        book.add(
            f"{product} › Error codes", f"Error {name} means that {cause}.", [a.format(c=name, p=product) for a in asks]
        )
        if cure:
            cures = ("{c}, what do I do", "how do I fix {c} on the {p}", "{c} again, what now")
            asked = random.choice(cures).format(c=name, p=product)
            book.add(f"{product} › Error codes", f"After error {name}, {cure}.", [asked])


def _cut(book: _Book) -> tuple[list[Page], list[Asked]]:
    pages: list[Page] = []
    spots: dict[tuple[str, int], tuple[int, int]] = {}
    for heading, lines in book.lines.items():
        for first in range(0, len(lines), LINES_OF_A_PAGE):
            part = lines[first : first + LINES_OF_A_PAGE]
            spots |= {(heading, first + place): (len(pages), place) for place in range(len(part))}
            pages.append(Page(heading, tuple(part)))
    asked = []
    for question, heading, number in book.asked:
        page, place = spots[heading, number]
        asked.append(Asked(question, page, frozenset({place})))
    return pages, asked
