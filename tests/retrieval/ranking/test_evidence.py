"""Evidence cut from hits, without an index."""

from dataclasses import replace

import numpy as np

from retrieval.encoders.embedder import Embedder
from retrieval.english.sentences import build_stretch
from retrieval.passage import Audience, Evidence, Hit, Match, Passage
from retrieval.ranking.evidence import EvidenceLimits, choose_passages, cut_evidence, rank_units


def hit(identity: str, heading: str, text: str) -> Hit:
    return Hit(Passage(identity, text, heading, heading, f"{identity}.md", Audience.CUSTOMER), 0.03, 0.5)


MOSS = hit("a", "Moss 2", "The Moss 2 is a lawn robot. The Moss 2 runs for 90 minutes. The Moss 2 weighs 8.2 kg.")
PRO = hit(
    "b", "Moss 2 Pro", "The Moss 2 Pro runs for 140 minutes. It charges in 75 minutes. The Moss 2 Pro weighs 12 kg."
)


def cut(embedder: Embedder, question: str, *hits: Hit, limits: EvidenceLimits | None = None) -> Evidence:
    return cut_evidence(question, hits, embedder=embedder, limits=limits)


def test_the_best_line_comes_first_whatever_the_rank_of_its_passage(embedder: Embedder) -> None:
    assert (
        cut(embedder, "How long does the Moss 2 Pro run?", MOSS, PRO).lines[0].text
        == "The Moss 2 Pro runs for 140 minutes."
    )
    assert "The Moss 2 weighs 8.2 kg." in cut(embedder, "How heavy is the Moss 2?", MOSS, PRO).lines[0].text


def test_a_sentence_that_leans_back_brings_the_one_before(embedder: Embedder) -> None:
    lines = cut(embedder, "In how many minutes does the Moss 2 Pro charge?", MOSS, PRO).lines
    assert lines[0].text.startswith("The Moss 2 Pro runs for 140 minutes. It charges in 75 minutes.")
    assert not any(line.text == "The Moss 2 Pro runs for 140 minutes." for line in lines)


def test_limits_hold(embedder: Embedder) -> None:
    unsure = EvidenceLimits(max_lines=2, keep_within=99.0, nothing=0.0, shift=-9.0)
    assert len(cut(embedder, "Moss 2", MOSS, PRO, limits=unsure).lines) == 2
    assert len(cut(embedder, "Moss 2", MOSS, PRO, limits=replace(unsure, max_lines=1)).lines) == 1
    limits = replace(unsure, max_words=12)
    assert sum(len(line.text.split()) for line in cut(embedder, "Moss 2", MOSS, PRO, limits=limits).lines) <= 12


def test_the_same_line_of_two_passages_is_shown_once_and_another_figure_is_kept(embedder: Embedder) -> None:
    same = hit("c", "Moss 2", "The Moss 2 runs for 90 minutes.")
    other = hit("d", "Moss 2", "The Moss 2 runs for 95 minutes.")
    unsure = EvidenceLimits(max_lines=3, nothing=0.0, shift=-9.0)
    asked = "How long does the Moss 2 run?"
    texts = [line.text for line in cut(embedder, asked, MOSS, same, other, limits=unsure).lines]
    assert sum("The Moss 2 runs for 90 minutes." in text for text in texts) == 1
    assert "The Moss 2 runs for 95 minutes." in texts


def test_a_paragraph_that_a_sister_models_page_repeats_is_said_once(embedder: Embedder) -> None:
    text = (
        "If the kettle starts with its old firmware but does not boot the new image, write the image with the flash "
        "tool that its maker offers, once, before anything else is installed on the card or on the drive inside."
    )
    pages = [hit(name, f"Kettle {name}", text + more) for name, more in (("Uno", ""), ("Duo", " Ask us for help."))]
    unsure = EvidenceLimits(max_lines=3, nothing=0.0, keep_within=99.0)
    lines = cut(embedder, "The new image does not boot, how do I write it?", *pages, MOSS, limits=unsure).lines
    assert sum("flash tool" in line.text for line in lines) == 1


def test_stored_vectors_give_the_same_evidence(embedder: Embedder) -> None:
    stored = {
        h.passage.id: embedder.encode_units([build_stretch(h.passage)])[0].astype(np.float16).astype(np.float32)
        for h in (MOSS, PRO)
    }
    question = "How long does the Moss 2 run?"
    fresh = cut_evidence(question, [MOSS, PRO], embedder=embedder)
    assert cut_evidence(question, [MOSS, PRO], embedder=embedder, unit_vectors=stored) == fresh


def test_no_hits_and_no_question_give_no_lines(embedder: Embedder) -> None:
    assert cut(embedder, "How long?") == Evidence((), Match.WEAK)
    assert cut(embedder, "  ", MOSS) == Evidence((), Match.WEAK)


def test_a_far_question_is_no_strong_match(embedder: Embedder) -> None:
    assert cut(embedder, "Who painted the Mona Lisa?", MOSS, PRO).lines == ()
    assert cut(embedder, "How long does the Moss 2 run?", MOSS, PRO).match is Match.STRONG


def test_passages_are_ordered_by_their_best_line(embedder: Embedder) -> None:
    question = "How heavy is the Moss 2 Pro?"
    ranked = rank_units(question, embedder.encode([question])[0], [MOSS, PRO], embedder=embedder, unit_vectors={})
    assert ranked.order_hits([MOSS, PRO]) == (PRO, MOSS)
    assert ranked.units[0].text == "The Moss 2 Pro weighs 12 kg."


def test_a_base_that_reads_gets_whole_passages_within_its_room(embedder: Embedder) -> None:
    question = "How long does the Moss 2 Pro run?"
    ranked = rank_units(question, embedder.encode([question])[0], [MOSS, PRO], embedder=embedder, unit_vectors={})
    evidence = choose_passages(ranked, EvidenceLimits(nothing=0.0))
    assert evidence.is_whole
    assert [line.text for line in evidence.lines] == [PRO.passage.text, MOSS.passage.text]
    assert [line.number for line in evidence.lines] == [1, 2]
    short = choose_passages(ranked, EvidenceLimits(nothing=0.0, read_characters=20))
    assert len(short.lines) == 1
    assert PRO.passage.text.startswith(short.lines[0].text)
    assert choose_passages(ranked, EvidenceLimits(nothing=1.0)).lines == ()


def test_of_two_equal_lines_the_one_whose_page_says_more_of_it_comes_first(embedder: Embedder) -> None:
    line = "The blades of the mower are changed once a year."
    alone, beside = hit("one", "Mower", line), hit("two", "Mower", line)
    more = hit("three", "Mower", "Change the blades of the mower with a hex key.")
    page = replace(more, passage=replace(more.passage, source=beside.passage.source))
    question = "How do I change the blades of the mower?"
    vector = embedder.encode([question])[0]
    hits = [alone, beside, page]
    ranked = rank_units(question, vector, hits, embedder=embedder, unit_vectors={})
    order = [unit.passage.id for unit in ranked.units if unit.text == line]
    assert order == ["two", "one"]
