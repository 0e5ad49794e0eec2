"""What the base model is taught: rows equal the served prompt, gold lines are quoted, absent ones are refused."""

from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from models.recipes.chip_nano.context import Ask, Context, Line, split_sentences
from models.recipes.chip_nano.copying import CopyingLessons
from models.recipes.chip_nano.invented import invent_context
from models.recipes.chip_nano.lessons import COPY, DENSE, REAL, Lessons
from models.recipes.chip_nano.ranking import Ranker, count_rarity
from models.recipes.chip_nano.rows import RowBuilder, RowWeights, build_batch, pad_id
from models.recipes.chip_nano.smalltalk import SAYINGS, SmallTalk
from models.recipes.chip_nano.tokenizer import build_chat_tokenizer, train_tokenizer
from retrieval.passage import Evidence, EvidenceLine, Match, Turn
from retrieval.prompt import REFUSAL, build_messages

CONTEXT = Context(
    (Line("The Tolu 2 weighs 3 kg.", "Tolu 2"), Line("It runs for 5 hours.", "Tolu 2 › Power")),
    (Ask("How heavy is the Tolu 2?", 0), Ask("How long does it run?", 1), Ask("Can it fly?", None)),
    company="Rila",
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    random = Random(0)
    contexts = [invent_context(random) for _ in range(60)]
    return train_tokenizer([line.text for context in contexts for line in context.lines], 700)


@pytest.fixture
def builder(tokenizer: Tokenizer) -> RowBuilder:
    return RowBuilder(tokenizer, RowWeights())


def test_a_row_with_one_question_is_the_served_prompt_byte_for_byte(tokenizer: Tokenizer, builder: RowBuilder) -> None:
    thread = (Turn("user", "Hi"), Turn("assistant", "Hello!"))
    ask = Ask("How long does it run?", 1, thread=thread)
    row = builder.build(CONTEXT, [1, 0], [ask], Match.FAIR)
    lines = (EvidenceLine(1, "It runs for 5 hours.", "Tolu 2 › Power", "a"), EvidenceLine(2, "The Tolu 2 weighs 3 kg.", "Tolu 2", "b"))  # fmt: skip  # noqa: E501
    chat = build_messages(ask.question, Evidence(lines, Match.FAIR), company="Rila", thread=thread)
    served = build_chat_tokenizer(tokenizer, 512).apply_chat_template(
        [{"role": message.role, "content": message.content} for message in chat],
        tokenize=False,
        add_generation_prompt=True,
    )
    expected = tokenizer.encode(served).ids + tokenizer.encode("[1] It runs for 5 hours.<|end|>").ids
    assert row.tokens == expected
    assert [token for token, weight in zip(row.tokens, row.weights, strict=True) if weight] == expected[-len(
        tokenizer.encode("[1] It runs for 5 hours.<|end|>").ids
    ) :]  # fmt: skip


def test_a_question_without_its_line_is_refused(tokenizer: Tokenizer, builder: RowBuilder) -> None:
    row = builder.build(CONTEXT, [0], CONTEXT.asks, Match.STRONG)
    answers = [
        tokenizer.decode(
            [t for t, b, w in zip(row.tokens, row.branches, row.weights, strict=True) if b == branch and w]
        )
        for branch in (1, 2, 3)
    ]
    assert answers == ["[1] The Tolu 2 weighs 3 kg.", REFUSAL, REFUSAL]


def test_branches_see_the_prefix_and_not_each_other(tokenizer: Tokenizer, builder: RowBuilder) -> None:
    row = builder.build(CONTEXT, [0, 1], CONTEXT.asks, Match.STRONG)
    short = builder.build(CONTEXT, [0], CONTEXT.asks[:1], Match.STRONG)
    batch = build_batch([row, short], pad_id(tokenizer))
    visible = batch.visible[0, 0]
    first, second = row.branches.index(1), row.branches.index(2)
    assert row.positions[second] == row.positions[first] == row.branches.count(0)
    assert visible[second, :first].all()
    assert not visible[second, first:second].any()
    assert not visible.triu(1).any()
    assert batch.weights[1, len(short.tokens) :].sum() == 0
    # A row of nothing but masked-out keys would turn attention into NaN.
    assert batch.visible.any(-1).all()


@pytest.mark.parametrize("seed", range(20))
def test_invented_answers_stand_in_their_context_and_nothing_addresses_a_gender(seed: int) -> None:
    context = invent_context(Random(seed))
    text = " ".join([line.text for line in context.lines] + [ask.question for ask in context.asks]).lower().split()
    assert not {"he", "she", "sir", "madam", "his", "her", "mr", "ms"} & set(text)
    assert all(ask.gold is None or 0 <= ask.gold < len(context.lines) for ask in context.asks)
    assert any(ask.gold is None for ask in context.asks)
    assert len({line.text + line.heading for line in context.lines}) >= len(context.lines) - 2


def test_small_talk_says_short_sentences_without_a_marker() -> None:
    for answer in SAYINGS:
        assert "[" not in answer
        assert len(answer.split()) <= 20


def test_a_removed_line_is_refused_and_a_kept_one_is_quoted(tokenizer: Tokenizer, builder: RowBuilder) -> None:
    lessons = Lessons(
        builder, CopyingLessons(tokenizer, builder, []), SmallTalk({}), Ranker(count_rarity(["a"])), [[CONTEXT]]
    )
    random = Random(4)
    for mix in (COPY, DENSE, REAL):
        for _ in range(30):
            row = lessons.draw(random, mix)
            assert len(row.tokens) == len(row.branches) == len(row.positions) == len(row.weights)
            text = tokenizer.decode(row.tokens, skip_special_tokens=False)
            answer = text.rpartition("<|assistant|>")[2].removesuffix("<|end|>")
            quoted = answer.startswith("[") and f"\n{answer}\n" in text
            assert quoted or mix is COPY or answer in {REFUSAL, *SAYINGS}, text


def test_ranking_puts_the_line_with_the_rare_words_first() -> None:
    lines = [Line(f"The device has {n} ports.", "Ports") for n in range(5)] + [Line("The grinder is loud.", "Noise")]
    ranker = Ranker(count_rarity([line.text for line in lines]))
    order, match = ranker.rank("Is the grinder loud?", lines, Random(1), noise=0.0)
    assert order[0] == 5
    assert match is Match.STRONG


def test_sentences_end_at_full_stops_but_not_after_initials() -> None:
    assert split_sentences("It costs $3.50. J. Smith wrote it!  \"Yes.\" Then?") == [
        "It costs $3.50.", "J. Smith wrote it!", "\"Yes.", "Then?",
    ]  # fmt: skip


def test_muon_steps_are_orthogonal() -> None:
    from models.recipes.chip_nano.muon import orthogonalise

    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 24, 64, generator=torch.Generator().manual_seed(0))))
    assert values.min() > 0.6
    assert values.max() < 1.3
