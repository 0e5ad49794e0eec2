"""The first lessons: numbered lines of anything, asked for by a few of their own tokens and copied whole.

Supervision is dense (every line of a context is asked for), so that copying emerges within minutes. Half of the
contexts hold near-duplicates, so that a copy must stay in its own line. Knows nothing of products or questions.
"""

from collections.abc import Sequence
from random import Random

from tokenizers import Tokenizer

from models.recipes.chip_nano.rows import Row, RowBuilder
from models.recipes.chip_nano.tokenizer import CONTROL_TOKENS, MARKERS, get_id

_LEVELS = ("strong", "fair", "weak")


class CopyingLessons:
    """Makes rows out of random tokens and out of `sentences`; the random source is passed in for each row."""

    def __init__(self, tokenizer: Tokenizer, builder: RowBuilder, sentences: Sequence[str]) -> None:
        self._builder = builder
        self._sentences = sentences
        self._words = range(len(CONTROL_TOKENS), tokenizer.get_vocab_size() - len(MARKERS))
        self._digits = [get_id(tokenizer, digit) for digit in "0123456789"]
        self._markers = [get_id(tokenizer, marker) for marker in MARKERS]
        self._question = builder.encode("\n\nQuestion:")
        self._answer = builder.encode("<|end|><|assistant|>")
        self._newline = builder.encode("\n")
        self._headers = [builder.encode(f"<|user|>Evidence ({level} match):") for level in _LEVELS]

    def build_row(self, random: Random, max_lines: int = 6, max_length: int = 14) -> Row:
        """Return one row of two to `max_lines` lines, each asked for once, of up to `max_length` random tokens."""
        count = random.randint(2, max_lines)
        lines = self._near_duplicates(random, count, max_length) if random.random() < 0.5 else []
        lines = lines or [self._line(random, max_length) for _ in range(count)]
        prefix = list(random.choice(self._headers))
        branches = []
        for marker, line in zip(self._markers, lines, strict=False):
            prefix += [*self._newline, marker, *line]
            branches.append(([*self._cue(random, line, lines), *self._answer], [marker, *line]))
        return self._builder.join(prefix + self._question, branches)

    def _line(self, random: Random, max_length: int) -> list[int]:
        if self._sentences and random.random() < 0.6:
            return self._builder.encode(" " + random.choice(self._sentences))[: 3 * max_length]
        length = random.randint(3, max_length)
        pool: Sequence[int] = self._digits if random.random() < 0.15 else self._words
        return [random.choice(pool) for _ in range(length)]

    def _near_duplicates(self, random: Random, count: int, max_length: int) -> list[list[int]]:
        base = self._line(random, max_length)
        lines = []
        for _ in range(count):
            line = list(base)
            for place in random.sample(range(len(line)), k=min(len(line), random.randint(1, 3))):
                line[place] = random.choice(self._digits if line[place] in self._digits else self._words)
            lines.append(line)
        return lines

    def _cue(self, random: Random, line: list[int], lines: list[list[int]]) -> list[int]:
        """Pick a few tokens of the line, at least one of which no other line has, if there is one."""
        others = {token for other in lines if other is not line for token in other}
        own = [token for token in line if token not in others] or line
        cue = [random.choice(own), *random.sample(line, k=min(len(line), random.randint(0, 3)))]
        random.shuffle(cue)
        return cue
