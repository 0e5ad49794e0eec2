"""Removes guesses about a person's gender: rewords the sentence neutrally, or withholds it.

Works by English word lists. Rewrites pronouns, forms of address, trades and kinship of people whose pronouns nobody
gave, and withholds what it cannot rewrite. Keeps what the asker said about a person, and what a document says about
somebody it names.
"""

import re
from collections.abc import Callable, Mapping

_ADVERBS = "also|always|never|often|usually|really|just|only|still|then|now|probably|already|even|not|soon|later|first"
_FEMALE = frozenset({"she", "her", "hers", "herself"})
_MALE = frozenset({"he", "him", "his", "himself"})
_PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
# These assume nothing and are left as they are.
_BOTH = re.compile(
    r"\b(?:s/he|he/she|she/he|he or she|she or he|him/her|her/him|him or her|her or him|his/hers?|his or hers?|"
    r"himself or herself|herself or himself|they/them|he/him|she/her)\b|\(s\)he\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof)\.? )?[A-Z][a-zà-ÿ]+ [A-Z][a-zà-ÿ]+\b|\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z]")

_AUXILIARIES = {
    "is": "are", "was": "were", "has": "have", "does": "do",
    "isn't": "aren't", "wasn't": "weren't", "hasn't": "haven't", "doesn't": "don't",
}  # fmt: skip
_NO_VERB_WORDS = (
    "this its as us his hers yes perhaps always sometimes afterwards towards besides across less unless ours yours "
    "thus plus minus whereas nevertheless else"
)
_NO_VERBS = frozenset(_NO_VERB_WORDS.split())
_AFTER_OBJECT_WORDS = (
    "a an the to at in on for with and or but if when that about from by as is are was were will would can could may "
    "might must should directly immediately again back up out over off down away today tomorrow yesterday how what "
    "where who whom why which whether because while until till before after so then not this these those some any your "
    "our my his its it he she they we you i know than though although since during within without into onto through "
    "right once twice more most instead anyway there here now later soon first upon under via per toward towards "
    "against between among near behind above below around across along past despite unless except immediately please"
)
_AFTER_OBJECT = frozenset(_AFTER_OBJECT_WORDS.split())
_ADDRESSES = (
    (re.compile(r"\bdear sirs?(?:(?: or |/| and )madam)?\b|\bdear madam\b", re.IGNORECASE), "Hello"),
    (re.compile(r"\bladies and gentlemen\b", re.IGNORECASE), "everybody"),
    (re.compile(r"\byou guys\b|\byou (?:ladies|gentlemen)\b", re.IGNORECASE), "you all"),
    (re.compile(r"\b(hi|hello|hey|thanks|morning|welcome),? (?:guys|ladies|gentlemen|gents)\b", re.IGNORECASE), r"\1"),
    (re.compile(r"^(?:sir|madam|ma['’]am|miss|mister)(?:,\s*|(?=[.!?]?$))", re.IGNORECASE), ""),
    (re.compile(r",?\s+(?:young )?(?:sir|madam|ma['’]am|miss|mister)(?=\s*[,.!?]|$)", re.IGNORECASE), ""),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss)\.?(?: (?:and|or) (?:Mr|Mrs|Ms)\.?)? (?=[A-Z])"), ""),
)
_NOUNS = {
    "chairman": "chairperson", "chairwoman": "chairperson", "salesman": "salesperson", "saleswoman": "salesperson",
    "salesmen": "salespeople", "saleswomen": "salespeople", "businessman": "business person",
    "businesswoman": "business person", "policeman": "police officer", "policewoman": "police officer",
    "fireman": "firefighter", "firemen": "firefighters", "mailman": "mail carrier", "postman": "mail carrier",
    "repairman": "technician", "repairmen": "technicians", "serviceman": "technician", "handyman": "technician",
    "craftsman": "craftsperson", "craftsmen": "craftspeople", "foreman": "supervisor", "spokesman": "spokesperson",
    "spokeswoman": "spokesperson", "workman": "worker", "workmen": "workers", "delivery man": "courier",
    "delivery boy": "courier", "cleaning lady": "cleaner", "cleaning woman": "cleaner", "housewife": "homemaker",
    "stewardess": "flight attendant", "waitress": "server", "hostess": "host", "landlady": "owner",
    "gentleman": "person", "gentlemen": "people", "lady": "person", "ladies": "people", "man": "person",
    "men": "people", "woman": "person", "women": "people", "guy": "person", "guys": "people", "mankind": "humankind",
    "manpower": "staff", "husband": "partner", "wife": "partner", "boyfriend": "partner", "girlfriend": "partner",
    "son": "child", "daughter": "child", "sons": "children", "daughters": "children", "mother": "parent",
    "father": "parent", "brother": "sibling", "sister": "sibling", "boy": "child", "girl": "child",
}  # fmt: skip
_NOUN = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(_NOUNS, key=len, reverse=True))})(?![\w-]| (?:company|model|brand|product|site)\b)"
)
_UNSAYABLE = re.compile(
    r"\b(?:girly|manly|womanly|bloke|dude|chick|lass|lad|sonny|sweetheart|honey|darling|"
    r"(?:like|for) an? (?:man|woman|girl))\b",
    re.IGNORECASE,
)


def neutralise(text: str, *, asked: str = "", source: str = "") -> str | None:
    """Return the text without assumptions about a person's gender; None if that is impossible.

    `asked` is what the asker said; its pronouns and words for a person are kept. `source` is the line that supports the
    text; its words are kept if it names the person.
    """
    known = f"{asked} {source if _NAMED.search(source) else ''}"
    if _UNSAYABLE.search(text) and not _UNSAYABLE.search(known):
        return None
    was_upper = text[:1].isupper()
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\0{len(kept) - 1}\0"

    text = _BOTH.sub(keep, text)
    for pattern, neutral in _ADDRESSES:
        if not pattern.search(known):
            text = pattern.sub(neutral, text)
    text = _NOUN.sub(lambda match: _say_noun(match.group(), known), text)
    said = {word.lower() for word in _PRONOUN.findall(known)}
    families = [family for family in (_MALE, _FEMALE) if not family & said]
    for family in families:
        text = _rewrite_pronouns(text, family)
    text = re.sub(r"\0(\d+)\0", lambda match: kept[int(match.group(1))], text).strip()
    if was_upper and text:
        text = f"{text[0].upper()}{text[1:]}"
    return text if any(character.isalnum() for character in text) else None


def _say_noun(noun: str, known: str) -> str:
    return noun if re.search(rf"\b{noun}\b", known, re.IGNORECASE) else _NOUNS[noun]


def _rewrite_pronouns(text: str, family: frozenset[str]) -> str:
    subject = "he" if "he" in family else "she"
    aux = "|".join(sorted(_AUXILIARIES, key=len, reverse=True)).replace("'", "['’]")
    rewrites: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (rf"\b({aux})(\s+(?:not\s+)?){subject}\b", lambda m: f"{_agree(m[1])}{m[2]}they"),
        (rf"\b({subject})['’]s(\s+)(\w+)", _expand),
        (rf"\b({subject})((?:\s+(?:{_ADVERBS}))*\s+)([a-z]+(?:n['’]t)?)\b", _agree_subject),
        (rf"\b({subject})\b", lambda m: _like(m[1], "they")),
    )
    for pattern, rewrite in rewrites:
        text = re.sub(pattern, rewrite, text, flags=re.IGNORECASE)
    words = {"he": "they", "him": "them", "himself": "themselves", "herself": "themselves", "hers": "theirs"}
    text = _replace_words(text, {word: words[word] for word in family if word in words})
    possessive = "his" if "his" in family else "her"
    return re.sub(
        rf"\b({possessive})\b(\s+[\w-]+)?", lambda m: _say_possessive(m, possessive), text, flags=re.IGNORECASE
    )


def _expand(match: re.Match[str]) -> str:
    has_done = match[3].lower() in ("been", "got", "had", "gone", "done", "made", "taken") or match[3].endswith("ed")
    return f"{_like(match[1], 'they')}{'’ve' if has_done else '’re'}{match[2]}{match[3]}"


def _agree_subject(match: re.Match[str]) -> str:
    return f"{_like(match[1], 'they')}{match[2]}{_agree(match[3])}"


def _agree(verb: str) -> str:
    """Return the form of a verb that goes with "they"."""
    low = verb.lower().replace("’", "'")
    if low in _AUXILIARIES:
        return _like(verb, _AUXILIARIES[low])
    if low in _NO_VERBS or not low.endswith("s") or low.endswith(("ss", "us")):
        return verb
    if low.endswith("ies") and len(low) > 4:
        return f"{verb[:-3]}y"
    if low.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1]


def _say_possessive(match: re.Match[str], possessive: str) -> str:
    following = (match[2] or "").strip().lower()
    is_alone = not following or following in _AFTER_OBJECT
    alone = "them" if possessive == "her" else "theirs"
    neutral = alone if is_alone else "their"
    return f"{_like(match[1], neutral)}{match[2] or ''}"


def _replace_words(text: str, words: Mapping[str, str]) -> str:
    pattern = rf"\b(?:{'|'.join(sorted(words, key=len, reverse=True))})\b"
    return re.sub(pattern, lambda m: _like(m.group(), words[m.group().lower()]), text, flags=re.IGNORECASE)


def _like(model: str, word: str) -> str:
    return word.capitalize() if model[:1].isupper() else word
