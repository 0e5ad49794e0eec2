"""The sample company is consistent: documents that parse, and questions whose answers really stand in them."""

import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KNOWLEDGE = ROOT / "config" / "sample" / "knowledge"
BENCHMARK = ROOT / "benchmarks" / "sample_company"

PRODUCTS = [
    "Moss 2",
    "Moss 2 Pro",
    "Pebble 3",
    "Pebble 3 Max",
    "Heron 1",
    "Heron 1 Plus",
    "Bramble 60",
    "Bramble 120",
    "Otter S",
    "Otter L",
]
KINDS = {
    "fact",
    "number",
    "yesno",
    "steps",
    "policy",
    "model_mixup",
    "false_premise",
    "not_in_documents",
    "staff_only",
}
GENDERED = re.compile(r"\b(he|she|him|his|her|hers|himself|herself|mr|mrs|ms|sir|madam)\b", re.IGNORECASE)

Row = dict[str, Any]


def load_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def split_document(path: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter and the body; a document without both fences fails here."""
    empty, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert empty == ""
    return yaml.safe_load(head), body


DOCUMENTS = {path.relative_to(KNOWLEDGE).as_posix(): split_document(path) for path in sorted(KNOWLEDGE.rglob("*.md"))}
QUESTIONS = load_rows(BENCHMARK / "questions.jsonl")
HELDOUT = load_rows(ROOT / "config" / "sample" / "heldout.jsonl")
SWAPS = load_rows(BENCHMARK / "swaps.jsonl")


def facts_of(row: Row) -> list[list[str]]:
    facts: list[list[str]] = row["facts"] if "facts" in row else row["answer_contains"]
    return facts


def has_all(text: str, facts: list[list[str]]) -> bool:
    lowered = text.lower()
    return all(any(fact.lower() in lowered for fact in group) for group in facts)


def has_any(text: str, strings: list[str]) -> bool:
    return any(string.lower() in text.lower() for string in strings)


def split_sentences(body: str) -> list[str]:
    return [sentence for line in body.splitlines() for sentence in re.split(r"(?<=[.!?]) ", line)]


def normalise(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.lower()))


def test_there_are_about_forty_documents_for_both_audiences() -> None:
    audiences = Counter(head["audience"] for head, _ in DOCUMENTS.values())
    assert 40 <= len(DOCUMENTS) <= 50
    assert set(audiences) == {"customer", "staff"}
    assert audiences["staff"] >= 6


def test_every_document_has_its_three_keys_and_a_heading_is_short_and_speaks_of_nobody_by_gender() -> None:
    assert [objection for path in DOCUMENTS for objection in object_to_document(path)] == []


def object_to_document(path: str) -> Iterator[str]:
    """Yield what is wrong with a document, by its path."""
    head, body = DOCUMENTS[path]
    if set(head) != {"title", "audience", "updated"}:
        yield f"{path}: keys {sorted(head)}"
        return
    if head["updated"].year != 2026:
        yield f"{path}: updated {head['updated']}"
    if not body.startswith(f"# {head['title']}\n"):
        yield f"{path}: its heading is not its title"
    if (head["audience"] == "staff") != path.startswith("staff/"):
        yield f"{path}: audience {head['audience']}"
    if not 120 <= (count := len(body.split())) <= 450:
        yield f"{path}: {count} words"
    if gendered := GENDERED.findall(body):
        yield f"{path}: {gendered}"


def test_every_product_has_its_own_document_and_one_price_everywhere() -> None:
    assert [product for product in PRODUCTS if not has_one_price(product)] == []


def has_one_price(product: str) -> bool:
    own = DOCUMENTS[f"products/{product.lower().replace(' ', '-')}.md"][1]
    stated = re.search(rf"The {product} costs ([\d,]+) euros", own)
    is_listed = f"| {product} |" in DOCUMENTS["products/overview.md"][1]
    return bool(stated and is_listed and f"| {product} | {stated[1]} euros |" in DOCUMENTS["prices/price-list.md"][1])


def test_an_objection_is_made_to_each_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "products/moss-2.md"
    head, body = DOCUMENTS[path]
    faults = [
        (head | {"tags": "x"}, body),
        (head | {"updated": date(2025, 1, 1)}, body),
        (head, body.replace("# ", "## ", 1)),
        (head | {"audience": "staff"}, body),
        (head, body[: len(body) // 20]),
        (head, body + " Ask him."),
    ]
    assert list(object_to_document(path)) == []
    for fault in faults:
        monkeypatch.setitem(DOCUMENTS, path, fault)
        assert len(list(object_to_document(path))) == 1, fault[0]


def test_the_documents_say_that_no_robot_flies() -> None:
    assert "No Tarnwell robot can fly." in DOCUMENTS["products/what-the-robots-cannot-do.md"][1]


def test_there_are_as_many_rows_as_the_benchmark_promises() -> None:
    kinds = Counter(row["kind"] for row in QUESTIONS)
    assert (len(QUESTIONS), len(HELDOUT), len(SWAPS)) == (300, 60, 500)
    assert set(kinds) == KINDS
    assert kinds["staff_only"] >= 20
    assert sum(not row["answerable"] for row in HELDOUT) == 12


def test_ids_and_questions_are_unique_and_heldout_shares_none() -> None:
    rows = QUESTIONS + HELDOUT
    assert len({row["id"] for row in rows + SWAPS}) == len(rows + SWAPS)
    assert len({normalise(row["question"]) for row in rows}) == len(rows)


def test_an_answerable_row_can_be_answered_by_quoting_one_line_of_each_of_its_documents() -> None:
    assert [row["id"] for row in QUESTIONS + HELDOUT if not is_answered_as_marked(row)] == []


def is_answered_as_marked(row: Row) -> bool:
    """Whether facts stand where the row says; an unanswerable row must have none."""
    if not row["answerable"]:
        return facts_of(row) == []
    right = [find_quotes(DOCUMENTS[path][1], row) for path in row["documents"]]
    return bool(facts_of(row)) and bool(right) and all(right)


def find_quotes(body: str, row: Row) -> list[str]:
    """Return the sentences that hold every fact and no forbidden string."""
    return [
        sentence
        for sentence in split_sentences(body)
        if has_all(sentence, facts_of(row)) and not has_any(sentence, row.get("forbid", []))
    ]


def test_a_customer_row_is_never_answerable_from_staff_documents() -> None:
    for row in QUESTIONS + HELDOUT:
        audiences = {DOCUMENTS[path][0]["audience"] for path in row["documents"]}
        assert row["audience"] in {"customer", "staff"}, row["id"]
        assert not (row["answerable"] and row["audience"] == "customer" and "staff" in audiences), row["id"]
        assert row.get("kind") != "staff_only" or (audiences == {"staff"} and not row["answerable"]), row["id"]


def test_a_secret_stands_in_its_staff_document_and_in_none_for_customers() -> None:
    public = "\n".join(body for head, body in DOCUMENTS.values() if head["audience"] == "customer")
    for row in QUESTIONS:
        if row["kind"] != "staff_only":
            continue
        assert row["forbid"], row["id"]
        for secret in row["forbid"]:
            assert any(has_any(DOCUMENTS[path][1], [secret]) for path in row["documents"]), (row["id"], secret)
            assert not has_any(public, [secret]), (row["id"], secret)


def test_swaps_are_what_the_script_writes_and_keep_every_robot() -> None:
    script = load_swap_script()
    assert script.build_swaps(script.PEOPLE, script.TEMPLATES, script.SEED) == SWAPS
    models = re.compile(
        r"Moss 2 Pro|Moss 2|Pebble 3 Max|Pebble 3|Heron 1 Plus|Heron 1|Bramble \d+|Otter [SL]|[MPH]\d\d"
    )
    for row in SWAPS:
        assert row["a"] != row["b"]
        assert models.findall(row["a"]) == models.findall(row["b"])


def load_swap_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_swaps", BENCHMARK / "make_swaps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass with slots looks its own module up by name while it is made.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module
