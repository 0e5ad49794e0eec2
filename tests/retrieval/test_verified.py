"""Answers that staff approved: served at once, to those who may read them, until their documents change."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from retrieval.encoders.embedder import Embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Match, Scope, Vectors, VerifiedAnswer
from retrieval.verified import Near, audience_of_correction, is_verified

QUESTION = "How long does the Moss 2 run on one charge?"
ANSWER = "The Moss 2 runs for 75 minutes when the cutting height is above 40 mm."
MOSS = "---\ntitle: Moss 2\naudience: customer\n---\nThe Moss 2 runs for 90 minutes on one charge.\n"
PRO = "---\ntitle: Moss 2 Pro\naudience: customer\n---\nThe Moss 2 Pro runs for 140 minutes on one charge.\n"
RETURNS = "---\ntitle: Returns\naudience: customer\n---\nYou can return a robot within 30 days. Returns are free.\n"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in (("moss", MOSS), ("pro", PRO), ("returns", RETURNS)):
        (folder / f"{name}.md").write_text(text)
    return folder


@pytest.fixture
def knowledge(tmp_path: Path, documents: Path, embedder: Embedder) -> Iterator[Knowledge]:
    opened = Knowledge(tmp_path / "index", embedder)
    opened.ingest(documents)
    yield opened
    opened.close()


def verify(
    knowledge: Knowledge,
    *,
    question: str = QUESTION,
    answer: str = ANSWER,
    audience: Audience = Audience.CUSTOMER,
    identity: str = "C1",
    at: datetime = datetime(2026, 11, 22, tzinfo=UTC),
) -> VerifiedAnswer:
    """Return an approved answer that rests on what is found for its question now."""
    lines = knowledge.find_evidence(question, STAFF_SCOPE, with_verified=False).evidence.lines
    evidence = tuple(dict.fromkeys(line.passage_id for line in lines[:1]))
    return VerifiedAnswer(identity, question, answer, "U0SAM", at, audience, evidence)


def answer(knowledge: Knowledge, question: str, scope: Scope = CUSTOMER_SCOPE) -> str | None:
    """Return the verified answer to the very question, if there is one."""
    found = knowledge.find_evidence(question, scope)
    return " ".join(line.text for line in found.evidence.lines) if found.is_verified else None


def test_a_base_that_reads_gets_whole_passages_whatever_they_are_made_of(knowledge: Knowledge, documents: Path) -> None:
    (documents / "depots.md").write_text("---\naudience: customer\n---\n# Depots\n## Turku\nOpen.\n## Bergen\nOpen.\n")
    knowledge.ingest(documents)
    knowledge.set_verified([verify(knowledge)])
    for question, held in (
        (QUESTION, ANSWER),
        ("What do you know?", "- Returns"),
        ("What are your depots?", "- Turku"),
    ):
        evidence = knowledge.find_evidence(question, CUSTOMER_SCOPE, whole_passages=True).evidence
        assert evidence.is_whole
        assert held in evidence.lines[0].text


def test_an_approved_answer_is_the_evidence_from_that_moment_on(knowledge: Knowledge) -> None:
    assert answer(knowledge, QUESTION) is None
    knowledge.set_verified([verify(knowledge)])
    found = knowledge.find_evidence(QUESTION, CUSTOMER_SCOPE)
    (line,) = found.evidence.lines
    assert (line.text, line.heading, found.evidence.match) == (ANSWER, "Verified by staff, 2026-11-22", Match.STRONG)
    passage = knowledge.passage(line.passage_id)
    assert passage is not None
    assert (passage.updated, passage.audience) == (date(2026, 11, 22), Audience.CUSTOMER)


@pytest.mark.parametrize(
    "question",
    [
        "how long does the moss 2 run on a charge",
        "For how long can a Moss 2 run with one charge?",
        "HOW LONG DOES THE MOSS 2 RUN ON ONE CHARGE",
    ],
)
def test_the_same_question_in_other_words_gets_it(knowledge: Knowledge, question: str) -> None:
    knowledge.set_verified([verify(knowledge)])
    assert answer(knowledge, question) == ANSWER


@pytest.mark.parametrize(
    "question",
    [
        "How long does the Moss 2 Pro run on one charge?",
        "How long does the Moss 3 run on one charge?",
        "How long does the Moss 2 take to charge?",
        "Why does the Moss 2 not run on one charge?",
        "Can I return a robot?",
    ],
)
def test_another_question_does_not(knowledge: Knowledge, question: str) -> None:
    knowledge.set_verified([verify(knowledge)])
    assert answer(knowledge, question) is None


def test_a_question_near_it_finds_it_among_the_documents(knowledge: Knowledge) -> None:
    knowledge.set_verified([verify(knowledge)])
    question = "What is the runtime of the Moss 2?"
    assert any(is_verified(hit.passage) for hit in knowledge.find_evidence(question, CUSTOMER_SCOPE).hits)
    without = knowledge.find_evidence(question, CUSTOMER_SCOPE, with_verified=False)
    assert without.hits
    assert not any(is_verified(hit.passage) for hit in without.hits)


def test_a_verified_answer_for_staff_never_reaches_a_customer(knowledge: Knowledge) -> None:
    knowledge.set_verified([verify(knowledge, audience=Audience.STAFF)])
    assert answer(knowledge, QUESTION, STAFF_SCOPE) == ANSWER
    assert answer(knowledge, QUESTION) is None
    for question in (QUESTION, "cutting height 40 mm 75 minutes"):
        assert not any("75 minutes" in hit.passage.text for hit in knowledge.search(question, CUSTOMER_SCOPE, 20))


def test_the_latest_approval_holds_and_a_withdrawn_one_is_gone(knowledge: Knowledge) -> None:
    first = verify(knowledge)
    second = verify(
        knowledge, identity="C2", answer="It runs for 80 minutes.", at=datetime(2026, 11, 22, 1, tzinfo=UTC)
    )
    knowledge.set_verified([first, second])
    assert answer(knowledge, QUESTION) == "It runs for 80 minutes."
    knowledge.set_verified([first])
    assert answer(knowledge, QUESTION) == ANSWER
    knowledge.set_verified([])
    assert answer(knowledge, QUESTION) is None
    assert not any(hit.passage.source.startswith("verified") for hit in knowledge.search(ANSWER, STAFF_SCOPE, 20))
    assert knowledge.holdings.find_problems() == []


def test_a_changed_document_sends_the_answers_on_it_to_review(knowledge: Knowledge, documents: Path) -> None:
    known = verify(knowledge)
    returns = verify(knowledge, question="Are returns free?", answer="Yes, returns are free.", identity="C2")
    knowledge.set_verified([known, returns])
    assert knowledge.to_review() == []
    (documents / "moss.md").write_text(MOSS.replace("90", "110"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == [known]
    assert answer(knowledge, QUESTION) is None
    assert not any("75 minutes" in hit.passage.text for hit in knowledge.search(QUESTION, CUSTOMER_SCOPE, 20))
    assert answer(knowledge, "Are returns free?") == "Yes, returns are free."
    (documents / "moss.md").write_text(MOSS)
    knowledge.ingest(documents)
    assert knowledge.to_review() == []
    assert answer(knowledge, QUESTION) == ANSWER


COVER = "Which colours does the cover for the charging station come in?"
COVER_PAGE = (
    "---\ntitle: Covers\naudience: {}\n---\nThe cover for the charging station comes in two colours: green and grey.\n"
)


def fill_silence(
    knowledge: Knowledge, *, identity: str = "S1", audience: Audience = Audience.CUSTOMER, hour: int = 0
) -> VerifiedAnswer:
    """Return an approved answer to a question that no document answers."""
    at = datetime(2026, 11, 22, hour, tzinfo=UTC)
    known = verify(knowledge, question=COVER, answer="It comes in blue.", audience=audience, identity=identity, at=at)
    assert known.evidence == ()
    return known


def test_an_answer_that_no_document_gave_waits_for_review_once_one_gives_it(
    knowledge: Knowledge, tmp_path: Path, documents: Path, embedder: Embedder
) -> None:
    knowledge.set_verified([])
    known = fill_silence(knowledge)
    knowledge.set_verified([known])
    (documents / "blades.md").write_text(
        "---\ntitle: Blades\naudience: customer\n---\nThe blades of the Moss 2 last one season.\n"
    )
    (documents / "returns.md").write_text(RETURNS + "Opened cleaning pads cannot be returned.\n")
    knowledge.ingest(documents)
    assert knowledge.to_review() == []
    assert answer(knowledge, COVER) == "It comes in blue."

    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    assert answer(knowledge, COVER) is None
    assert "green and grey" in knowledge.find_evidence(COVER, CUSTOMER_SCOPE).evidence.lines[0].text
    knowledge.close()
    again = Knowledge(tmp_path / "index", embedder)
    again.set_verified([known])
    assert again.to_review() == [known]
    (documents / "covers.md").unlink()
    again.ingest(documents)
    assert again.to_review() == []
    assert answer(again, COVER) == "It comes in blue."
    again.close()


def test_what_was_near_when_it_was_approved_is_no_news(knowledge: Knowledge, documents: Path) -> None:
    knowledge.set_verified([])
    old = fill_silence(knowledge)
    knowledge.set_verified([old])
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == [old]
    anew = VerifiedAnswer(
        "S2", COVER, "It comes in blue, too.", "U0SAM", old.approved_at.replace(hour=9), old.audience, ()
    )
    knowledge.set_verified([old, anew])
    (documents / "moss.md").write_text(MOSS.replace("90", "110"))
    knowledge.ingest(documents)
    assert answer(knowledge, COVER) == "It comes in blue, too."
    assert knowledge.to_review() == [], "approving anew settles the earlier one"
    (documents / "covers.md").write_text(COVER_PAGE.format("customer").replace("grey", "red"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == [old, anew]


def test_a_document_for_staff_says_nothing_to_a_customers_answer(knowledge: Knowledge, documents: Path) -> None:
    knowledge.set_verified([])
    known = [fill_silence(knowledge), fill_silence(knowledge, identity="S2", audience=Audience.STAFF)]
    knowledge.set_verified(known)
    (documents / "covers.md").write_text(COVER_PAGE.format("staff"))
    knowledge.ingest(documents)
    assert answer(knowledge, COVER) == "It comes in blue."
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == known


def test_an_index_made_anew_takes_nothing_for_known(knowledge: Knowledge, documents: Path) -> None:
    """As after an update of Chip: whether the page was there when staff approved is no longer known."""
    known = fill_silence(knowledge)
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    knowledge.set_verified([known])
    assert knowledge.to_review() == [known]


def test_silence_is_looked_at_once_for_each_change_of_the_documents(
    knowledge: Knowledge, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = knowledge._verified._find_near

    def count(question: str, vector: Vectors, scope: Scope) -> Near:
        looked.append(question)
        return find(question, vector, scope)

    monkeypatch.setattr(knowledge._verified, "_find_near", count)
    knowledge.set_verified([])
    knowledge.set_verified([fill_silence(knowledge), verify(knowledge)])
    looked.clear()
    for _ in range(3):
        knowledge.ingest(documents)
        knowledge.to_review()
    assert looked == []
    (documents / "returns.md").unlink()
    knowledge.ingest(documents)
    knowledge.to_review()
    assert looked == [COVER]


def test_whoever_reviews_while_another_does_waits_and_finds_it_done(
    knowledge: Knowledge, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge.set_verified([])
    known = fill_silence(knowledge)
    knowledge.set_verified([known])
    looked: list[str] = []
    reviewed: list[list[VerifiedAnswer]] = []
    find = knowledge._verified._find_near
    second = threading.Thread(target=lambda: reviewed.append(knowledge.to_review()))

    def start_another(question: str, vector: Vectors, scope: Scope) -> Near:
        looked.append(question)
        if len(looked) == 1:
            second.start()
            second.join(timeout=1.0)
        return find(question, vector, scope)

    monkeypatch.setattr(knowledge._verified, "_find_near", start_another)
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    second.join()
    assert (looked, reviewed) == ([COVER], [[known]])


def test_a_review_writes_only_what_has_changed_and_at_once(knowledge: Knowledge, documents: Path) -> None:
    knowledge.set_verified([])
    knowledge.set_verified([fill_silence(knowledge, identity=f"S{n}") for n in range(3)])
    statements: list[str] = []
    knowledge._index.catalogue.file._connection.set_trace_callback(statements.append)

    def list_transactions() -> list[int]:
        """Return how many answers each transaction wrote."""
        written = [part.count("UPDATE verified") for part in "\n".join(statements).split("COMMIT")]
        statements.clear()
        return [count for count in written if count]

    (documents / "moss.md").write_text(MOSS.replace("90", "110"))
    knowledge.ingest(documents)
    assert list_transactions() == []
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    assert list_transactions() == [3]
    knowledge.to_review()
    assert list_transactions() == []


def test_an_answer_that_was_corrected_anew_waits_no_longer(knowledge: Knowledge, documents: Path) -> None:
    known = verify(knowledge)
    knowledge.set_verified([known])
    (documents / "moss.md").write_text(MOSS.replace("90", "110"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == [known]
    later = datetime(2026, 11, 23, tzinfo=UTC)
    for_staff = verify(knowledge, identity="C2", audience=Audience.STAFF, at=later)
    knowledge.set_verified([known, for_staff])
    assert knowledge.to_review() == [known], "customers still wait for one"
    knowledge.set_verified([known, verify(knowledge, identity="C2", at=later)])
    assert knowledge.to_review() == []
    assert answer(knowledge, QUESTION) == ANSWER


def test_a_later_answer_about_a_sister_product_settles_nothing(knowledge: Knowledge, documents: Path) -> None:
    known = verify(knowledge)
    pro = verify(
        knowledge,
        question="How long does the Moss 2 Pro run on one charge?",
        answer="It runs for two hours.",
        identity="C2",
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    knowledge.set_verified([known, pro])
    (documents / "moss.md").write_text(MOSS.replace("90", "110"))
    knowledge.ingest(documents)
    assert knowledge.to_review() == [known]


def test_an_answer_that_a_document_outran_is_found_no_more_at_once(knowledge: Knowledge, documents: Path) -> None:
    knowledge.set_verified([])
    knowledge.set_verified([fill_silence(knowledge)])
    assert answer(knowledge, COVER) == "It comes in blue."
    (documents / "covers.md").write_text(COVER_PAGE.format("customer"))
    knowledge.ingest(documents)
    assert not any(is_verified(hit.passage) for hit in knowledge.find_evidence(COVER, CUSTOMER_SCOPE).hits)


def test_what_was_learned_outlives_a_restart(
    knowledge: Knowledge, tmp_path: Path, documents: Path, embedder: Embedder
) -> None:
    knowledge.set_verified([verify(knowledge)])
    knowledge.close()
    again = Knowledge(tmp_path / "index", embedder)
    assert again.ingest(documents).unchanged == 3
    assert answer(again, QUESTION) == ANSWER
    assert again.holdings.count().documents == 3
    again.close()


def test_a_long_answer_is_whole_with_its_lines(knowledge: Knowledge) -> None:
    steps = "\n".join(
        f"{n}. Step {n} of the reset of the Moss 2 takes {n} minutes and needs both hands." for n in range(1, 31)
    )
    knowledge.set_verified([verify(knowledge, answer=steps)])
    (line,) = knowledge.find_evidence(QUESTION, CUSTOMER_SCOPE).evidence.lines
    assert line.text == steps


def test_an_answer_for_one_model_is_no_evidence_for_another(knowledge: Knowledge) -> None:
    knowledge.set_verified([verify(knowledge, question="Can the Moss 2 fly?", answer="No, it cannot fly at all.")])
    for question in ("Can the Moss 2 Pro fly?", "can the moss 2 pro fly?", "Can the Moss 3 fly?"):
        found = knowledge.find_evidence(question, CUSTOMER_SCOPE)
        assert not found.is_verified
        assert not any(is_verified(hit.passage) for hit in found.hits)
    assert knowledge.find_evidence("Can the Moss 2 fly?", CUSTOMER_SCOPE).is_verified


@pytest.mark.parametrize(
    ("asked_as", "evidence", "is_first", "expected"),
    [
        ("customer", ["customer", "public"], True, "customer"),
        ("customer", ["public"], False, "customer"),
        ("customer", [None], True, "customer"),
        ("customer", [], True, "customer"),
        ("customer", ["staff"], True, "staff"),
        ("staff", ["customer"], True, "customer"),
        ("staff", ["customer"], False, "staff"),
        ("staff", ["customer", None], True, "staff"),
        ("staff", [], True, "staff"),
        ("staff", ["customer", "staff"], True, "staff"),
        ("staff", ["group:S1", "customer"], True, "group:S1"),
        ("staff", ["group:S1", "group:S2"], True, "staff"),
    ],
)
def test_a_correction_reaches_nobody_whom_its_evidence_kept_out(
    asked_as: str, evidence: list[str | None], is_first: bool, expected: str
) -> None:
    audiences = [None if name is None else Audience(name) for name in evidence]
    assert audience_of_correction(Audience(asked_as), audiences, is_first_question=is_first) == expected
