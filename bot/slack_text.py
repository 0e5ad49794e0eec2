"""Text between Slack and the model: what people wrote made plain, what the model wrote made harmless.

Knows Slack's escapes and mentions; knows nothing of blocks.
"""

import re
import unicodedata

_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]+(?:::skin-tone-\d)?:")
_PING = re.compile(r"<([!@#])|@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_LINK = re.compile(
    r"!?\[([^\]\n]*)\]\([^)]*\)|<?\b(?:[a-z][a-z0-9+.-]*://|(?:mailto|tel|javascript|data):)[^\s>)]+>?", re.IGNORECASE
)
_MENTION = re.compile(r"<([@!])([^<>|]+)(?:\|([^<>]*))?>")
# What Slack would make a link of by itself: names that end like a domain, file names of no domain's ending left alone.
_DOMAIN = re.compile(
    r"(?<![@\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\."
    r"(?!(?:txt|pdf|json|csv|ya?ml|xml|png|jpe?g|gif|docx?|xlsx?|pptx?|html?|js|log|cfg|ini|exe|bin)\b)[a-z]{2,24}\b",
    re.IGNORECASE,
)
_INVISIBLE = "\u2060"


def plain_question(text: str, *, bot_user: str) -> str:
    """Return what the person wrote without Slack's markup: own mention gone, entities decoded, controls removed."""
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
    """Whether any letter or digit is left once emoji names are taken away."""
    return any(character.isalnum() for character in _EMOJI_NAME.sub(" ", text))


def harmless_markdown(text: str) -> str:
    """Return model text that can ping nobody and link nowhere: only the label of a link is kept."""
    text = _LINK.sub(lambda match: match.group(1) or "(link removed)", text)
    text = _DOMAIN.sub(lambda match: match.group().replace(".", f".{_INVISIBLE}"), text)
    return _PING.sub(lambda match: f"<{_INVISIBLE}{match.group(1)}" if match.group(1) else f"@{_INVISIBLE}", text)


def escape_mrkdwn(text: str) -> str:
    """Escape text for a mrkdwn field, in which it then pings nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def harmless_mrkdwn(text: str) -> str:
    """Return a person's words, as Slack delivered them, so that repeating them pings nobody; links stay."""
    return _MENTION.sub(_name_of_mention, text)


def _name_of_mention(match: re.Match[str]) -> str:
    kind, target, label = match.groups()
    return label or (f"@{_INVISIBLE}{target.partition('^')[0]}" if kind == "!" else f"@{target}")


def shorten(text: str, limit: int) -> str:
    """Cut text to at most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def split_text(text: str, limit: int) -> list[str]:
    """Cut text, at white space where there is some, into one or more pieces of at most `limit` bytes of UTF-8."""
    pieces = []
    while len(text.encode()) > limit:
        head = text.encode()[:limit].decode(errors="ignore")
        end = max(head.rfind(" "), head.rfind("\n"), 0) or len(head)
        pieces.append(text[:end])
        text = text[end:].lstrip()
    return [*pieces, text]
