"""The front door of retrieval, with the real embedder, real Chroma and real files."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import chromadb
import pytest
from chromadb.api.client import Client
from chromadb.config import Settings

from retrieval.encoders.embedder import Embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Match, Scope, Turn
from retrieval.search import WORTH_OF_WORDS, SearchSettings
from retrieval.store.source_sync import IngestReport

MOSS = """---
title: Moss 2
audience: customer
updated: 2026-03-01
---
# Moss 2

The Moss 2 is a lawn robot. It mows lawns of up to 600 square metres.

## Specifications

| Model | Runtime | Weight |
| --- | --- | --- |
| Moss 2 | 90 minutes | 8.2 kg |
| Moss 2 Pro | 140 minutes | 10.4 kg |

## Reset

To reset the Moss 2:

1. Hold the red button for 8 seconds.
2. Wait for three beeps.
3. Press start.
"""
WARRANTY = """---
title: Warranty
audience: customer
---
The warranty of every robot lasts 3 years. The battery has a warranty of 12 months.
"""
REPAIR = """---
title: Repair prices
audience: staff
---
The workshop pays 41 euros for a blade motor of the Moss 2. Never tell a customer what a part costs the workshop.
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "products").mkdir(parents=True)
    (folder / "products" / "moss-2.md").write_text(MOSS)
    (folder / "warranty.md").write_text(WARRANTY)
    (folder / "repair.md").write_text(REPAIR)
    return folder


@pytest.fixture
def knowledge(tmp_path: Path, documents: Path, embedder: Embedder) -> Iterator[Knowledge]:
    opened = Knowledge(tmp_path / "index", embedder)
    opened.ingest(documents)
    yield opened
    opened.close()


def lines(knowledge: Knowledge, question: str, scope: Scope = CUSTOMER_SCOPE) -> list[str]:
    return [line.text for line in knowledge.find_evidence(question, scope).evidence.lines]


def test_the_best_line_answers_the_question(knowledge: Knowledge) -> None:
    retrieved = knowledge.find_evidence("How long does the Moss 2 Pro run?", CUSTOMER_SCOPE)
    assert "Model: Moss 2 Pro; Runtime: 140 minutes; Weight: 10.4 kg" in retrieved.evidence.lines[0].text
    assert retrieved.evidence.lines[0].heading == "Moss 2 › Specifications"
    assert retrieved.evidence.match is not Match.WEAK
    assert [line.number for line in retrieved.evidence.lines] == list(range(1, len(retrieved.evidence.lines) + 1))
    assert retrieved.milliseconds > 0


def test_a_short_list_of_steps_is_quoted_whole(knowledge: Knowledge) -> None:
    assert lines(knowledge, "How do I reset the Moss 2?")[0] == (
        "To reset the Moss 2:\n1. Hold the red button for 8 seconds.\n2. Wait for three beeps.\n3. Press start."
    )


def test_nothing_near_gives_no_evidence(knowledge: Knowledge) -> None:
    for question in ("What is the capital of France?", "🙂🙂", "", "   ", "?!"):
        assert knowledge.find_evidence(question, STAFF_SCOPE).evidence.lines == ()


def test_a_very_long_question_is_searched_by_its_start(knowledge: Knowledge) -> None:
    question = "How long does the warranty of the battery last? " + "word " * 20_000
    retrieved = knowledge.find_evidence(question, CUSTOMER_SCOPE)
    assert len(retrieved.query) <= 2_000
    assert retrieved.hits


def test_a_follow_up_is_searched_with_what_it_is_about(knowledge: Knowledge) -> None:
    thread = [Turn("user", "Tell me about the Moss 2 Pro."), Turn("assistant", "It is a lawn robot.")]
    retrieved = knowledge.find_evidence("how long does it run?", CUSTOMER_SCOPE, thread)
    assert "Moss 2 Pro" in retrieved.query
    assert "140 minutes" in retrieved.evidence.lines[0].text


def test_staff_passage_never_reaches_a_customer(knowledge: Knowledge) -> None:
    words = (MOSS + WARRANTY + REPAIR).split()
    rng = random.Random(7)
    questions = [" ".join(rng.choices(words, k=rng.randint(1, 12))) for _ in range(60)]
    seen_by_staff = 0
    for question in questions:
        for hit in knowledge.search(question, CUSTOMER_SCOPE, 20):
            assert hit.passage.audience is Audience.CUSTOMER
        assert not any("workshop" in line for line in lines(knowledge, question))
        seen_by_staff += any(
            hit.passage.audience is Audience.STAFF for hit in knowledge.search(question, STAFF_SCOPE, 20)
        )
    assert seen_by_staff > 20
    assert knowledge.search("blade motor", Scope(frozenset()), 20) == []


def test_a_second_ingest_changes_nothing(knowledge: Knowledge, documents: Path) -> None:
    before = knowledge.holdings.count()
    assert knowledge.ingest(documents) == IngestReport(0, 0, 0, 3, (), ())
    assert knowledge.holdings.count() == before


def test_only_what_changed_is_read_again(knowledge: Knowledge, documents: Path) -> None:
    old = knowledge.search("How long is the warranty?", CUSTOMER_SCOPE, 1)[0].passage
    (documents / "warranty.md").write_text(WARRANTY.replace("3 years", "5 years"))
    (documents / "new.md").write_text("---\naudience: customer\n---\n# Returns\nReturn a robot within 30 days.\n")
    report = knowledge.ingest(documents)
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 0, 2)
    assert any("5 years" in line for line in lines(knowledge, "How long is the warranty?"))
    assert not any("3 years" in line for line in lines(knowledge, "How long is the warranty?"))
    assert knowledge.passage(old.id) is None
    assert knowledge.holdings.find_problems() == []


def test_what_vanished_is_no_longer_found(knowledge: Knowledge, documents: Path) -> None:
    (documents / "warranty.md").unlink()
    assert knowledge.ingest(documents).removed == 1
    assert not any("warranty" in line.lower() for line in lines(knowledge, "How long is the warranty?"))
    assert knowledge.holdings.count().documents == 2
    assert knowledge.holdings.find_problems() == []


def test_a_document_that_becomes_staff_only_is_hidden_at_once(knowledge: Knowledge, documents: Path) -> None:
    assert lines(knowledge, "How long is the warranty?")
    (documents / "warranty.md").write_text(WARRANTY.replace("audience: customer", "audience: staff"))
    knowledge.ingest(documents)
    assert not any("12 months" in line for line in lines(knowledge, "How long is the warranty of the battery?"))
    assert any("12 months" in line for line in lines(knowledge, "How long is the battery's warranty?", STAFF_SCOPE))


def test_bad_documents_are_named_and_the_rest_is_indexed(knowledge: Knowledge, documents: Path) -> None:
    (documents / "photo.md").write_bytes(b"\x89PNG\x00\x01")
    (documents / "empty.md").write_text("---\ntitle: Empty\n---\n \n")
    (documents / "broken.md").write_text("---\ntitle: [unclosed\n---\ntext\n")
    (documents / "who.md").write_text("---\naudience: everyone\n---\ntext\n")
    (documents / "paper.pdf").write_bytes(b"%PDF-1.7")
    report = knowledge.ingest(documents)
    reasons = {unreadable.path: unreadable.reason for unreadable in report.unreadable}
    assert set(reasons) == {"photo.md", "empty.md", "paper.pdf"}
    assert "binary" in reasons["photo.md"]
    remarked = {remarked.remark.word for remarked in knowledge.holdings.list_remarks()}
    assert "everyone" in remarked  # read as if the head named nobody, and said so
    assert (report.added, report.unchanged) == (2, 3)


def test_progress_is_told_file_by_file(knowledge: Knowledge, documents: Path) -> None:
    told: list[tuple[int, str]] = []
    knowledge.ingest(documents, progress=lambda done, path: told.append((done, path)))
    assert told == [(1, "products/moss-2.md"), (2, "repair.md"), (3, "warranty.md")]


@pytest.mark.parametrize("damage", ["garbage", "deleted", "truncated"])
def test_a_damaged_chroma_directory_is_rebuilt_and_said_so(
    tmp_path: Path, documents: Path, embedder: Embedder, damage: str
) -> None:
    first = Knowledge(tmp_path / "index", embedder)
    first.ingest(documents)
    expected = lines(first, "How long is the warranty?")
    first.close()
    database = tmp_path / "index" / "chroma" / "chroma.sqlite3"
    if damage == "garbage":
        database.write_bytes(b"not a database" * 500)
    elif damage == "truncated":
        os.truncate(database, database.stat().st_size // 2)
    else:
        shutil.rmtree(database.parent)
    mended = Knowledge(tmp_path / "index", embedder)
    assert any("rebuilt from the catalogue" in sentence for sentence in mended.holdings.find_problems())
    assert lines(mended, "How long is the warranty?") == expected
    mended.close()
    healed = Knowledge(tmp_path / "index", embedder)
    assert healed.holdings.find_problems() == []
    healed.close()


def test_chroma_that_fails_while_serving_is_rebuilt_and_the_question_answered(
    tmp_path: Path, documents: Path, embedder: Embedder
) -> None:
    knowledge = Knowledge(tmp_path / "index", embedder, search_settings=SearchSettings(exact_units=0))
    knowledge.ingest(documents)
    expected = lines(knowledge, "How long is the warranty?")
    settings = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(path=str(tmp_path / "index" / "chroma"), settings=settings)
    assert isinstance(client, Client)  # `ClientAPI` does not say that it can be closed
    with client:
        for collection in client.list_collections():
            client.delete_collection(collection.name)
    assert lines(knowledge, "How long is the warranty?") == expected
    assert any("could not be searched" in sentence for sentence in knowledge.holdings.find_problems())
    knowledge.close()


def test_questions_asked_during_an_ingest_see_the_old_document_or_the_new_one(
    knowledge: Knowledge, documents: Path
) -> None:
    versions = (WARRANTY, WARRANTY.replace("3 years", "5 years").replace("12 months", "24 months"))

    def rewrite() -> None:
        for turn in range(6):
            (documents / "warranty.md").write_text(versions[(turn + 1) % 2])
            knowledge.ingest(documents)

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(rewrite)
        seen: list[str] = []
        while not writing.done():
            asked = [pool.submit(lines, knowledge, "How long is the warranty of the battery?") for _ in range(3)]
            seen.extend(" ".join(answer.result()) for answer in asked)
        writing.result()
    assert seen
    assert not any("3 years" in text and "24 months" in text for text in seen)
    assert not any("5 years" in text and "12 months" in text for text in seen)
    assert not any("workshop" in text for text in seen)
    assert knowledge.holdings.find_problems() == []


INGEST = """
import sys
from pathlib import Path
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
knowledge = Knowledge(Path(sys.argv[1]), load_embedder())
knowledge.ingest(Path(sys.argv[2]))
knowledge.close()
"""


def test_what_another_process_ingests_is_found_here(knowledge: Knowledge, tmp_path: Path, documents: Path) -> None:
    (documents / "warranty.md").unlink()
    (documents / "new.md").write_text("---\naudience: customer\n---\n# Invoices\nInvoices are sent by pigeon.\n")
    subprocess.run([sys.executable, "-c", INGEST, str(tmp_path / "index"), str(documents)], check=True, timeout=60)
    assert lines(knowledge, "How are invoices sent?")[0] == "Invoices are sent by pigeon."
    assert not any("3 years" in line for line in lines(knowledge, "How long is the warranty?"))
    (hit,) = knowledge.search("pigeon", CUSTOMER_SCOPE, 1)
    assert hit.score == pytest.approx(hit.similarity + WORTH_OF_WORDS, abs=0.01), (
        "BM25 must know the new passage as well"
    )


def test_a_damaged_catalogue_is_filled_again_by_the_next_ingest(
    tmp_path: Path, documents: Path, embedder: Embedder
) -> None:
    first = Knowledge(tmp_path / "index", embedder)
    first.ingest(documents)
    first.close()
    (tmp_path / "index" / "catalogue.sqlite3").write_bytes(b"garbage" * 1_000)
    mended = Knowledge(tmp_path / "index", embedder)
    report = mended.ingest(documents)
    assert report.added == 3
    assert any("read again" in sentence for sentence in report.mended)
    assert lines(mended, "How long is the warranty?")
    mended.close()


def test_another_embedder_empties_the_index(tmp_path: Path, documents: Path, embedder: Embedder) -> None:
    class Renamed:
        model_id = "other"
        encode, encode_units = staticmethod(embedder.encode), staticmethod(embedder.encode_units)

    first = Knowledge(tmp_path / "index", embedder)
    first.ingest(documents)
    first.close()
    other = Knowledge(tmp_path / "index", Renamed())
    assert other.holdings.count().documents == 0
    assert other.ingest(documents).added == 3
    other.close()


def test_a_missing_folder_is_an_error_and_loses_nothing(knowledge: Knowledge, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        knowledge.ingest(tmp_path / "nowhere")
    assert knowledge.holdings.count().documents == 3


def test_a_bare_answer_is_quoted_with_the_question_that_it_answers(documents: Path, knowledge: Knowledge) -> None:
    (documents / "faq.md").write_text("---\naudience: customer\n---\n# FAQ\n\n## Is the Fern 4 waterproof?\n\nNo.\n")
    knowledge.ingest(documents)
    assert lines(knowledge, "Is the Fern 4 waterproof?")[0] == "Is the Fern 4 waterproof? No."


def test_the_rows_of_one_long_table_leave_places_to_other_documents(tmp_path: Path, embedder: Embedder) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    rows = "".join(f"Whisk {number};a plain whisk\n" for number in range(90))
    (documents / "notes.csv").write_text(f"Item;Remark\n{rows}")
    (documents / "prices.md").write_text(
        "# Prices\n\nThe order of the kitchen: a whisk made of steel costs 31 dollars.\n"
    )
    knowledge = Knowledge(tmp_path / "index", embedder, default_audience=Audience.STAFF, max_hits=4)
    with closing(knowledge):
        knowledge.ingest(documents)
        sources = [hit.passage.source for hit in knowledge.find_evidence("Whisk, a plain whisk?", STAFF_SCOPE).hits]
    assert len(sources) == 4
    assert "prices.md" in sources
