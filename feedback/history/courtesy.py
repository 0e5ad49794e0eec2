"""Strips courtesies: greetings, thanks, wishes and offers of more help, which answer nothing.

Rules for English, with the greetings and thanks of German, French and Spanish. Knows nothing of who speaks.
"""

import re

from feedback.history.phrases import build_pattern

_TAIL = 400
"""How many characters at a text's end are searched for the last sentence."""

_GREETED = (
    r"(?!(?:how|what|when|where|which|who|why|can|could|do|does|is|are|will|i|my|we|please)\b)"
    r"(?:(?-i:[A-ZÄÖÜÉÈ@<\[])[^\s,.!?:;]*|(?:there|all|team|everyone|everybody|folks|guys|support|again|sir|madam"
    r"|or|and|&"
    r"|the|customer|service|mr\.?|mrs\.?|ms\.?|dr\.?|herr|frau|damen|herren|und|zusammen)\b)"
)
_HELLO = build_pattern(
    *("hi+", "hello+", "hey+", "hallo", "moin", "bonjour", "salut", "hola", "ciao", "greetings", "howdy"),
    *("good (?:morning|afternoon|evening|day)", "guten (?:tag|morgen|abend)", "buen[oa]s (?:d[ií]as|tardes|noches)"),
    before=r"\s*",
    after=rf"(?:[ \t]+{_GREETED}){{0,5}}(?:\s*[,.!:;–—-]+\s*|\s+|\s*\Z)",
)
_DEAR = build_pattern(
    *("dear", "to", "sehr geehrte[rs]?", "liebe[rs]?", "cher", "chère", "estimad[oa]s?"),
    before=r"\s*",
    after=rf"(?:[ \t]+{_GREETED}){{1,6}}\s*(?:[,:!]+\s*|\n\s*)",
)
_TO_HELP = r"to (?:help|assist)(?: you)?(?: (?:with (?:that|this|it|your \w+)|out|today|you))*\s*[.!]"
_OPENER = build_pattern(
    r"(?:many )?(?:thanks|thank you)(?: (?:so|very) much| a lot)? for (?:contacting|reaching|getting|writing"
    r"|calling|waiting"
    r"|asking|holding|choosing|your (?:message|e-?mail|question|patience|[ie]nquiry|call|interest|request|reply"
    r"|response"
    r"|quick|prompt|time|feedback|understanding|order)|the (?:quick|prompt|fast|reply|information|info|details))",
    "i (?:do )?hope (?:you|this (?:e-?mail|message|finds)|all|your day)",
    r"(?:my name is|this is) (?-i:[A-Z\[<])[^.!?\n]{0,40}(?:here to|and i|from|with)\b",
    rf"(?:i'd|i would|i'll|i will|we'd|i'm|i am|we are|we're) (?:(?:be|more than|very) )*(?:happy|glad|delighted"
    rf"|pleased|here) {_TO_HELP}",
    "(?:how|what) (?:may|can|could) i (?:help|assist|do for) you",
    "welcome to (?-i:[A-Z])",
    before=r"\s*",
    after=r"[^.!?\n]*[.!?]*\s*",
)
_ELSE = "(?:anything|something|any(?: \\w+)?) (?:else|more|further|other|help|assistance)"
_THANKS = build_pattern(
    r"(?:many )?(?:thanks|thank you|thx|ty|cheers|danke|merci|gracias|vielen dank)"
    r"(?: (?:so|very) much| again| in advance| a (?:lot|million|bunch)| for [^.!?\n]{2,40}| [^.!?\n]{0,12})?"
    r"\s*[.!,]*\s*\Z",
    r"any (?:help|advice|hints?|ideas?|suggestions?|pointers)\b[^.!?\n]*\bappreciated",
    "have fun\\b",
    "have an? (?:great|nice|good|lovely|wonderful|pleasant|safe|amazing|awesome|excellent|fantastic)",
    "(?:we|i) (?:look(?:ing)? forward|(?:(?:really|greatly) )?appreciate your)",
    r"(?:no problem|my pleasure|anytime|good\s*bye|bye(?: bye)?|take care|see you|goodnight)\b[^.?\n]{0,20}\Z",
    before=r"\s*(?:(?:and|but)\s+)?",
)
_CLOSER = build_pattern(
    r"(?:please )?(?:just )?let (?:me|us) know (?:if|should|whether|how (?:it|that) goes)",
    "(?:please )?(?:do not|don't) hesitate",
    r"(?:if[^,.\n]{3,60}, )?(?:please )?feel free to (?:contact|reach|reply|ask|call|get|write|let)",
    r"if you (?:have|need) (?:any|further|more|other|additional)\b[^.!?\n]*"
    r"\b(?:let|contact|reach|ask|hesitate|free|here|reply|help|assist)",
    rf"(?:is|was|are|will) there (?:be )?(?:{_ELSE}|anything|something)",
    r"(?:and )?(?:what|anything|something) else\b[^.!\n]{0,40}\?",
    rf"(?:can|may|could|do|would|should) (?:i|we|you) (?:be of|help|assist|need|have|like|want)\b[^.!?\n]*\b{_ELSE}",
    "how else (?:may|can|could) i",
    "enjoy (?:your|the rest)",
    "(?:i |we )?hope (?:this|that|it) (?:helps|answers|clears|works)",
    "(?:i'm |we're )?(?:always )?(?:happy|glad) (?:to help|i could|to be|we could)",
    r"(?:you(?:'re| are) )?(?:(?:very|most) )?welcome\s*[.!]*\s*\Z",
    r"we(?:'re| are) (?:always )?here (?:to|for)\b",
    before=r"\s*(?:(?:and|but)\s+)?",
)
_OFFERS = (
    r"(?:would|do) you (?:like|want|need|prefer)\b",
    r"(?:shall|should|can|may|could) (?:i|we)\b",
    r"(?:is|does|will|would) (?:that|this|it) (?:ok|okay|fine|good|right|correct|work|sound|suit|all)\b",
    r"(?:how|what) (?:does|do|about) (?:that|you think)\b",
)
_OFFER = build_pattern(*_OFFERS, before=r"\s*(?:(?:and|but|so|or)\s+)?")
_OFFER_BEHIND = build_pattern(
    *_OFFERS, before=r"(?<=[^\W_])\s*[,;–-]+\s*(?:(?:and|but|so|or)\s+)?", after=r"[^.!?\n]*\?\s*\Z"
)
_SHORTEST_STATEMENT = 4  # words before an offer that are an answer by themselves
_LAST_SENTENCE = re.compile(r"(?:(?<=[.!?])[\s\"')]+|\n+|\A)([^.!?\n]+(?:[.!?](?=\w)[^.!?\n]+)*[.!?]*)\s*\Z")


def strip_courtesies(text: str, *, asks: bool = False) -> str:
    """Return the text without greetings before it and thanks, wishes and offers around it; "" if nothing is left.

    `asks`: an asker says it, who means "What else is there?" and "Let me know whether it fits".
    """
    text = text.strip()
    before = None
    while text != before:
        before = text
        for pattern in (_HELLO, _DEAR, _OPENER):
            if match := pattern.match(text):
                text = text[match.end() :]
        text = _cut_last(text, _THANKS)
        if not asks:
            text = _cut_last(text, _CLOSER)
    return text.strip()


def strip_offers(answer: str) -> str:
    """Return an answer without a closing question whether more is wanted; the whole answer if that is all it says."""
    before = None
    while answer != before:
        before = answer
        shorter = _cut_last(answer, _OFFER, ends_asking=True)
        if (match := _OFFER_BEHIND.search(answer)) and len(answer[: match.start()].split()) >= _SHORTEST_STATEMENT:
            shorter = f"{answer[: match.start()]}."
        answer = shorter or answer
    return answer


def _cut_last(text: str, pattern: re.Pattern[str], *, ends_asking: bool = False) -> str:
    last = _LAST_SENTENCE.search(text, max(0, len(text) - _TAIL))
    is_meant = last is not None and pattern.match(last[1]) and (not ends_asking or last[1].endswith("?"))
    return text[: last.start(1)].rstrip() if last is not None and is_meant else text
