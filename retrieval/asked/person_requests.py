"""Recognises messages that ask for a person: English ones by their vectors, those in other languages by their words.

`python -m models.recipes.rankings.fit_person_requests` fits the weights for the packaged embedder. With another
embedder only the words count. Knows nothing of what follows.
"""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.embedder import Embedder

WEIGHTS = Path(__file__).parent / "person_weights.json"
MOST_WORDS = 25  # in a longer message a request for a person is only one part

# Begins a question about people and their work, rather than a request for one of them.
_ABOUT = re.compile(
    r"^\W*(?:when|why|which|what|how (?:much|many|long|often|do agents)|do (?:i|we) (?:have|need) to|are you an?"
    r"|wann|warum|wie ?viele?|welche[rnms]?|was|wer|wo|quand|pourquoi|combien|quel(?:le)?s?|que|qui|où"
    r"|cu[aá]ndo|por qu[eé]|cu[aá]nt[oa]s?|cu[aá]l|qu[eé]|qui[eé]n|quando|perch[eé]|quant[eoi]|quali?|cosa|chi"
    r"|quantas?|quais|quem|wanneer|waarom|hoeveel|welke?|wie|wat|kiedy|ile|kto|co|jak)\b",
    re.IGNORECASE,
)
# A few words that ask for a person by themselves.
_BARE = re.compile(
    r"^\W*(?:(?:a|an|some)\s+)?(?:(?:real|live|actual)\s+)?(?:human|person|agent|operator|representative)"
    r"(?:\W+(?:please|now|pls))*\W*$"
    r"|\b(?:anybody|anyone|somebody|someone) (?:real|human|alive)\b|^\W*(?:please |can you |just )*escalate this\b"
    r"|\b(?:connect|transfer) (?:me|us)(?:\W+(?:please|now))*\W*$"
    r"|\b(?:somebody|someone|anybody|anyone|a (?:colleague|person|human)|one of your \w+|your team)\b[^.?!]{0,30}"
    r"\b(?:call|contact|ring|phone|reach|write to|talk to|speak to|get (?:back to|in touch with))\b[^.?!]{0,9}"
    r"\b(?:me|us)\b"
    r"|\becht[a-z]* (?:mensch|person)|\bvraie? (?:personne|humain)|\b(?:persona|agente|operatore) (?:real|reale|vera"
    r"|umana|humana|de verdad)\b|\bpessoa (?:real|de verdade)\b|\bechte? (?:mens|persoon)|\bprawdziw\w+ (?:cz|osob)",
    re.IGNORECASE,
)
# In other languages a request names somebody and what they shall do, or says that the asker wants a human.
_HUMAN = re.compile(
    r"\b(?:brauche|m[öo]chte|will|h[äa]tte gern|gibt'?s?|suche|veux|voudrais|souhaite|besoin|quiero|necesito|quisiera"
    r"|voglio|vorrei|bisogno|quero|preciso|wil|heb|chc[eę]|potrzebuj[eę])\b[^.?!]{0,40}\b(?:mensch(?:en)?|ansprechpartner(?:in)?"
    r"|humain|humano|humana|umano|mens|cz[lł]owieka)\b",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"\b(?:jemand(?:em|en)?|mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|kolleg(?:e|en|in)|ansprechpartner(?:in)?"
    r"|kunden(?:dienst|service)|quelqu['’]un|personne|humain|conseill(?:er|ère)|op[ée]rateur|coll[èe]gue|alguien|persona"
    r"|humano|agente|asesor|operador|representante|compañero|supervisor|qualcuno|operatore|umano|addetto|collega"
    r"|responsabile|(?:dem|eurem|euren|ihrem|den) support"
    r"|algu[eé]m|pessoa|atendente|colega|iemand|mens|persoon|medewerker|cz[lł]owiek(?:iem)?|kim[sś]|osob[aąę]"
    r"|konsultant(?:em)?|n[åa]gon|m[äa]nniska|nogen|menneske|(?:une?|einen?|einem|un|um|uma|een) agent(?:en)?)\b",
    re.IGNORECASE,
)
_REACH = re.compile(
    r"\b(?:sprechen|reden|verbinden?|verbunden|leiten|weiterleiten|holen|anrufen|zur[üu]ckrufen|[üu]bernehmen|erreichen"
    r"|parler|discuter|joindre|contacter|transf[ée]rer|passe[rz]|relation|rappeler|appeler"
    r"|hablar|comunicarme|comun[ií]que(?:n)?me|p[aá]s[ae]me|transferir|transfi[eé]rame|atienda|atender|contactar|llame"
    r"|parlare|passa(?:mi)?|passar(?:e|mi)|contattare|richiam(?:are|i)|trasferi\w+|falar|conversar|transfira|passar"
    r"|spreken|praten|doorverbinden|verbind|terugbellen|(?:po)?rozmawia[cć]|po[lł][aą]cz(?:y[cć]|cie)?"
    r"|prata|tala|tale|snakke)\b",
    re.IGNORECASE,
)

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def wants_person(message: str, embedder: Embedder) -> bool:
    """Return whether a message asks for a person, and not about people. Takes about 10 ms."""
    if len(message.split()) > MOST_WORDS or not _asks(message, embedder):
        return False
    # Who says their name and then asks about a shop speaks of people in the whole message, and in no sentence of it.
    sentences = [part for part in _SENTENCE_END.split(message) if part.strip()]
    return len(sentences) == 1 or any(_asks(sentence, embedder) for sentence in sentences)


def _asks(message: str, embedder: Embedder) -> bool:
    if _ABOUT.match(message):
        return False
    if _BARE.search(message) or _HUMAN.search(message) or (_SOMEBODY.search(message) and _REACH.search(message)):
        return True
    model, weights, bias = _load()
    is_fitted = embedder.model_id.partition(":")[0] == model and message.strip() != ""
    return is_fitted and float(embedder.encode([message])[0] @ weights) + bias > 0.0


@cache
def _load() -> tuple[str, NDArray[np.float64], float]:
    raw = json.loads(WEIGHTS.read_text())
    return raw["model"], np.array(raw["weights"]), float(raw["bias"])
