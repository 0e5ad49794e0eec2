"""The lessons of each phase: which contexts, how ranked, how many questions at once.

Early lessons ask many questions of one context (cheap and dense); the last ones are single questions under evidence
ranked for them, as the product asks. Knows nothing of optimisers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from models.recipes.chip_nano.context import Ask, Context, Line
from models.recipes.chip_nano.copying import CopyingLessons
from models.recipes.chip_nano.invented import invent_context, invent_name
from models.recipes.chip_nano.ranked import RankedDraw
from models.recipes.chip_nano.ranking import Ranker
from models.recipes.chip_nano.rows import Row, RowBuilder
from models.recipes.chip_nano.smalltalk import SmallTalk
from retrieval.passage import Match

# The product's search ranks the right line first for most questions, this stand-in alone for one in three.
_FIRST = 0.6
_LEVELS = (Match.STRONG, Match.FAIR, Match.WEAK)


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of a lesson's rows. The remainder to 1 is natural text."""

    copying: float
    invented: float
    talk: float
    # Of the rows that are questions: those that ask many questions of one context at once.
    dense: float
    # Of the single questions: those whose gold line is taken away.
    removed: float = 0.22
    # Questions under evidence in the product's own order.
    ranked: float = 0.0


COPY = Mix(copying=1.0, invented=0.0, talk=0.0, dense=0.0)
DENSE = Mix(copying=0.15, invented=0.45, talk=0.04, dense=0.75)
REAL = Mix(copying=0.04, invented=0.36, talk=0.2, dense=0.15, removed=0.18)
RANKED = Mix(copying=0.02, invented=0.2, talk=0.16, dense=0.3, removed=0.2, ranked=0.35)


class Lessons:
    """Draws rows of a mix; all randomness comes from the source passed to `draw`."""

    def __init__(
        self,
        builder: RowBuilder,
        copying: CopyingLessons,
        talk: SmallTalk,
        ranker: Ranker,
        natural: Sequence[Sequence[Context]],
        ranked: RankedDraw | None = None,
    ) -> None:
        self._builder, self._copying, self._talk, self._ranker = builder, copying, talk, ranker
        self._natural = [contexts for contexts in natural if contexts]
        # A set counts by the root of its size, so that a small one is neither lost nor memorised.
        self._weights = [math.sqrt(len(contexts)) for contexts in self._natural]
        self._ranked = ranked

    def draw(self, random: Random, mix: Mix) -> Row:
        """Return one row."""
        draw = random.random()
        if self._ranked is not None and draw < mix.ranked:
            return self._ranked_row(self._ranked, random, mix.removed)
        draw -= mix.ranked
        if draw < mix.copying:
            return self._copying.build_row(random)
        if draw < mix.copying + mix.talk:
            return self._talk_row(random)
        invented = draw < mix.copying + mix.talk + mix.invented or not self._natural
        context = invent_context(random) if invented else self._pick_natural(random)
        return self._dense_row(context, random) if random.random() < mix.dense else self._single_row(
            context, random, mix.removed
        )  # fmt: skip

    def _ranked_row(self, ranked: RankedDraw, random: Random, removed: float) -> Row:
        drawn = ranked.draw(random, removed)
        context = Context(drawn.context.lines, drawn.context.asks, company=invent_name(random))
        return self._builder.build(context, drawn.order, [drawn.ask], drawn.match)

    def _pick_natural(self, random: Random) -> Context:
        context = random.choice(random.choices(self._natural, self._weights)[0])
        return Context(context.lines, context.asks, company=invent_name(random))

    def _dense_row(self, context: Context, random: Random) -> Row:
        """Up to seven lines in near-random order, with a question for each and one that none answers."""
        asks = [ask for ask in context.asks if not ask.thread]
        lead = random.choice(asks)
        order, _ = self._ranker.rank(lead.question, context.lines, random, noise=0.5)
        order = order[: random.randint(3, 7)]
        asked = [ask for ask in asks if ask.gold in order]
        absent = [ask for ask in asks if ask.gold not in order]
        chosen = random.sample(asked, k=min(len(asked), 6)) + random.sample(absent, k=min(len(absent), 1))
        return self._builder.build(context, order, chosen, random.choice(_LEVELS))

    def _single_row(self, context: Context, random: Random, removed: float) -> Row:
        ask = random.choice(context.asks)
        lines: Sequence[Line] = context.lines
        question = ask.question
        if ask.thread and random.random() < 0.7:
            # Search sees the question made standalone from the thread.
            question = f"{ask.thread[0].text} {question}"
        order, match = self._ranker.rank(question, lines, random, noise=0.1)
        order, match = self._keep_gold(ask, order, match, question, context, random, removed)
        return self._builder.build(context, order, [ask], match)

    def _keep_gold(
        self, ask: Ask, order: list[int], match: Match, question: str, context: Context, random: Random, removed: float
    ) -> tuple[list[int], Match]:
        order = order[: random.randint(3, 9)]
        if ask.gold is None:
            return order, match
        if random.random() < removed:
            rest = [index for index in order if index != ask.gold]
            left = [context.lines[index] for index in rest]
            again = self._ranker.rank(question, left, random, noise=0.1)[1]
            return rest, again
        if ask.gold not in order:
            # An answer that ranking lost mostly comes back low in the list: overruling needs practice.
            order[-1 if random.random() < 0.5 else random.randrange(len(order))] = ask.gold
        if random.random() < _FIRST:
            order.remove(ask.gold)
            order.insert(0, ask.gold)
        return order, match

    def _talk_row(self, random: Random) -> Row:
        lines = invent_context(random).lines if random.random() < 0.7 or not self._natural else None
        lines = lines or self._pick_natural(random).lines
        stray = random.sample(lines, k=min(len(lines), random.randint(1, 5)))
        context = self._talk.build_context(random, stray)
        context = Context(context.lines, context.asks, company=invent_name(random))
        match = Match.WEAK if random.random() < 0.85 else Match.FAIR
        return self._builder.build(context, range(len(context.lines)), context.asks, match)
