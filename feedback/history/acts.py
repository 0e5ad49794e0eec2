"""Tells what a message does in a conversation: asks, agrees, puts off, asks back, complains, or knows no answer.

Rules for English. Knows nothing of who speaks.
"""

from feedback.history.courtesy import strip_courtesies, strip_offers
from feedback.history.phrases import build_pattern, split_sentences

_ACKNOWLEDGED = build_pattern(
    r"ok(?:ay)?|yes|yep|yeah|yup|no|nope|nah|sure(?: thing)?|great|perfect|awesome|cool|excellent|wonderful|nice"
    r"|good|fine",
    r"alright|all right|right|correct|exactly|absolutely|definitely|of course|certainly|got it|gotcha|i see"
    r"|understood",
    r"makes sense|will do|done|sounds? (?:good|great|fine|perfect|nice|right|lovely|like a plan)",
    r"(?:that|it|this)(?:'s| is| was| will be|'ll be| would be| sounds?| looks?)? (?:all|it|everything|great"
    r"|perfect|fine|good"
    r"|nice|right|correct|what i needed|works?(?: (?:now|for me))?|helped|okay|ok|enough|cool|wonderful|awesome|true"
    r"|solved it|did it)",
    r"(?:it )?works? now|solved|fixed|resolved|(?:i )?appreciate (?:it|that|your help|the help)|you too|same to you",
    r"i(?:'m| am) (?:all set|good|done|fine|set|ok)|you(?:'ve| have) been[^.?!]{0,30}",
    r"that (?:will|would|'ll) (?:be|do)[^.?!]{0,12}|nothing(?: else| more)?|not (?:right now|now|today"
    r"|at the moment|really)",
    r"(?:that|this)(?:'s| is) all(?: the \w+)? (?:i|we) (?:need|want)\w*",
    r"i (?:do not|don't) need anything(?: (?:else|more))?|please do|please|go ahead|thanks?|thank you|thx|super"
    r"|prima",
    r"genau|klar|ja|nein|oui|non|sí|[:;]-?[)(]+|:\w+:",
    before=r"(?:",
    after=r"(?:[\s,.!;:–-]+|\Z))+",
)
_EMPATHY = build_pattern(
    r"i (?:can |do |completely |totally )?understand\b|i see that you\b|no worries|don't worry|worry not",
    r"i can (?:certainly |definitely )?(?:help|assist) (?:you )?(?:with|out)\b|i'm here to (?:help|assist)|(?:i"
    r"|we) (?:sincerely )?apologi[sz]e\b|(?:i'm|i am|we're"
    r"|we are) (?:\w+ )?sorry (?:to|for|about)",
    r"(?:i|we)(?:'ll| will|'d| would|'m| am|'re| are) (?:be )?(?:(?:more than|very|so) )?(?:happy|glad|pleased)"
    r" to (?:help|assist)\b",
    r"once (?:i|we) have\b[^.!?]*\bi(?:'ll| will| can)\b",
    before=r"\W*",
)
_LEAD = (
    r"\W*(?:(?:okay|ok|sure|great|thanks|thank\s+you|certainly|of\s+course|absolutely|no\s+problem|hmm+|i\s+see)"
    r"[,.!]*\s*)*"
)
_HOLDING = build_pattern(
    r"(?:please )?(?:let me|allow me to|i'll|i will|i'm going to|we'll|we will|i am|i'm|we are|we're) "
    r"(?:(?:just|quickly|now|have to|need to|then) )*"
    r"(?:check(?:ing)?|look(?:ing)? (?:into|this|that|it|up|at)|take a (?:quick )?look|find(?:ing)? out|ask(?:ing)?"
    r"|see (?:what|if)|investigat\w+|get (?:back|this|that)|pull(?:ing)? up|forward|escalat\w+|pass|transfer"
    r"|connect|search(?:ing)?"
    r"|verify(?:ing)?|work(?:ing)? on|be right|come back|update you|need a (?:moment|minute|second))",
    r"(?:please )?(?:give me )?(?:just )?(?:one|a|1|two|a few|another) (?:moments?|sec(?:ond)?s?|minutes?|min)\b",
    r"(?:please )?(?:bear with|hang on|stand by|stay on)\b",
    # Not "Hold the button": what is held or waited for is an instruction.
    r"(?:please )?(?:hold|wait)(?:\W*\Z|,| (?:on|please|tight)\b| (?:the|your) line\b| for (?:me|us)\b"
    r"| [^.!?]{0,40}\b(?:while|until|till) (?:i|we|our)\b"
    r"| (?:for )?(?:just )?(?:(?:an?|one|1|another|some) )?(?:few )?"
    r"(?:moments?|sec(?:ond)?s?|minutes?|mins?|bit|while|instant|time|sometime)\b)",
    r"(?:checking|looking into|on it|brb)\b",
    r"we (?:have |'ve )?received your",
    r"your (?:request|ticket|message) (?:has been|was) (?:received|created|forwarded|escalated|assigned)",
    r"i(?:'ve| have)? (?:forwarded|escalated|passed|created a ticket|opened a ticket)",
    before=_LEAD,
)
_GIVE = (
    "(?:provide|share|specify|describe|confirm|verify|tell|give|send|let (?:me|us) know|supply|state|check|clarify"
    "|explain|elaborate|indicate)"
)
_DETAIL = (
    r"(?:(?:to|with) )?(?:me|us|your|more|some|which|what|how|whether|if|where|when|that|these|those|one|it|again"
    r"|[:,]"
    r"|the (?:serial|order|model|version|log|name|e-?mail|number|date|time|following|details?|exact|full|error"
    r"|city|location"
    r"|area|last|first|account|address|pin|answer)|an? (?:photo|screenshot|picture|video|copy|date|time|number"
    r"|name|few|little|bit))"
)
_REQUESTED = build_pattern(
    rf"\b(?:please|kindly|could you|can you|would you|may i|can i|could i|i'll need you to|i need you to"
    rf"|i'd like you to) "
    rf"(?:(?:please|also|just|kindly|now|have|get) )*(?:{_GIVE}\s*{_DETAIL}|(?:your|the) (?:full )?"
    r"(?:name|e-?mail|order|account|phone|number|address|pin)\b)",
    rf"^\W*{_GIVE} (?:me|us|your)\b",
    r"^\W*(?:to \w+[^,.]{0,60}, )?(?:i|we)(?:'ll| will| would| just| also|'d| do| still)* (?:need|require"
    r"|have to (?:know|ask)) "
    r"(?:(?:to know|you to) )?(?:your|the|an?|some|more|to know|to ask|what|which|how|it)\b",
    r"^\W*(?:and |right, )*your [^.!?]{2,40} please\b",
    r"^\W*(?:(?:okay|ok|alright|so|just|sure|no problem)\W+)*(?:to confirm|kindly ensure|please give"
    r"|you(?: would|'d) like|let me confirm|(?:just )?tell me)\b",
    r"\bif you (?:can|could) (?:also )?(?:share|provide|give|tell)\b|\b(?:is|are) (?:that|this|these"
    r"|the) \w+ (?:right|correct|okay)\b",
    r"^\W*(?:which|what) [^.!?]{2,30} please\b|\bdo i have that right\b|^\W*i(?:'ve| have)? located (?:it|that)\b",
    r"^\W*confirming\b|\bplease confirm\b|^\W*confirm please\b",
    r"^\W*(?:(?:and|now|so|then|first)\W+)*you(?: will|'ll)? (?:have to|need to|must)"
    r" (?:tell|give|send) (?:me|us)\b",
    r"^\W*(?:in|at|on|for|from|to|by|with) (?:which|what) (?!case)\w+\W*$",
    r"^\W*(?:(?:and|okay|ok|so|sure)\W+)*(?:what|which|where|when|who|how (?:many|much|long|far|often)) (?:\w+ ){0,2}"
    r"(?:is|are|do|does|did|will|would|should|can|may|shall) (?:you|i|we|it|the|your|this|that)\b",
    r"\bis that (?:right|correct|okay|ok)\b",
)
_CONFIRM = build_pattern("please confirm (?:the|these|this|that|your)? ?(?:following|details|[^.!?]{0,30}details)")
_UNKNOWING = build_pattern(
    r"(?:i'm |i am |we are |we're )?(?:(?:very|so|really) )?(?:sorry|afraid"
    r"|apologi[sz]e)[^.!?]{0,12} i (?:(?:still|also) )?"
    r"(?:do not|don't|did not|didn't|can not|cannot|can't|could not|couldn't|am not able to|am unable to) "
    r"(?:(?:quite|really) )?(?:understand|get|follow|help|answer|know|catch|assist)",
    r"(?:i )?(?:do not|don't|didn't) (?:quite )?(?:know|understand)\b",
    r"i(?:'m| am) (?:only able to|not sure|not able to help|unable to help)",
    r"(?:no idea|good question|same (?:here|question)|(?:can|could) you (?:rephrase|repeat))",
    before=_LEAD,
)
_COMPLAINS = build_pattern(
    r"(?:that|this|it|which) (?:did not|didn't|does not|doesn't|has not|hasn't|still \w+n't) (?:help|work|solve"
    r"|fix|answer|change)",
    "(?:not|never) what i (?:asked|meant|need)",
    r"no luck|same (?:error|problem|issue|result)\b|(?:already|i) tried (?:that|this|it)\b",
    r"still (?:not|no\b|broken|the same|getting|fail\w*|doesn't|does not|won't|can't|cannot|happening|stuck"
    r"|have the)",
    "(?:that|this|it)(?:'s| is) (?:wrong|incorrect|not (?:right|correct|true|it|helpful))",
    before=r"\b",
)
_ASKS = build_pattern(
    r"\?",
    r"\bi(?:'d| would| do)? (?:(?:also|only|really|just) )?(?:prefer|book|want|need|like (?:to|an?|really)"
    r"|love to|wish"
    r"|have to|am (?:trying|looking|having|unable)"
    r"|was (?:wondering|hoping|told|charged)|cannot|can't|could not|couldn't|don't (?:know|understand|see)|forgot"
    r"|lost"
    r"|received|got)\b",
    r"\bi'm (?:trying|looking|having|unable|not able|wondering|getting|interested|locked|stuck|searching|in need"
    r"|planning|also)\b",
    r"\b(?:can (?:i|you|we)|could (?:you|i|we)|would you|will you|help|how (?:do|to|can|much|many|long|about)"
    r"|need (?:to|help|an?|some)"
    r"|looking for|is it possible|tell me|show me|explain|find|search|give me|let me know|(?:what|where) (?:is"
    r"|are|about|can|do))\b",
    r"\b(?:error|fail\w*|broken|stuck|blink\w*|flash\w*|does(?: not|n't)|didn't|isn't|won't|cannot|unable"
    r"|no longer|keeps?|stopped"
    r"|problem|issue|wrong|missing|not (?:working|able|responding)|trouble|locked out|crash\w*|refund|cancel"
    r"|complaint|shows?"
    r"|displays?|says|now (?:the|it|my|i))\b",
    r"^\W*(?:please )?(?:book|reserve|buy|play|add|transfer|make|schedule|get|check|look|change|set|open|close"
    r"|send|order|return"
    r"|delete|remove|update|reset|install)\b",
)


def is_acknowledgement(text: str) -> bool:
    """Whether a person only agrees, declines or thanks."""
    return not text or bool(_ACKNOWLEDGED.fullmatch(text.strip(" \"'*_-")))


def is_holding(text: str) -> bool:
    """Whether an answer only says that one will come, or that there is none."""
    return all(_HOLDING.match(one) or _UNKNOWING.match(one) or _is_small(one) for one in split_sentences(text))


def asks_back(text: str) -> bool:
    """Whether an answer only asks for details that it needs."""
    own = [one for one in split_sentences(strip_offers(text)) if not _is_small(one) and not _HOLDING.match(one)]
    is_summary = bool(own) and bool(_CONFIRM.search(own[0]))
    return is_summary or (bool(own) and all(one.endswith("?") or _REQUESTED.search(one) for one in own))


def complains(text: str) -> bool:
    """Whether a person says that an answer did not help."""
    return bool(_COMPLAINS.search(text))


def asks(text: str) -> bool:
    """Whether a person asks for something or tells of a problem."""
    return bool(_ASKS.search(text))


def drop_agreement(text: str) -> str:
    """Return a text without the "Yes, thanks." that begins it."""
    sentences = split_sentences(text)
    first = next((number for number, one in enumerate(sentences) if not is_acknowledgement(one)), 0)
    return text[text.index(sentences[first]) :] if first else text


def _is_small(sentence: str) -> bool:
    return is_acknowledgement(sentence) or not strip_courtesies(sentence) or bool(_EMPATHY.match(sentence))
