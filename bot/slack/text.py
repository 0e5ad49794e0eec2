"""Text between Slack and the model: makes people's text plain and the model's text harmless.

Knows Slack's escapes and mentions; knows nothing of blocks.
"""

import re
import unicodedata

from retrieval.layout import ADDRESS, CODE_SPAN, SENTENCE_MARKS, find_addresses

_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]+(?:::skin-tone-\d)?:")
_PING = re.compile(r"<([!@#])|@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_LINK = rf"!?\[(?P<label>[^\]\n]*)\]\((?P<target>[^)\n]*)\)|<?(?P<bare>\b{ADDRESS})>?|<?\b(?:[a-z][a-z0-9+.-]*://|(?:mailto|tel|javascript|data):)[^\s>)]+>?"
_CODE_OR_LINK = re.compile(f"(?P<code>{CODE_SPAN.pattern})|{_LINK}", re.IGNORECASE)
# In code, "<!DOCTYPE", "<!--" and the like are no mentions. Slack does not document that it ignores the others there.
_PING_IN_CODE = re.compile(
    r"<(?=[@#][a-z0-9]|!(?:here|channel|everyone|subteam)\b)|(?<=@)(?=(?:here|channel|everyone)\b)", re.IGNORECASE
)
# Whether Slack's Markdown turns these into the characters that they stand for is not documented.
_ENTITY = re.compile(r"&(?=(?:[a-z][a-z0-9]{1,31}|#[0-9]{1,7}|#x[0-9a-f]{1,6});)", re.IGNORECASE)
_ENTITY_IN_CODE = re.compile(r"&(?=(?:lt|#0*60|#x0*3c);[@#!])", re.IGNORECASE)
_MENTION = re.compile(r"<([@!])([^<>|]+)(?:\|([^<>]*))?>")
# What Slack turns into a link by itself: names that end like a domain (in any alphabet, also as the host of a mail
# address) and addresses of four numbers. File names whose ending is no domain are left alone.
_DOMAIN = re.compile(
    r"(?<![@\w.-])(?:[\w.+'-]+@)?[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\."
    r"(?!(?:txt|pdf|json|csv|ya?ml|xml|png|jpe?g|gif|docx?|xlsx?|pptx?|html?|js|log|cfg|ini|exe|bin)\b)"
    r"(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})\b|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)",
    re.IGNORECASE,
)
_INVISIBLE = "\u2060"


def plain_question(text: str, *, bot_user: str) -> str:
    """Return what the person wrote without Slack's markup: no mention of Chip, entities decoded, controls removed."""
    text = text.replace(f"<@{bot_user}>", " ")
    text = _TOKEN.sub(_plain_token, text)
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    kept = (character for character in text if character in "\n\t" or unicodedata.category(character)[0] != "C")
    return re.sub(r"[ \t]+", " ", "".join(kept)).strip()


def _plain_token(match: re.Match[str]) -> str:
    target, label = match.group(1), match.group(2)
    if target.startswith(("@", "#", "!")):
        return f"{target[0]}{label}" if label else ""
    return label or target


def has_words(text: str) -> bool:
    """Whether a text holds any letter or digit besides emoji names."""
    return any(character.isalnum() for character in _EMOJI_NAME.sub(" ", text))


def harmless_markdown(text: str, held: str = "") -> str:
    """Return a sentence of the model's that pings nobody and links only to what `held`, the cited line, holds.

    Any other link is reduced to its label. In a code span, where Markdown makes no links, only pings are changed. A
    backtick without a partner begins no code.
    """
    known = find_addresses(held) | frozenset(_DOMAIN.findall(held))
    pieces, start = [], 0
    for span in _CODE_OR_LINK.finditer(text):
        pieces += [_harmless_prose(text[start : span.start()], known), _harmless_span(span, known)]
        start = span.end()
    return "".join([*pieces, _harmless_prose(text[start:], known)])


def harmless_code(text: str) -> str:
    """Return the model's code, changed only so that it pings nobody."""
    text = _ENTITY_IN_CODE.sub(f"&{_INVISIBLE}", text)
    return _PING_IN_CODE.sub(lambda match: match.group() + _INVISIBLE, text)


def _harmless_span(match: re.Match[str], known: frozenset[str]) -> str:
    if match["code"]:
        return harmless_code(match["code"])
    if match["label"] is None:
        address = (match["bare"] or "").rstrip(SENTENCE_MARKS)
        return match["bare"] if address in known else "(link removed)"
    label = _harmless_prose(match["label"].replace("`", ""), known)
    is_held = match["target"] in known and not match.group().startswith("!")
    return f"[{label}]({match['target']})" if is_held else label or "(link removed)"


def _harmless_prose(text: str, known: frozenset[str]) -> str:
    text = _ENTITY.sub(f"&{_INVISIBLE}", text.replace("`", "'"))
    text = _DOMAIN.sub(lambda match: _part_domain(match.group(), known), text)
    return _PING.sub(lambda match: f"<{_INVISIBLE}{match.group(1)}" if match.group(1) else f"@{_INVISIBLE}", text)


def _part_domain(domain: str, known: frozenset[str]) -> str:
    return domain if domain in known else domain.replace(".", f".{_INVISIBLE}")


def escape_mrkdwn(text: str) -> str:
    """Escape text for a mrkdwn field, so that it pings nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def harmless_mrkdwn(text: str) -> str:
    """Return a person's words, as Slack delivered them, so that repeating them pings nobody. Links stay."""
    return _MENTION.sub(_name_of_mention, text)


def _name_of_mention(match: re.Match[str]) -> str:
    kind, target, label = match.groups()
    return label or (f"@{_INVISIBLE}{target.partition('^')[0]}" if kind == "!" else f"@{target}")


def shorten(text: str, limit: int) -> str:
    """Cut text to at most `limit` characters, with an ellipsis if something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def split_text(text: str, limit: int) -> list[str]:
    """Cut text into pieces of at most `limit` bytes of UTF-8, at white space if there is any."""
    pieces = []
    while len(text.encode()) > limit:
        head = text.encode()[:limit].decode(errors="ignore")
        end = max(head.rfind(" "), head.rfind("\n"), 0) or len(head)
        pieces.append(text[:end])
        text = text[end:].lstrip()
    return [*pieces, text]
