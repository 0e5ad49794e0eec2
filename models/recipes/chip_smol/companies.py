"""Corpora of invented companies: products that differ in a number, so that only reading helps, and follow-ups.

Knows nothing of tokens.
"""

from collections.abc import Iterator
from random import Random

from models.recipes.chip_nano.invented import invent_context, invent_name
from models.recipes.chip_smol.lessons import Ask, Corpus
from models.recipes.chip_smol.prompt import Page
from models.recipes.data.invented_company import invent_company
from retrieval.passage import Turn
from retrieval.prompt import REFUSAL

PARTS = 1


def load_companies(random: Random, count: int) -> Iterator[Corpus]:
    """Yield invented companies: whole ones to search in, and smaller ones that hold follow-up questions."""
    for _ in range(count):
        pages, asked = invent_company(random, held_out=False)
        asks = [
            Ask(one.question, tuple(pages[one.page].lines[place] for place in sorted(one.lines)), one.page)
            for one in asked
            if one.page is not None
        ]
        cut = tuple(Page(page.heading, "\n".join(page.lines)) for page in pages)
        yield Corpus("companies", cut, tuple(asks), invent_name(random))
        yield _invent_small(random)


def _invent_small(random: Random) -> Corpus:
    pages: list[Page] = []
    asks: list[Ask] = []
    for _ in range(PARTS):
        context = invent_context(random)
        headings = list(dict.fromkeys(line.heading for line in context.lines))
        first = len(pages)
        pages += [Page(h, "\n".join(line.text for line in context.lines if line.heading == h)) for h in headings]
        for ask in context.asks:
            if ask.gold is not None:
                line = context.lines[ask.gold]
                thread = ask.thread
                asks.append(Ask(ask.question, (line.text,), first + headings.index(line.heading), thread))
    return Corpus("companies", tuple(pages), tuple(asks), invent_name(random))


def add_follow_ups(corpus: Corpus, random: Random, share: float) -> Corpus:
    """Return the corpus with follow-up questions, which lean on an earlier question about the same passage."""
    by_heading: dict[str, list[Ask]] = {}
    for ask in corpus.asks:
        if ask.page is not None and not ask.thread:
            by_heading.setdefault(corpus.pages[ask.page].heading.split(" › ")[0], []).append(ask)
    made = []
    for heading, asks in by_heading.items():
        for ask in asks:
            if len(asks) > 1 and random.random() < share:
                before = random.choice([other for other in asks if other is not ask])
                is_refused = random.random() < 0.15
                said = REFUSAL if is_refused else " ".join(before.said)
                thread = (Turn("user", before.question), Turn("assistant", said))
                made.append(Ask(_lean(ask.question, heading, random), ask.said, ask.page, thread))
    return Corpus(corpus.name, corpus.pages, (*corpus.asks, *made), corpus.company)


def _lean(question: str, name: str, random: Random) -> str:
    """Return the question as people ask it when its subject is clear."""
    for said in (f"the {name}", name):
        if said in question:
            return question.replace(said, random.choice(("it", "that", "this")), 1)
    bare = question[0].lower() + question[1:] if question[1:2].islower() else question
    return f"{random.choice(('and ', 'ok, ', 'And ', 'thanks, ', ''))}{bare}"
