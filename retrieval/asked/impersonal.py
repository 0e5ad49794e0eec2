"""Makes a question impersonal, because the documents' answer does not depend on the person.

Search and the model read "My brother Connor asks how long his Moss 2 runs" as "Somebody asks how long their Moss 2
runs". Works by rules, for English. Earlier turns of a thread stay unchanged. Names that the documents hold are
products, places and people of the company, and stay as well. Knows nothing of search or prompts.
"""

import re
from collections.abc import Callable

from retrieval.english.closed_words import DAYS, FUNCTION_WORDS, MONTHS

SOMEBODY = "somebody"

_RELATIONS = (
    "wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|mother|mom|mum|father|dad|parent|grandmother|grandma|granny|"
    "grandfather|grandpa|grandparent|daughter|son|kid|child|sister|brother|sibling|aunt|uncle|cousin|niece|nephew|"
    "mother-in-law|father-in-law|sister-in-law|brother-in-law|friend|buddy|flatmate|roommate|housemate|neighbou?r|"
    "colleague|co-?worker|boss|manager|assistant|employee|customer|client|tenant|landlord|landlady|teacher|student|"
    "secretary|technician|guest|visitor"
)
_KIN = {
    "wife": "partner", "husband": "partner", "girlfriend": "partner", "boyfriend": "partner", "fiance": "partner",
    "fiancee": "partner", "fiancé": "partner", "fiancée": "partner", "mother": "parent", "father": "parent",
    "mom": "parent", "mum": "parent", "dad": "parent", "grandmother": "grandparent", "grandfather": "grandparent",
    "grandma": "grandparent", "grandpa": "grandparent", "granny": "grandparent", "sister": "sibling",
    "brother": "sibling", "aunt": "relative", "uncle": "relative", "niece": "relative", "nephew": "relative",
    "mother-in-law": "parent-in-law", "father-in-law": "parent-in-law", "sister-in-law": "sibling-in-law",
    "brother-in-law": "sibling-in-law", "daughter": "child", "son": "child", "landlady": "landlord",
}  # fmt: skip
# A given name and perhaps a second one; never a word of capitals ("LED") or with a digit.
_GIVEN = r"[A-ZÀ-Þ](?:['’][A-Z])?[a-zà-ÿ]+"
_NAME = rf"{_GIVEN}(?:[- ]{_GIVEN})?"
_TITLED = re.compile(rf"\b(?:Mr|Mrs|Ms|Mx|Miss)\.? {_NAME}")
_RELATED = re.compile(rf"\b(?i:(?:my|our|a)\s+(?:\w+\s+)?(?:{_RELATIONS})),?\s+(?P<name>{_NAME})\b,?")
_MY_KIN = re.compile(
    rf"\b(?P<my>my|our)\s+(?P<kin>{'|'.join(sorted(_KIN, key=len, reverse=True))})\b(?!-)", re.IGNORECASE
)
_PERSONAL = re.compile(
    r"\b(?:he|she|his|hers?|him|himself|herself|they|them|theirs?|themselves|somebody)\b", re.IGNORECASE
)
_CAPITALISED = re.compile(rf"(?<![\w.-]){_NAME}(?![\w-])")
# What a person does in a question; after a first word it tells a name from any other word.
_DOES = re.compile(
    r"\s+(?:asks?|wants?|needs?|has|had|is|was|sees|saw|bought|buys|owns|got|gets|lost|forgot|broke|lives|would|can|"
    r"could|thinks|says|said|told|wonders|runs|works|plans|wishes|hopes|tried|tries|uses|used|likes|moved|ordered)\b"
)
# Beside these a capitalised word is part of a term: "USB Type C", "Series 5".
_TERM = re.compile(r"\b[A-Z]{2,}$")
_PART = re.compile(r"\s+(?:[A-Z]\b|\d)")
_NOT_OWNED = (
    "to|at|in|on|for|with|and|or|but|if|when|by|from|about|a|an|the|this|that|take|takes|took|cost|costs|be|is|was|will|"
    "would|can|could|may|might|should|must|last|arrive|need|needs|mean|means|get|do|does|did|have|has|had|after|before|"
    "as|then|so|not|no|because|since|while|during|until|without|what|how|why|where|who|today|tomorrow|now|again|too"
)
_HER = re.compile(rf"\bher\b(?=\s+(?!(?:{_NOT_OWNED})\b)\w)", re.I)
_PRONOUNS = (
    (re.compile(r"\bdoes (?:he|she|they)\b", re.I), "do they"),
    (re.compile(r"\bdoesn['’]t (?:he|she|they)\b", re.I), "don't they"),
    (re.compile(r"\bhas (?:he|she|they)\b", re.I), "have they"),
    (re.compile(r"\bis (?:he|she|they)\b", re.I), "are they"),
    (re.compile(r"\bwas (?:he|she|they)\b", re.I), "were they"),
    (re.compile(r"\b(?:he|she)(?:['’]s| is)\b", re.I), "they are"),
    (re.compile(r"\b(?:he|she) has\b", re.I), "they have"),
    (re.compile(r"\b(?:he|she) was\b", re.I), "they were"),
    (re.compile(r"\b(?:he|she)\b", re.I), "they"),
    (re.compile(r"\bhers\b", re.I), "theirs"),
    (_HER, "their"),
    (re.compile(r"\bhis\b", re.I), "their"),
    (re.compile(r"\b(?:him|her)\b", re.I), "them"),
    (re.compile(r"\b(?:himself|herself)\b", re.I), "themselves"),
)
# Capitalised words that are nobody's name.
_OTHERS = """
help ok yes one somebody someone everybody everyone nobody anybody anyone christmas easter english german french spanish
chinese wifi bluetooth android apple google amazon alexa windows linux visa paypal
"""
_NO_NAMES = FUNCTION_WORDS.union(MONTHS, DAYS, _OTHERS.split())
Knows = Callable[[str], bool]


def make_impersonal(question: str, knows: Knows) -> str:
    """Return the question without the person it is for; unchanged if it mentions nobody.

    `knows(word)` tells whether the documents hold a word in lower case. Such a word is not the name of a stranger.
    """
    said = _TITLED.sub(SOMEBODY, question)
    said = _RELATED.sub(lambda found: _replace_related(found, knows), said)
    said = _MY_KIN.sub(lambda found: f"{found['my']} {_KIN[found['kin'].lower()]}", said)
    if _PERSONAL.search(said):
        said = _CAPITALISED.sub(lambda found: _replace_name(found, knows), said)
    for pronoun, neutral in _PRONOUNS:
        said = pronoun.sub(lambda found, neutral=neutral: _like(found.group(), neutral), said)  # type: ignore[misc]
    return said if said == question else said[:1].upper() + said[1:] if question[:1].isupper() else said


def _replace_related(found: re.Match[str], knows: Knows) -> str:
    name, rest = _split_name(found["name"], knows)
    return f"{SOMEBODY}{rest}" if name else found.group()


def _replace_name(found: re.Match[str], knows: Knows) -> str:
    name, rest = _split_name(found.group(), knows)
    before = found.string[: found.start()].rstrip()
    opens = not before or before[-1] in ".?!"
    is_owner = found.string.startswith(("'s", "’s"), found.end())
    if not name or _TERM.search(before) or _PART.match(found.string, found.end()):
        return found.group()
    if opens and not is_owner and not _DOES.match(found.string, found.end()):
        return found.group()
    return f"{SOMEBODY}{rest}"


def _split_name(words: str, knows: Knows) -> tuple[str, str]:
    """Return the stranger's name at the start of capitalised words ("" if there is none), and the rest."""
    first, gap, second = re.match(r"([^- ]+)([- ]?)(.*)", words).groups()  # type: ignore[union-attr]  # matches always
    if knows(first.lower()) or first.lower() in _NO_NAMES:
        return "", words
    if second and (knows(second.lower()) or second.lower() in _NO_NAMES):
        return first, f"{gap}{second}"
    return words, ""


def _like(said: str, neutral: str) -> str:
    return neutral[0].upper() + neutral[1:] if said[0].isupper() else neutral
