"""Questions on the sample company, swap pairs and hotel guests' questions, answered by the product's own path."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import fmean

import bm25s  # type: ignore[import-untyped]  # the package has no types

from benchmarks.base_model.answering import BaseModel, count_unsupported
from benchmarks.base_model.squad import yield_refusals
from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import Row
from models.recipes.data.natural import read_archive
from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.english.sentences import split_sentences
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, EvidenceLine, Hit, Match, Passage
from retrieval.prompt import is_refusal
from retrieval.ranking.evidence import EvidenceLimits, cut_evidence

COMPANY = "Tarnwell Robotics"
COMPANY_ROW = "sample company"


def measure_company(
    model: BaseModel, rows: Sequence[Row], knowledge: Knowledge, embedder: Embedder
) -> Iterator[Figure]:
    """Yield right answers (facts held; or refused where nothing answers), by kind, beside both baselines."""
    right: dict[str, list[bool]] = {}
    baselines: dict[str, list[bool]] = {"first line of evidence": [], "bm25": [], "embedding": []}
    refusals: dict[bool, list[bool]] = {True: [], False: []}
    unsupported = said = 0
    for row in rows:
        retrieved = knowledge.find_evidence(row.question, row.scope)
        answer = model.answer(
            retrieved.question, retrieved.evidence, company=COMPANY, is_question=retrieved.is_question
        ).text
        refused = is_refusal(answer)
        refusals[row.answerable].append(refused)
        right.setdefault(row.kind, []).append(row.is_answered_by(answer) if row.answerable else refused)
        bad, total = count_unsupported(answer, retrieved.evidence)
        unsupported, said = unsupported + bad, said + total
        if row.answerable:
            for name, text in _best_sentences(row.question, retrieved.hits, retrieved.evidence, embedder).items():
                baselines[name].append(row.is_answered_by(text))
    answerable = [hit for row, hit in zip(rows, _in_order(rows, right), strict=True) if row.answerable]
    yield Figure("questions", len(rows), on=COMPANY_ROW)
    everything = [hit for hits in right.values() for hit in hits]
    yield Figure("right, refusals counted", fmean(everything), on=COMPANY_ROW, goal="≥ 0.7")
    yield Figure("right where the documents answer", fmean(answerable), on=COMPANY_ROW)
    for name, hits in baselines.items():
        yield Figure(f"right where the documents answer: {name}", fmean(hits), on=COMPANY_ROW)
    yield from yield_refusals(COMPANY_ROW, 1 - fmean(refusals[True]), fmean(refusals[False]), goal="≥ 0.7")
    yield Figure(
        "sentences not in the evidence, per 100", 100 * unsupported / max(1, said), on=COMPANY_ROW, goal="≤ 10"
    )
    for kind, hits in sorted(right.items()):
        yield Figure(f"right of {len(hits)}: {kind.replace('_', ' ')}", sum(hits), on=COMPANY_ROW)


def _in_order(rows: Sequence[Row], right: dict[str, list[bool]]) -> list[bool]:
    iterators = {kind: iter(hits) for kind, hits in right.items()}
    return [next(iterators[row.kind]) for row in rows]


def _best_sentences(question: str, hits: Sequence[Hit], evidence: Evidence, embedder: Embedder) -> dict[str, str]:
    sentences = [sentence for hit in hits for sentence in split_sentences(hit.passage.text)] or [""]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(sentences, show_progress=False), show_progress=False)
    found = index.retrieve(bm25s.tokenize(question, show_progress=False), k=1, show_progress=False)[0][0][0]
    vectors = embedder.encode([question, *sentences])
    return {
        "first line of evidence": evidence.lines[0].text if evidence.lines else "",
        "bm25": sentences[int(found)],
        "embedding": sentences[int((vectors[1:] @ vectors[0]).argmax())],
    }


def measure_swaps(model: BaseModel, pairs: Sequence[dict[str, str]], knowledge: Knowledge) -> Iterator[Figure]:
    """Yield how often two askers who differ only in name and pronouns get the same answer, word for word."""
    same = []
    for pair in pairs:
        answers = []
        for question in (pair["a"], pair["b"]):
            found = knowledge.find_evidence(question, CUSTOMER_SCOPE)
            # The marker may differ if the lines' order does. The words may not.
            said = model.answer(found.question, found.evidence, company=COMPANY, is_question=found.is_question).text
            answers.append(said.partition("] ")[2] or "-")
        same.append(answers[0] == answers[1])
    yield Figure("pairs", len(pairs), on="swap pairs")
    yield Figure("the same words whoever asks", fmean(same), on="swap pairs", goal="≥ 0.99")


def measure_guests(
    model: BaseModel,
    folder: Path,
    embedder: Embedder,
    cross_encoder: CrossEncoder | None,
    limit: int,
    random: Random,
) -> Iterator[Figure]:
    """Yield ROUGE-L F and length against the human replies of DSTC9's test part, given the snippet's neighbours."""
    files = {path: json.loads(text) for path, text in read_archive(folder, ".json", "data_eval")}
    knowledge = next(value for path, value in files.items() if path.endswith("knowledge.json"))
    labels = next(value for path, value in files.items() if path.endswith("test/labels.json"))
    scores, lengths = [], []
    asked = [row for row in labels if row["target"]]
    for label in random.sample(asked, k=min(limit, len(asked))):
        key = label["knowledge"][0]
        docs = knowledge[key["domain"]][str(key["entity_id"])]["docs"]
        name = (knowledge[key["domain"]][str(key["entity_id"])]["name"] or "Travel").title()
        question = docs[str(key["doc_id"])]["title"]
        others = [doc for number, doc in docs.items() if number != str(key["doc_id"])][:3]
        bodies = [docs[str(key["doc_id"])]["body"], *(doc["body"] for doc in others)]
        hits = [
            Hit(Passage(f"d{n}", body, name, name, "d.md", Audience.CUSTOMER), 1.0, 0.0)
            for n, body in enumerate(bodies)
        ]
        evidence = cut_evidence(question, hits, embedder=embedder, limits=EvidenceLimits(), cross_encoder=cross_encoder)
        said = model.answer(question, evidence, company=name).text.partition("] ")[2]
        scores.append(rouge_l(said, label["response"]))
        lengths.append(0.5 <= len(said.split()) / len(label["response"].split()) <= 2.0)
    yield Figure("replies", len(scores), on="DSTC9 test")
    yield Figure("ROUGE-L", fmean(scores), on="DSTC9 test")
    yield Figure("length within a factor of 2", fmean(lengths), on="DSTC9 test")


def rouge_l(said: str, reference: str) -> float:
    """Return the F measure of the longest common subsequence of words, in [0, 1]."""
    ours, theirs = said.lower().split(), reference.lower().split()
    if not ours or not theirs:
        return 0.0
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = 0
        for place, other in enumerate(theirs, start=1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return 2 * row[-1] / (len(ours) + len(theirs))


def measure_speed(model: BaseModel) -> Iterator[Figure]:
    """Yield tokens a second of reading a long prompt and of writing, the best of five."""
    lines = [f"Model {n} of the cart carries {n * 7 + 12} kilograms and has {n} wheels of steel." for n in range(1, 10)]
    evidence = Evidence(
        tuple(EvidenceLine(n, text, f"Cart {n}", str(n)) for n, text in enumerate(lines, start=1)), Match.STRONG
    )
    # Another company each time, so that nothing of the prompt was read before.
    companies = ("Aster", "Birch", "Cedar", "Dahlia", "Elder")
    answers = [model.answer("How much does model 4 of the cart carry?", evidence, company=name) for name in companies]
    read = max(answer.read_tokens / answer.read_seconds for answer in answers)
    wrote = max(answer.written_tokens / answer.write_seconds for answer in answers)
    yield Figure("tokens of a prompt", answers[0].read_tokens, on="speed")
    yield Figure("reading", read, "tokens/s", on="speed", goal="≥ 2000")
    yield Figure("writing", wrote, "tokens/s", on="speed", goal="≥ 400")
