"""Corpora of the public sets that people asked or answered: SQuAD, QED, DSTC9, DSTC11, the hardware FAQ, MedQuAD.

Training parts only: no development part, every fifth page of the hardware FAQ left out. Knows nothing of tokens.
"""

import json
import lzma
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from models.recipes.chip_smol.lessons import Ask, Corpus
from models.recipes.chip_smol.prompt import Page
from models.recipes.data.natural import close_up, load_hardware_faq, load_qed, read_archive
from models.recipes.data.reading_sets import read_diseases
from retrieval.english.sentences import split_sentences
from retrieval.passage import Turn

ARTICLES = 3  # of SQuAD searched together
LONGEST = 330
FAQS_OF_A_PAGE, REVIEWS_OF_A_PAGE = 6, 4
DISEASES = 60
_TAIL = re.compile(r"(?<=[.!?]) [^.!?]*\?$")


def load_squad(path: Path, random: Random, share: float) -> Iterator[Corpus]:
    """Yield corpora of a few articles; an answer is the sentence that holds the gold span."""
    articles = json.loads(lzma.decompress(path.read_bytes()))["data"]
    articles = random.sample(articles, k=round(share * len(articles)))
    for first in range(0, len(articles), ARTICLES):
        pages: list[Page] = []
        asks: list[Ask] = []
        for article in articles[first : first + ARTICLES]:
            title = article["title"].replace("_", " ")
            for paragraph in article["paragraphs"]:
                text = " ".join(paragraph["context"].split())
                if len(text) <= 1_100:
                    asks += _ask_squad(text, paragraph["qas"], len(pages))
                    pages.append(Page(title, text))
        yield Corpus("squad", tuple(pages), tuple(asks))


def _ask_squad(text: str, qas: Sequence[dict[str, Any]], page: int) -> Iterator[Ask]:
    sentences = split_sentences(text)
    for qa in qas:
        span, start, end = qa["answers"][0]["text"], qa["answers"][0]["answer_start"], 0
        for sentence in sentences:
            end = text.find(sentence, end) + len(sentence)
            if start < end:
                if span in sentence and len(sentence) <= LONGEST:
                    yield Ask(" ".join(qa["question"].split()), (sentence,), page)
                break


def load_searches(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield QED: what people typed into a search engine, over the paragraph that answers."""
    contexts = load_qed(folder)
    random.shuffle(contexts)
    for first in range(0, len(contexts), 300):
        part = contexts[first : first + 300]
        pages = [Page(context.lines[0].heading, " ".join(line.text for line in context.lines)) for context in part]
        asks = [
            Ask(ask.question, (part[number].lines[ask.gold].text,), number)
            for number, context in enumerate(part)
            for ask in context.asks
            if ask.gold is not None and len(pages[number].text) <= 1_300
        ]
        yield Corpus("qed", tuple(pages), tuple(asks))


def load_hardware(folder: Path) -> Iterator[Corpus]:
    """Yield the hardware FAQ: a page's questions with the first lines of their answers."""
    pages: list[Page] = []
    asks: list[Ask] = []
    for context in load_hardware_faq(folder, held_out=False):
        starts = sorted({ask.gold for ask in context.asks if ask.gold is not None})
        for ask in context.asks:
            if ask.gold is None:
                continue
            end = next((start for start in starts if start > ask.gold), len(context.lines))
            lines = [line.text for line in context.lines[ask.gold : end]]
            said = split_sentences(lines[0])
            if len(lines) > 1 and lines[0].endswith(":"):
                said += lines[1:]
            asks.append(Ask(ask.question, tuple(said[:4]), len(pages)))
            pages.append(Page(f"{context.lines[0].heading} › {ask.question}", "\n".join(lines)))
    yield Corpus("hardware", tuple(pages), tuple(asks), "Espressif")


def load_venues(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield DSTC9: what guests ask about hotels and restaurants, which are alike, with people's replies."""
    files = {path: json.loads(text) for path, text in read_archive(folder, ".json", "data/")}
    replies: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for label in next(value for path, value in files.items() if path.endswith("data/val/labels.json")):
        for known in label.get("knowledge", ()):
            key = (known["domain"], str(known["entity_id"]), str(known["doc_id"]))
            replies[key].append(label["response"])
    pages: list[Page] = []
    asks: list[Ask] = []
    for domain, entities in next(v for path, v in files.items() if path.endswith("data/knowledge.json")).items():
        for entity_id, entity in entities.items():
            faqs = [
                (doc["title"], doc["body"], replies[domain, str(entity_id), str(doc_id)])
                for doc_id, doc in entity["docs"].items()
            ]
            _add_faqs(pages, asks, (entity["name"] or domain).title(), faqs, random)
    yield Corpus("venues", tuple(pages), tuple(asks))


def _add_faqs(
    pages: list[Page], asks: list[Ask], name: str, faqs: list[tuple[str, str, list[str]]], random: Random
) -> None:
    random.shuffle(faqs)
    with_questions = random.random() < 0.5
    for first in range(0, len(faqs), FAQS_OF_A_PAGE):
        part = faqs[first : first + FAQS_OF_A_PAGE]
        for title, body, replies in part:
            said = _without_tail(random.choice(replies)) if replies and random.random() < 0.7 else body
            asks.append(Ask(_name(title, name, random), tuple(split_sentences(said)[:2]), len(pages)))
        lines = [f"{title} {body}" if with_questions else body for title, body, _ in part]
        pages.append(Page(name, "\n".join(lines)))


def _without_tail(reply: str) -> str:
    """Leave out the question back to the guest that ends most replies."""
    return _TAIL.sub("", " ".join(reply.split()))


def _name(question: str, name: str, random: Random) -> str:
    if name.lower() in question.lower():
        return question
    form = random.choice(("{q} at {n}?", "{n}: {q}?", "{q} ({n})?", "{l} at {m}", "I booked {n}. {q}?"))
    bare = question.rstrip("?!. ")
    return form.format(q=bare, n=name, l=bare.lower(), m=name.lower())


def load_dialogues(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield DSTC11: dialogues whose last turn is answered by guests' reviews or frequent questions, and the replies."""
    files = {Path(path).parts[-2:]: json.loads(text) for path, text in read_archive(folder, ".json")}
    pages: list[Page] = []
    places: dict[tuple[str, ...], int] = {}
    for domain, entities in files["data", "knowledge.json"].items():
        for entity_id, entity in entities.items():
            for kind, size, texts in _list_knowledge(entity):
                for first in range(0, len(texts), size):
                    part = texts[first : first + size]
                    places |= {(domain, str(entity_id), kind, number): len(pages) for number, _ in part}
                    pages.append(Page(entity["name"] or domain.title(), "\n".join(text for _, text in part)))
    asks = list(_ask_dialogues(files["val", "logs.json"], files["val", "labels.json"], places))
    random.shuffle(asks)
    yield Corpus("dialogues", tuple(pages), tuple(asks))


def _list_knowledge(entity: dict[str, Any]) -> Iterator[tuple[str, int, list[tuple[str, str]]]]:
    """Yield (kind, how many make a passage, texts by number) for what is known about a place."""
    faqs = [(str(n), f"{faq['question']} {faq['answer']}") for n, faq in entity["faqs"].items()]
    reviews = [(str(n), " ".join(r["sentences"].values())) for n, r in (entity.get("reviews") or {}).items()]
    yield "faq", FAQS_OF_A_PAGE, faqs
    yield "review", REVIEWS_OF_A_PAGE, reviews


def _ask_dialogues(logs: Any, labels: Any, places: dict[tuple[str, ...], int]) -> Iterator[Ask]:
    """Yield the last turns that a single passage answers, after the two turns before them."""
    for log, label in zip(logs, labels, strict=True):
        known = label.get("knowledge", []) if label["target"] else []
        found = {places.get((k["domain"], str(k["entity_id"]), k["doc_type"], str(k["doc_id"]))) for k in known}
        said = tuple(split_sentences(_without_tail(label["response"]))[:2]) if known else ()
        if len(found) == 1 and said and (page := found.pop()) is not None:
            turns = [Turn("user" if t["speaker"] == "U" else "assistant", " ".join(t["text"].split())) for t in log]
            yield Ask(turns[-1].text, said, page, tuple(turns[-3:-1]))


def load_diseases(folder: Path, random: Random) -> Iterator[Corpus]:
    """Yield MedQuAD: one question about many diseases, as people ask one thing about many products."""
    documents = []
    for name, every in read_diseases(folder):
        pairs = [(q, a) for q, a in every if 60 < len(a) < 2_500 and not a.startswith("Key Points")]
        if pairs:
            documents.append((name, pairs))
    random.shuffle(documents)
    for first in range(0, len(documents), DISEASES):
        pages: list[Page] = []
        asks: list[Ask] = []
        for name, pairs in documents[first : first + DISEASES]:
            for question, answer in pairs:
                sentences = split_sentences(close_up(answer))
                said = tuple(sentences[: 1 if len(sentences[0]) > 120 else 2])
                if sum(map(len, said)) <= LONGEST + 70:
                    asks.append(Ask(question, said, len(pages)))
                    pages.append(Page(name, _cut(sentences)))
        yield Corpus("diseases", tuple(pages), tuple(asks), "Healthline")


def _cut(sentences: Sequence[str], longest: int = 800) -> str:
    text = sentences[0]
    for sentence in sentences[1:]:
        if len(text) + len(sentence) > longest:
            break
        text = f"{text} {sentence}"
    return text
