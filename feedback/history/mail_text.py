"""Extracts the text that a person wrote in a mail: no quoted replies, signatures, disclaimers or markup.

mail-parser-reply finds where the quoted mail and the signature begin. Knows nothing of headers or of files.
"""

import re
import warnings

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from mailparser_reply.parser import EmailMessage  # type: ignore[import-untyped]

# A word of a language's quoted headers or sign-offs: each language more that is looked for costs 50 µs a mail.
LANGUAGES = {
    "de": re.compile(r"schrieb|Von:|Gr(?:ü|ue)(?:ß|ss)|Gesendet"),
    "fr": re.compile(r"écrit|De :|Cordialement|Envoyé"),
    "es": re.compile(r"escribió|De:|saludo|Enviado", re.IGNORECASE),
    "it": re.compile(r"scritto|Da:|saluti|Inviato", re.IGNORECASE),
    "nl": re.compile(r"schreef|Van:|groet|Verzonden", re.IGNORECASE),
    "pt": re.compile(r"escreveu|De:|cumprimentos|Enviado"),
}
LONGEST = 50_000
"""How many characters of a mail's text are read; no person types more."""

_QUOTED_LINE = re.compile(r"^[ \t]*>.*\n?", re.MULTILINE)
_QUOTES_WHOM = re.compile(
    r"(?:\A|\n)(?:On|Am|Le|El|Il|Op|Em)\b[^\n]*(?:\n[^\n]*)?\b(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu)\b"
    r"[^\n]{0,60}:\s*\Z"
)
_MAY_HOLD_MORE = re.compile(
    r"[:：]\s*$|^\s*[-_*]{2,}|^\s*(?:sent from|get outlook|gesendet von|envoyé de|enviado desde|inviato da)"
    r"|\b(?:regards|gr(?:ü|ue)(?:ß|ss)en?|cordialement|saludos|saluti|groet(?:en)?|cumprimentos|disclaimer|caution)\b"
    r"|^\s*(?:thanks|thank you|best|cheers|all the best|vg|lg|mfg)\b[^.?!\n]{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGN_OFF = re.compile(
    r"^\s*(?:(?:kind|best|warm|many|with (?:kind|best)|kindest)\s+(?:regards|wishes|thanks)|regards|sincerely"
    r"|cheers|best"
    r"|yours(?: (?:sincerely|faithfully|truly))?|thanks(?: (?:again|in advance|a lot))?|many thanks|thank you"
    r"|all the best"
    r"|mit (?:freundlichen|besten|lieben) gr(?:ü|ue)(?:ß|ss)en|(?:viele|liebe|beste|freundliche) gr(?:ü|ue)(?:ß|ss)e"
    r"|vg|lg|mfg|cordialement|bien à vous|saludos(?: cordiales)?|un saludo|atentamente|cordiali saluti"
    r"|met vriendelijke groet(?:en)?|com os melhores cumprimentos)\s*[,.!]*\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNED_LINES, _SIGNED_WORDS = 8, 8
_DISCLAIMER = re.compile(
    r"(?:^|\n)[^\n]*\b(?:confidential|intended (?:solely|only|recipient)|vertraulich|confidentiel|confidencial"
    r"|virus[- ]free|think before you print|consider the environment)\b[^\n]*(?:\n(?!\n)[^\n]*)*\s*\Z",
    re.IGNORECASE,
)
_BREAKS = ("br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "ul", "ol", "table", "pre")
_QUOTES = (
    'blockquote, .gmail_quote, .gmail_signature, .moz-cite-prefix, .yahoo_quoted, [id^="divRplyFwdMsg"], style, '
    "script, head"
)


def strip_mail(text: str) -> str:
    """Return what the author wrote; "" for a mail that only quotes.

    Quoted lines are removed first, so that an answer below or between them is found.
    """
    text = text[:LONGEST].replace("\r\n", "\n")
    own = _QUOTED_LINE.sub("", text).strip()
    if len(own) < len(text.strip()):
        own = _QUOTES_WHOM.sub("", own)
    own = _cut_below(own)
    if not _MAY_HOLD_MORE.search(own):
        return own
    replies = EmailMessage(own, ["en", *_find_languages(own)], keep_hyphen_lists=True).read().replies
    return _cut_below(next((reply.body for reply in replies if reply.body), ""))


def _cut_below(text: str) -> str:
    """Cut the disclaimer and the signature that end a text: most mails hold no more, and the library takes 0.2 ms."""
    return _cut_sign_off(_DISCLAIMER.sub("", text)).strip()


def _find_languages(text: str) -> list[str]:
    return [language for language, pattern in LANGUAGES.items() if pattern.search(text)]


def _cut_sign_off(text: str) -> str:
    """Cut at the last sign-off that is followed only by short lines: a name, a title, an address."""
    for match in reversed(list(_SIGN_OFF.finditer(text))):
        below = [line for line in text[match.end() :].splitlines() if line.strip()]
        is_signature = len(below) <= _SIGNED_LINES and all(len(line.split()) <= _SIGNED_WORDS for line in below)
        if is_signature and not any(line.rstrip().endswith("?") for line in below):
            text = text[: match.start()]
    return text


def html_to_text(markup: str) -> str:
    """Return HTML as lines of text, without quoted mails, marked signatures, styles and scripts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml")
    for part in soup.select(_QUOTES):
        part.decompose()
    for name in _BREAKS:
        for tag in soup.find_all(name):
            tag.insert_before("\n")
            tag.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
