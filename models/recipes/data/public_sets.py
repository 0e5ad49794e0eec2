"""Passages and questions from public question sets and invented companies, in one form, for fitting and measuring.

Reads the archives of the data folder as they are. Sets, by licence: SQuAD (CC BY-SA 4.0), QED (CC BY-SA 3.0), DSTC9
(Apache-2.0), DSTC11 (CDLA-Sharing-1.0), the hardware FAQ (Apache-2.0). Held-out parts: SQuAD dev, QED dev, every
fifth venue and page. Knows nothing of features or weights.
"""

import hashlib
import json
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from models.recipes.chip_nano.context import Context, split_sentences
from models.recipes.data.invented_company import invent_company
from models.recipes.data.natural import load_documentation, load_hardware_faq, load_qed, read_archive
from models.recipes.data.pages import Asked, Corpus, Page

MAX_LINE_CHARACTERS = 330


def load_corpora(
    data: Path, *, held_out: bool, questions: int, seed: int = 7, only: Sequence[str] = ()
) -> list[Corpus]:
    """Return one corpus or a few of each set, or of the sets named by `only`, with at most `questions` each."""
    random = Random(seed + held_out)
    made: list[tuple[str, Callable[[], tuple[list[Page], list[Asked]]]]] = [
        ("squad", lambda: _squad(data / "squad", held_out, random)),
        ("qed", lambda: _qed(data / "qed_nq", held_out, random)),
        ("venues", lambda: _venues(data / "dstc9_track1", held_out, random)),
        ("dialogues", lambda: _dialogues(data / "dstc11_track5", held_out)),
        ("hardware", lambda: _from_contexts(load_hardware_faq(data / "kb_espfaq", held_out=held_out))),
        ("docs", lambda: _docs(data / "kb_docs", held_out, random)),
        *((f"invented {n}", lambda: invent_company(random, held_out=held_out)) for n in range(4 if held_out else 6)),
    ]
    corpora = []
    for name, load in made:
        if only and name not in only:
            continue
        pages, asked = load()
        random.shuffle(asked)
        corpora.append(Corpus(name, tuple(pages), tuple(asked[:questions])))
    return corpora


def _squad(folder: Path, held_out: bool, random: Random) -> tuple[list[Page], list[Asked]]:
    path = folder / ("dev-v2.0.json.xz" if held_out else "train-v1.1.json.xz")
    articles = json.loads(lzma.decompress(path.read_bytes()))["data"]
    pages: list[Page] = []
    asked: list[Asked] = []
    for article in random.sample(articles, k=8):
        for paragraph in article["paragraphs"][:35]:
            page, asks = read_squad_page(paragraph, article["title"].replace("_", " "), len(pages))
            pages.append(page)
            asked.extend(asks)
    return pages, asked


def read_squad_page(paragraph: dict[str, Any], title: str, number: int) -> tuple[Page, list[Asked]]:
    """Return a paragraph as page `number` with its questions; those whose answer spans two lines are left out."""
    context = " ".join(paragraph["context"].split())
    lines = tuple(split_sentences(context))
    asked = []
    for qa in paragraph["qas"]:
        question = " ".join(qa["question"].split())
        if qa.get("is_impossible"):
            asked.append(Asked(question, None, frozenset()))
            continue
        said = qa["answers"][0]["text"]
        start = qa["answers"][0]["answer_start"]
        ends = [context.find(line) + len(line) for line in lines]
        gold = next((place for place, end in enumerate(ends) if start < end and said in lines[place]), None)
        if gold is not None:
            asked.append(Asked(question, number, frozenset({gold})))
    return Page(title, lines), asked


def _qed(folder: Path, held_out: bool, random: Random) -> tuple[list[Page], list[Asked]]:
    contexts = load_qed(folder)
    contexts = [context for context in contexts if _is_held_out(context.asks[0].question) == held_out]
    return _from_contexts(random.sample(contexts, k=400))


def _from_contexts(contexts: Sequence[Context]) -> tuple[list[Page], list[Asked]]:
    pages: list[Page] = []
    asked: list[Asked] = []
    for context in contexts:
        number = len(pages)
        pages.append(Page(context.lines[0].heading, tuple(line.text for line in context.lines)))
        asked.extend(Asked(ask.question, number, frozenset({ask.gold})) for ask in context.asks if ask.gold is not None)
    return pages, asked


def _docs(folder: Path, held_out: bool, random: Random) -> tuple[list[Page], list[Asked]]:
    contexts = [c for c in load_documentation(folder, Random(3), 1_500) if _is_held_out(c.lines[0].heading) == held_out]
    return _from_contexts(random.sample(contexts, k=min(120, len(contexts))))


def _is_held_out(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 5 == 0


def _venues(folder: Path, held_out: bool, random: Random) -> tuple[list[Page], list[Asked]]:
    """Yield venues, which share questions with different answers, as a product and its siblings do."""
    pages: list[Page] = []
    asked: list[Asked] = []
    entities: list[Any] = []
    for _, text in read_archive(folder, "data/knowledge.json"):
        entities = [entity for domain in json.loads(text).values() for entity in domain.values() if entity["name"]]
    entities = [entity for entity in entities if _is_held_out(entity["name"]) == held_out]
    for entity in random.sample(entities, k=min(45, len(entities))):
        name = entity["name"].title()
        docs = [doc for doc in entity["docs"].values() if len(doc["body"]) <= MAX_LINE_CHARACTERS]
        random.shuffle(docs)
        for part in (docs[first : first + 5] for first in range(0, len(docs), 5)):
            for place, doc in enumerate(part):
                question = _name_venue(doc["title"], name, random)
                asked.append(Asked(question, len(pages), frozenset({place})))
            pages.append(Page(name, tuple(doc["body"] for doc in part)))
    return pages, asked


def _name_venue(question: str, name: str, random: Random) -> str:
    bare = question.rstrip("?!. ")
    form = random.choice(("{q} at {n}?", "{n}: {q}?", "{q} ({n})?", "{l} at {m}", "{m} {l}", "I booked {n}. {q}?"))
    return form.format(q=bare, n=name, l=bare.lower(), m=name.lower())


def _dialogues(folder: Path, held_out: bool) -> tuple[list[Page], list[Asked]]:
    """Yield the last turns of guests in dialogues, over frequent questions and reviews about their places."""
    files = {Path(path).parts[-2:]: json.loads(text) for path, text in read_archive(folder, ".json")}
    knowledge = files["data", "knowledge.json"]
    pages: list[Page] = []
    places: dict[tuple[str, str, str], tuple[int, int]] = {}
    names: dict[tuple[str, str], str] = {}
    for domain, entities in knowledge.items():
        for entity_id, entity in entities.items():
            name = entity["name"] or domain.title()
            names[domain, str(entity_id)] = name
            faqs = list(entity["faqs"].items())
            for first in range(0, len(faqs), 6):
                for place, (number, _) in enumerate(faqs[first : first + 6]):
                    places[domain, str(entity_id), str(number)] = (len(pages), place)
                pages.append(Page(name, tuple(faq["answer"] for _, faq in faqs[first : first + 6])))
    asked = []
    for log, label in zip(files["val", "logs.json"], files["val", "labels.json"], strict=True):
        faqs = [k for k in label.get("knowledge", []) if k["doc_type"] == "faq"] if label["target"] else []
        said = log[-1]["text"]
        if len(faqs) == 1 and len(said) < 160 and _is_held_out(said) == held_out:
            key = (faqs[0]["domain"], str(faqs[0]["entity_id"]))
            spot = places.get((*key, str(faqs[0]["doc_id"])))
            if spot:
                name = names[key]
                question = said if name.lower() in said.lower() else f"{said.rstrip('?!. ')} ({name})?"
                asked.append(Asked(question, spot[0], frozenset({spot[1]})))
    return pages, asked
