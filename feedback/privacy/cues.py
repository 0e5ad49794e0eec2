"""Finds names of people whom nobody knows, by the words beside them: greetings, closings, titles, "my name is".

Needs no model. What it finds is a name with few exceptions; of names without such words it finds none.
"""

import re
from collections.abc import Iterator

from feedback.privacy.spans import Found

_UPPER = r"[^\W\d_a-zß-öø-ÿ]"
_WORD = rf"(?:{_UPPER}[^\W\d_]*[.]?|{_UPPER}['’]{_UPPER}[^\W\d_]+)(?:[-'’]{_UPPER}[^\W\d_]+)*"
_PARTICLE = r"(?:van der|van den|van de|van|von der|von|de la|de|da|dos|del|di|bin|al|el|ibn|zu|ter|le|la)"
_NAME = rf"(?P<name>{_WORD}(?: (?:{_PARTICLE} )?{_WORD}){{0,3}})"
_SHORT_NAME = rf"(?P<name>{_WORD}(?: (?:{_PARTICLE} )?{_WORD}){{0,2}})"
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Monsieur|Madame|Mme|Señor|Señora|Sra|Signor|Signora)"
_INTRODUCES = (
    r"(?i:my name is|my name's|name is|ich heiße|mein name ist|je m['’]appelle|me llamo|mi chiamo"
    r"|mijn naam is|jag heter"
    r"|meu nome é|is called|named)"
)
_I_AM = r"(?i:i am|i['’]m|this is|it['’]s|it is|ich bin|hier ist|je suis|soy|sono)"
_RELATIVE = (
    r"(?i:wife|husband|partner|son|daughter|mother|father|brother|sister|boss|colleague|neighbou?r|manager"
    r"|assistant|plumber"
    r"|technician|fitter|engineer|electrician|driver|courier|caretaker|tenant|landlord|landlady|supervisor"
    r"|customer|friend)"
)
_POINTS_AT = (
    r"(?i:ask(?:ed)? for|sp(?:eak|oke|oken) (?:to|with)|talk(?:ed|ing)? (?:to|with)|chat(?:ted)? with"
    r"|meeting with|according to"
    r"|signed (?:for )?by|sent by|forwarded by|picked up by|taken by|installed by|escalated to|told by"
    r"|on behalf of|belongs to"
    r"|(?:order|account|booking|contract) (?:is )?(?:under|of|for)|holder is|under the name(?: of)?|bought by"
    r"|refund (?:for|to)"
    r"|passenger|user|who is|please (?:ask|call|contact|tell|refund)|could you tell|c/o|complaint of|greetings from)"
)
_LABEL = (
    r"(?i:attn|attention|contact(?: person)?|owner|customer|name|full name|invoice to|bill to|ship to|sold to"
    r"|from|signed|kind"
    r" attention|technician(?: on site)?|caller|requester|reporter|assignee|driver|courier note"
    r"|ansprechpartner|kontaktperson)"
)
_CLOSING = (
    r"(?i:(?:best |kind |warm |many |with )*(?:regards|wishes)|best|sincerely(?: yours)?|yours (?:sincerely"
    r"|faithfully|truly)"
    r"|thanks(?: a lot| again| in advance)?|thank you|cheers|thx|(?:mit )?(?:freundlichen|besten|viele"
    r"|liebe) gr(?:ü|ue)(?:ß|ss)en?"
    r"|cordialement|saludos|atentamente|cordiali saluti|met vriendelijke groet(?:en)?|mvh|obrigad[oa]|signed)"
)
_GREETING = (
    r"(?i:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[r]?|bonjour|hola|ciao|thanks|thank you)"
)
_SPEAKS = (
    r"(?:here\b|again\b|says\b|said\b|wrote\b|writes\b|asked\b|asks\b|told\b|promised\b|confirmed\b|signed\b"
    r"|paid\b|bought\b"
    r"|ordered\b|called\b|fitted\b|installed\b|from (?:accounts|billing|sales|support|accounting|finance|the [a-z]+)\b"
    r"|in (?:accounts|billing|sales|support|accounting|finance)\b|will (?:pick|call|come|be present|send)\b"
    r"|is (?:called|the owner|on leave)\b)"
)
_CUES = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"\b{_TITLE}\b\.? {_NAME}",
        rf"\b{_INTRODUCES} {_NAME}",
        rf"(?:^|[.,!;:\n] ?|\bhello,? |\bhi,? ){_I_AM} {_SHORT_NAME}(?=,|\.|!| (?:from|here|and|again)\b|$)",
        rf"\b(?i:my|our|your|the) {_RELATIVE},? {_NAME}",
        rf"\b{_POINTS_AT} {_NAME}",
        rf"\b{_LABEL} ?: ?{_NAME}",
        rf"^[ \t]*{_CLOSING}[,.!]?[ \t]*\n\s*{_NAME}[ \t]*$",
        rf"\b{_CLOSING}, {_NAME}[ \t]*$",
        rf"\b{_GREETING},? {_SHORT_NAME}(?=[,!.?]| [–—-]|\s*$|, | (?:here|again)\b)",
        rf"^{_NAME}(?=,? {_SPEAKS})",
        rf"(?<=[.!?] ){_NAME}(?=,? {_SPEAKS})",
        rf"^(?i:(?:support )?(?:agent|customer|user|admin|technician|rep)) {_NAME}(?=: )",
    )
)
NO_NAMES = frozenset(
    """
    all team there everyone everybody everone folks guys sir madam support customer service admin sales help
    again both hello hi hey dear good morning afternoon evening thanks thank you regards cheers best kind the a
    an i it we he she they you your my our this that these those is are was no not yes please monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september
    october november december error code model version serial number part order ticket invoice phone email mail
    address windows chrome linux android english german french dutch spanish italian deutsch low high max min
    press set menu settings network filter battery mr mrs ms dr herr frau miss manager head agent nobody
    somebody anyone someone who what where when why how which accounts billing nothing everything mate from to
    in on at tel fax handy mobil telefon phone iban konto
    """.split()  # noqa: SIM905
)


# What a text must hold for a cue to match, where looking for that is cheaper than the pattern.
_NEEDS = {
    _CUES[1]: ("name", "heisse", "appelle", "llamo", "chiamo", "naam", "heter", "nome", "called"),
    _CUES[5]: (":",),
    _CUES[7]: (", ",),
}


def find_by_cues(text: str) -> Iterator[Found]:
    """Yield what the words beside it make a name."""
    folded = text.casefold()
    for pattern in _CUES:
        if pattern in _NEEDS and not any(need in folded for need in _NEEDS[pattern]):
            continue
        for match in pattern.finditer(text):
            if (end := _find_end(match["name"])) > 0:
                yield Found(match.start("name"), match.start("name") + end, "name")


def _find_end(name: str) -> int:
    """Return how much of a match is a name: up to the first word that is none; 0 for nothing of it."""
    end = 0
    for word in re.finditer(r"\S+", name):
        bare = word.group().strip(".,").casefold()
        if bare in NO_NAMES:
            break
        if word.group()[:1].isupper():
            end = word.end()
    return len(name[:end].rstrip(" .,")) if end else 0
