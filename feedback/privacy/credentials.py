"""Finds secrets: passwords, PINs, keys and tokens, by what announces them or by the form that their makers gave."""

import re
from collections.abc import Iterator

from feedback.privacy.spans import Found

_FORMS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\b(?:sk|pk|rk|bwp)_(?:live|test)_\w{10,}"
    r"|\bsk-[\w-]{16,}|\bnpm_\w{20,}"
    r"|\bpypi-[\w-]{20,}|\bGOCSPX-[\w-]{16,}|\bhf_\w{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|https://hooks\.slack\.com/\S+|https://discord"
    r"(?:app)?\.com/api/webhooks/\S+",
    re.DOTALL,
)
_HEADER = re.compile(r"\b(?:Bearer|Basic|Digest|Token)\s+(?P<value>[\w+/=.~-]{12,})")
_PARAMETER = re.compile(
    r"[?&](?:[\w-]*(?:token|key|secret|password|passwd|pwd|sig|signature|session|auth))=(?P<value>[^\s&#\"'<>]{4,})",
    re.IGNORECASE,
)
_WORD = (
    r"(?:[\w.-]*(?:password|passwd|passphrase|passcode|passwort|kennwort|secret|token|api[_ -]?key|access[_ -]?key)"
    r"|mot de passe|contraseña|senha|wachtwoord|lösenord|\b(?:\w+_)?(?:pwd|psk)|\bpass|\bpw|session(?:id)?"
    r"|\bpin(?:[ -]?code)?"
    r"|\bpuk|\btan|\botp|\bcvv|\bcvc|(?:login|one-time|verification|security|access|2fa|unlock) code)"
)
_ASSIGNED = re.compile(
    rf"(?<![\w.-]){_WORD}[\"']?[ \t]*[:=][ \t]*(?:\"(?P<quoted>[^\"\n]+)\"|(?P<value>[^\s\"]+))", re.IGNORECASE
)
_SAID = re.compile(
    rf"(?<![\w.-]){_WORD}\b(?: (?:number|key|code|here|now))?[ ,]+(?:is|was|to|lautet|ist|war|est|es|=)[ :]+"
    r"(?:now |still |set to )?(?:[\"“„'](?P<quoted>[^\"”“'\n]+)[\"”“']|(?P<value>\d{3} \d{3}\b|[^\s\"“]+))",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    rf"(?<![\w.-]){_WORD}[ ]+(?P<value>\d{{3}} \d{{3}}\b|\d{{4,10}}\b|(?=\S*\d)[^\s\"“,;\[\](){{}}<>#`]{{6,}})",
    re.IGNORECASE,
)
_CODE_BESIDE = re.compile(r"(?:pin|puk|tan|otp|cvv|cvc|code)\W+$", re.IGNORECASE)
_PAIR = re.compile(
    r"\b(?:credentials|login|log-in|zugangsdaten|zugang)\b[ :=]+\S{1,60}?\s?/\s?(?P<value>[^\s\"',;]{3,})",
    re.IGNORECASE,
)
_LONG_TOKEN = re.compile(r"(?<![\w./+#-])[\w+-]{32,}={0,2}(?![\w./-])")
# What a text must hold for a pattern to match: looking for these takes a tenth of the patterns' time.
_MARKS_OF_FORMS = tuple(
    """
    -----BEGIN xox xapp- gh glpat- AKIA ASIA AIza _live_ _test_ sk- npm_ pypi- GOCSPX- hf_ SG. eyJ slack.com discord
    """.split()  # noqa: SIM905
)
_MARKS_OF_WORDS = tuple(
    """
    pass kennwort secret token key mot contraseña senha wachtwoord lösenord pwd psk pw session pin puk tan otp cvv cvc
    code
    """.split()  # noqa: SIM905
)
_NO_SECRETS = frozenset(
    """
    true false null none yes no on off required optional invalid wrong expired unknown empty missing hidden
    changed here there not field ********** xxxx
    """.split()  # noqa: SIM905
)
_TRAILING = ".,;:!?)]}'\""


def find_secrets(text: str) -> Iterator[Found]:
    """Yield secrets, with what has a form of its own first."""
    if any(mark in text for mark in _MARKS_OF_FORMS):
        yield from (_found(match) for match in _FORMS.finditer(text))
    for pattern in (_HEADER, _PARAMETER, _PAIR):
        yield from (_found(match, "value") for match in pattern.finditer(text))
    folded = text.casefold()
    if any(mark in folded for mark in _MARKS_OF_WORDS):
        yield from _find_announced(text)
    yield from (_found(match) for match in _LONG_TOKEN.finditer(text) if _is_mixed(match.group()))


def _find_announced(text: str) -> Iterator[Found]:
    for pattern in (_ASSIGNED, _SAID):
        for match in pattern.finditer(text):
            if match["quoted"]:
                yield _found(match, "quoted")
            elif _may_be_secret(match["value"], is_assigned=pattern is _ASSIGNED):
                yield _found(match, "value")
    for match in _BESIDE.finditer(text):
        is_code = _CODE_BESIDE.search(text, match.start(), match.start("value")) is not None
        if _looks_secret(_strip(match["value"])) and (not is_code or match["value"][:1].isdigit()):
            yield _found(match, "value")


def _found(match: re.Match[str], group: str | int = 0) -> Found:
    return Found(match.start(group), match.start(group) + len(_strip(match[group])), "secret")


def _is_mixed(token: str) -> bool:
    """Whether letters of both cases and digits are mixed, as in random keys, and in no hash or id."""
    return all(any(map(test, token)) for test in (str.islower, str.isupper, str.isdigit))


def _strip(value: str) -> str:
    """Take off the sentence's punctuation; a single "!" may end a password."""
    bare = value.rstrip(_TRAILING)
    return f"{bare}!" if value == f"{bare}!" and not bare.isalpha() else bare


def _may_be_secret(value: str, *, is_assigned: bool) -> bool:
    bare = _strip(value)
    if len(bare) < 3 or bare[0] in "<[{(`#$" or bare.casefold() in _NO_SECRETS or set(bare) <= set("*x•.-"):
        return False
    return is_assigned or _looks_secret(bare)


def _looks_secret(bare: str) -> bool:
    """Whether a word in a sentence is none of its words: four digits on, or letters mixed with others."""
    digits = sum(character.isdigit() for character in bare)
    if bare.replace(" ", "").isdigit():
        return len(bare) >= 4
    has_letters = any(character.isalpha() for character in bare)
    others = sum(not character.isalnum() for character in bare)
    return len(bare) >= 6 and has_letters and (digits > 0 or others > 0) and "[" not in bare
