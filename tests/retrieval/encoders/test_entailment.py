"""The third layer of the claim check: a real, tiny NLI model, which the test trains, behind sentence-transformers."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from bot.answering.shown_answer import ShownAnswer
from retrieval.encoders.entailment import EntailmentModel, EntailmentModelError
from retrieval.factcheck.check import Support, check_claim, judge_claim
from retrieval.passage import EvidenceLine
from retrieval.passage_reader import Sentence

HOOD = EvidenceLine(1, "The hood protects the trimmer from rain.", "Fern 4 trimmer", "a")
BLADE = EvidenceLine(2, "The blade is made of hardened steel.", "Fern 4 trimmer", "b")
LINES = (HOOD, BLADE)
PARAPHRASE = "It stays dry under its cover."
OPPOSITE = "Water reaches the motor through its cover."
DOUBTED = "In short: The hood protects the trimmer from rain."
LABELS = ("contradiction", "entailment", "neutral")
PAIRS = [
    (HOOD, PARAPHRASE, "entailment"),
    (HOOD, OPPOSITE, "contradiction"),
    (HOOD, DOUBTED, "neutral"),
    (BLADE, PARAPHRASE, "neutral"),
    (BLADE, OPPOSITE, "neutral"),
    (BLADE, DOUBTED, "neutral"),
]


def make_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = sorted({word for text in texts for word in text.lower().replace(".", " .").replace(":", " :").split()})
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate([*marks, *words])}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **named)


def train(folder: Path, labels: Sequence[str], targets: Sequence[int], *, most_steps: int = 200) -> Path:
    """Train a one-layer BERT until it tells the pairs apart, and save it as people publish such models."""
    torch.manual_seed(3)
    torch.set_num_threads(1)
    premises, claims = [f"{line.heading}: {line.text}" for line, *_ in PAIRS], [claim for _, claim, _ in PAIRS]
    tokenizer = make_tokenizer([*premises, *claims])
    config = BertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=64,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: number for number, name in enumerate(labels)}
    model = BertForSequenceClassification(config)
    batch = tokenizer(premises, claims, padding=True, return_tensors="pt")
    wanted = torch.tensor(targets)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    loss = torch.zeros(())
    for _ in range(most_steps):
        logits = model(**batch).logits
        if len(labels) == 1:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], wanted.float())
        else:
            loss = torch.nn.functional.cross_entropy(logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if float(loss.detach()) < 0.05:
            break
    assert float(loss.detach()) < 0.1, "the tiny model did not learn its six pairs"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    targets = [LABELS.index(label) for *_, label in PAIRS]
    return train(tmp_path_factory.mktemp("nli"), LABELS, targets)


@pytest.fixture(scope="module")
def model(folder: Path) -> EntailmentModel:
    return EntailmentModel(str(folder), threads=1)


def test_without_the_model_the_paraphrase_is_withheld_and_the_doubted_sentence_shown() -> None:
    assert check_claim(PARAPHRASE, LINES, cited=1).text is None
    assert check_claim(DOUBTED, LINES, cited=1).text == DOUBTED


def test_the_model_lets_a_paraphrase_through_with_the_line_that_entails_it(model: EntailmentModel) -> None:
    checked = check_claim(PARAPHRASE, LINES, cited=2, model=model)
    assert (checked.text, checked.line) == (PARAPHRASE, HOOD)


def test_the_model_decides_where_the_fitted_judge_would(model: EntailmentModel) -> None:
    judgement = judge_claim(DOUBTED, LINES, cited=1, model=model)
    assert (judgement.verdict, judgement.reason) == (Support.NOT_FOUND, "model")
    assert judge_claim(OPPOSITE, LINES, model=model).verdict is Support.CONTRADICTED


def test_facts_and_quotes_come_before_the_model(model: EntailmentModel) -> None:
    assert check_claim("The hood protects the trimmer.", LINES, cited=1, model=model).line == HOOD
    wrong = judge_claim("The hood does not protect the trimmer from rain.", LINES, cited=1, model=model)
    assert (wrong.verdict, wrong.reason) == (Support.CONTRADICTED, "negation")


def test_a_person_sees_what_the_model_supports_and_not_what_it_refutes(
    model: EntailmentModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot.answering.shown_answer")
    shown = ShownAnswer(LINES, lessons=[], model=model)
    for text, number in ((PARAPHRASE, 1), (OPPOSITE, None), (DOUBTED, 1)):
        shown.add(Sentence(text, " ", number), milliseconds=lambda: 0.0)
    assert (shown.cited, shown.sentences, shown.withheld) == ([HOOD], 3, 1)
    assert shown.text == f"{PARAPHRASE} {HOOD.text}"  # a near copy takes the words of its line
    assert "a sentence was withheld: model" in caplog.messages


def test_a_model_of_one_label_gives_the_probability_of_supported(tmp_path: Path) -> None:
    targets = [int(label == "entailment") for *_, label in PAIRS]
    model = EntailmentModel(str(train(tmp_path, ["supported"], targets)), threads=1)
    supported, other = model.judge(PARAPHRASE, [f"{line.heading}: {line.text}" for line in LINES])
    assert supported.support > 0.5 > other.support
    assert model.judge(PARAPHRASE, []) == []


def test_a_model_that_cannot_say_supported_or_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EntailmentModelError, match="no label that means supported"):
        EntailmentModel(str(train(tmp_path, ["joy", "anger", "fear"], [], most_steps=0)))
    with pytest.raises(EntailmentModelError, match="cannot be loaded"):
        EntailmentModel(str(tmp_path / "nowhere"))
