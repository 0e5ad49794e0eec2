"""Questions that a documentation passage answers, made from its form, and the lines of it that answer.

Headings that ask, tasks with their steps, symptoms with their cause and cure, definitions, cells of tables, what one
can and must do, and exact values. Answers are the passage's own words. Knows nothing of files or corpora.
"""

import re
from collections.abc import Iterator
from random import Random

from models.recipes.chip_smol.prompt import Page
from models.recipes.data.natural import VERBS
from retrieval.english.sentences import split_sentences
from retrieval.english.terms import tokenise

Made = tuple[str, tuple[str, ...]]

MAX_WORDS = 75
MAX_STEP_WORDS = 120
_ITEM = re.compile(r"^(?:- |\d{1,2}[.)] )")
_CAUSE = re.compile(r"^(?:cause|reason|root cause)s?\b", re.I)
_CURE = re.compile(
    r"^(?:resolution|solution|workaround|fix|resolve|how to (?:fix|resolve)|method \d|option \d|status)", re.I
)
_ROW = re.compile(r"^(?P<name>[^\n]{2,60}?) - (?P<cells>[^:;\n]{2,40}: .+)$")
_CAN = re.compile(r"^You (?P<no>can't|cannot|can not|can)(?: also| only| now| still)? (?P<do>[a-z][^.]{12,150})\.$")
_MUST = re.compile(
    r"^You (?P<must>must|need to|have to|should|don't need to|do not need to|don't have to) "
    r"(?P<do>[a-z][^.]{12,150})\.$"
)
_IS = re.compile(
    r"^(?!If |When |This |It |There |These |For |In |By |To |As |That |They |What |You )(?P<what>[A-Z`][^.,;:]{4,70}?) "
    r"(?P<is>is|are|isn't|aren't)(?P<not> not)?(?P<now> only| now| also| no longer)? "
    r"(?P<state>supported|available|required|deprecated|allowed|enabled|disabled|possible|installed|included)\b"
)
_DEFINITION = re.compile(r"^(?:An? |The )?(?P<what>[^.,;:()]{3,50}?) (?P<is>is|are) (?:an? |the |used |designed |one )")
_TO = re.compile(r"^To (?P<do>[a-z]+ [^,]{6,90}), ")
_VALUES = (
    (re.compile(r"(?<![\w.-])v?\d+\.\d+(?:\.\d+)*(?![\w%])"), ("which version", "what version", "from which version")),
    (re.compile(r"(?<=[Pp]ort )\d{2,5}\b"), ("which port", "what port", "port number")),
    (re.compile(r"(?<![\w/])(?:/[\w.-]+){2,}/?"), ("where", "which path", "in which folder", "what is the path")),
    (re.compile(r"(?<!\w)--[a-z][\w-]+"), ("which flag", "what option", "which parameter")),
    (re.compile(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b"), ("which variable", "what setting", "name of the variable")),
    (re.compile(r"\b[\w-]+\.(?:json|ya?ml|conf|ini|xml|js|exe|cfg|sh|py|dll|log|toml)\b"), ("which file", "what file")),
    (re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b"), ("which property", "what setting", "what is it called")),
    (re.compile(r"\b\d+(?:,\d{3})* ?(?:GB|MB|KB|TB|ms|kbps|Mbps)\b"), ("how much", "what is the limit", "how many")),
    (re.compile(r"\b\d+ (?:minutes?|hours?|days?|seconds?|weeks?|months?|years?)\b"), ("how long", "after how long")),
    (re.compile(r"\b\d+(?:,\d{3})* (?=[a-z]{4,}s\b)"), ("how many", "what is the maximum number")),
)  # fmt: skip
_HOW = (
    "How do I {}?", "how can i {}", "What are the steps to {}?", "I want to {}. What do I have to do?", "How to {}?",
    "I need to {}, how?", "we'd like to {}, how does that work?", "Can you tell me how to {}?",
)  # fmt: skip
_WHY = ("{}. Why is that?", "Why does this happen: {}?", "{} - what is the reason?", "What causes this: {}")
_FIX = (
    "{}. What can I do?",
    "{}, how do I fix it?",
    "How do I solve this: {}?",
    "{} help!",
    "{}. Is there a workaround?",
)


def make_questions(page: Page, random: Random) -> Iterator[Made]:
    """Yield questions, each with the sentences or lines that answer it. Few of them are made from a single line."""
    parts = page.heading.split(" › ")
    lines = [line for line in page.text.split("\n") if line.strip()]
    yield from _of_heading(parts, lines, random)
    yield from _of_trouble(parts, lines, random)
    small = [*_of_rows(parts, lines, random), *_of_sentences(parts, lines, random)]
    yield from random.sample(small, k=min(4, len(small)))


def _of_heading(parts: list[str], lines: list[str], random: Random) -> Iterator[Made]:
    last = parts[-1].strip()
    if last.endswith("?") and len(last.split()) > 2:
        yield _about(last, parts, random), _lead(lines)
        return
    task = _as_task(last)
    if task is None:
        return
    steps = tuple(line for line in lines if line[:2] in ("1.", "1)") or re.match(r"^\d{1,2}[.)] ", line))
    asked = _about(random.choice(_HOW).format(task), parts, random)
    if len(steps) > 1 and steps[0].startswith("1") and _words(steps) <= MAX_STEP_WORDS:
        yield asked, steps
    elif (
        not steps and (said := _lead(lines)) and re.match(r"^(?:To |Use |You can |Run |Select |Go to |Open )", said[0])
    ):
        yield asked, said


def _as_task(heading: str) -> str | None:
    """Return a heading as a task: "Creating users", "How to create users" and "Create users" are the same."""
    words = re.sub(r"^(?:how to|steps to|step \d+[:.]|to|\d+[.)]) ", "", heading, flags=re.I).rstrip(".:").split()
    if not 2 <= len(words) <= 14:
        return None
    first = words[0].lower()
    for verb in (first, first.removesuffix("ing"), first.removesuffix("ing") + "e", first[:-4]):
        if verb in VERBS and (verb == first or first.endswith("ing")):
            return " ".join([verb, *words[1:]])
    return None


def _of_trouble(parts: list[str], lines: list[str], random: Random) -> Iterator[Made]:
    title, last = parts[0].rstrip("."), parts[-1]
    if len(parts) < 2 or len(title.split()) < 4 or not (said := _lead(lines)):
        return
    title = title.replace("You ", "I ").replace("you ", "I ").replace(" your ", " my ")
    if _CAUSE.match(last):
        yield random.choice(_WHY).format(title), said
    elif _CURE.match(last):
        yield random.choice(_FIX).format(title), said


def _of_rows(parts: list[str], lines: list[str], random: Random) -> Iterator[Made]:
    for line in lines:
        row = _ROW.match(line)
        split = [cell.partition(": ") for cell in row["cells"].split("; ")] if row else []
        cells = [(label, value) for label, _, value in split if value and 1 < len(label) < 40]
        if row is None or not cells or len(line.split()) > MAX_WORDS:
            continue
        label, value = random.choice(cells)
        name = row["name"]
        if label.lower() in ("description", "meaning", "details", "purpose", "notes"):
            forms = ["What is {n} for?", "what does {n} mean", "What does {n} do?", "{n}?", "explain {n} please"]
        else:
            forms = ["What is the {l} of {n}?", "{n} {l}?", "which {l} does {n} have", "What {l} is there for {n}?"]
        said = line if len(cells) < 4 and random.random() < 0.6 else f"{name} - {label}: {value}"
        yield _about(random.choice(forms).format(n=name, l=label.lower()), parts, random, 0.3), (said,)


def _of_sentences(parts: list[str], lines: list[str], random: Random) -> Iterator[Made]:
    for line in lines:
        if _ROW.match(line):
            continue
        for sentence in split_sentences(line):
            plain = _ITEM.sub("", sentence)
            if not 5 <= len(plain.split()) <= 45 or plain.endswith(":"):
                continue
            made = _ask_of(plain, parts, random)
            if made:
                question, answer = made
                yield _about(question, parts, random, 0.15), (f"{answer}{plain}",)


def _ask_of(sentence: str, parts: list[str], random: Random) -> tuple[str, str] | None:
    """Return a question that the sentence answers, and the yes or no before it ("" if there is none)."""
    if can := _CAN.match(sentence):
        do, no = _as_asker(can["do"]), can["no"] != "can"
        if random.random() < 0.4:
            return random.choice(_HOW).format(do), ("No. " if no else "")
        asked = random.choice(("Can I {}?", "is it possible to {}", "Am I able to {}?", "could I {}?"))
        return asked.format(do), ("No. " if no else "Yes. ")
    if must := _MUST.match(sentence):
        asked = random.choice(("Do I have to {}?", "do i need to {}", "Should I {}?", "Is it necessary to {}?"))
        return asked.format(_as_asker(must["do"])), (
            "No. " if "n't" in must["must"] or "not" in must["must"] else "Yes. "
        )
    if state := _IS.match(sentence):
        no = bool(state["not"]) or "n't" in state["is"] or "no longer" in (state["now"] or "")
        verb = state["is"].removesuffix("n't").capitalize()
        what = state["what"][0].lower() + state["what"][1:] if state["what"][1:2].islower() else state["what"]
        return f"{verb} {what} {state['state']}?", ("No. " if no else "Yes. ")
    if (told := _TO.match(sentence)) and told["do"].split()[0] in VERBS:
        return random.choice(_HOW).format(_as_asker(told["do"])), ""
    return _ask_value(sentence, random) or _ask_definition(sentence, parts, random)


def _ask_definition(sentence: str, parts: list[str], random: Random) -> tuple[str, str] | None:
    found = _DEFINITION.match(sentence)
    if not found or not set(tokenise(found["what"])) & set(tokenise(" ".join(parts))):
        return None
    return random.choice(("What is {}?", "what does {} mean", "Can you explain {}?", "{}?")).format(found["what"]), ""


def _ask_value(sentence: str, random: Random) -> tuple[str, str] | None:
    """Return the words around an exact value, in the way people type when they search, and ask for the value."""
    for pattern, forms in _VALUES:
        found = pattern.search(sentence)
        if not found:
            continue
        around = re.findall(r"[\w'./-]+", f"{sentence[: found.start()]} {sentence[found.end() :]}")
        kept = [word for word in around if tokenise(word) or random.random() < 0.4]
        kept = [w for w in kept if random.random() < 0.8][:14]
        if len(kept) < 3:
            return None
        asked = random.choice(forms)
        form = random.choice(("{a} {k}?", "{k} - {a}?", "{a} {k}", "{k}, {a} is it?", "{k}: {a}"))
        return form.format(a=asked, k=" ".join(kept).strip(". ")), ""
    return None


def _as_asker(text: str) -> str:
    """Return a sentence about "you" as somebody says it about themselves."""
    for said, own in (("yourself", "myself"), ("your", "my"), ("you", "I")):
        text = re.sub(rf"\b{said}\b", own, text)
    return text


def _about(question: str, parts: list[str], random: Random, share: float = 0.5) -> str:
    """Name the document in a question that fits any document, and in a share of the others."""
    title = parts[0]
    if len(parts) < 2 or title.lower() in question.lower() or len(title.split()) > 8:
        return question
    if (len(question.split()) > 8 and random.random() > share / 3) or random.random() > share:
        return question
    return random.choice(
        (f"{question.rstrip('?')} ({title})?", f"{title}: {question}", f"{question} It's about {title}.")
    )


def _lead(lines: list[str]) -> tuple[str, ...]:
    """Return the beginning of a passage: a sentence or two, or a lead-in with its list; () if that is too long."""
    if not lines:
        return ()
    if lines[0].endswith(":") or _ITEM.match(lines[0]):
        items = []
        for line in lines[1:] if lines[0].endswith(":") else lines:
            if not _ITEM.match(line):
                break
            items.append(line)
        said = (*lines[:1], *items) if lines[0].endswith(":") else tuple(items)
        return said if items and _words(said) <= MAX_STEP_WORDS else ()
    sentences = split_sentences(lines[0])
    if len(sentences) == 1 and len(lines) > 1 and not _ITEM.match(lines[1]) and not lines[1].endswith(":"):
        sentences += split_sentences(lines[1])
    said = tuple(sentences[:1] if len(sentences[0].split()) > 14 else sentences[:2])
    return said if _words(said) <= MAX_WORDS and said[0][-1:] in ".!?" and not said[-1].endswith(":") else ()


def _words(lines: tuple[str, ...]) -> int:
    return sum(len(line.split()) for line in lines)
