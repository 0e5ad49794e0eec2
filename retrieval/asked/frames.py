"""Puts the frame of a question in another language into English: "¿Cuánto cuesta X1?" asks "How much does X1 cost?".

What a product is called is often the same in every language, while search and ranking read English. Works by rules, for
the commonest questions of support in seven languages; the words inside the frame stay as they are. Knows no documents.
"""

import re

_FRAMES = {
    "How much does {} cost?": (
        r"(?:was|wie ?viel) kostet(?:en)?|wie teuer (?:ist|sind)|was ist der preis (?:von|für)",
        r"cu[aá]nto (?:cuestan?|valen?)|(?:cu[aá]l es el|qué) precio (?:tienen?|de(?:l)?)",
        r"combien (?:co[uû]te(?:nt)?|vaut)|quel est le prix (?:de|du|des)",
        r"quanto costa(?:no)?|quanto custam?",
        r"(?:wat|hoeveel) kost(?:en)?|ile kosztuj[eą]",
    ),
    "What does {} mean?": (
        r"was bedeutet|was heißt|qu[eé] significa|que (?:signifie|veut dire)|(?:che )?cosa significa|o que significa",
        r"wat betekent|co oznacza",
    ),
    "How much does {} weigh?": (
        r"(?:was|wie ?viel) wiegt|wie schwer ist|cu[aá]nto pesa|combien p[eè]se|quanto pesa|hoeveel weegt|ile waży",
    ),
    "How long does {} last?": (
        r"wie lange (?:dauert|gilt|hält|läuft)|cu[aá]nto (?:tiempo )?dura|combien de temps dure|quanto dura",
        r"hoe ?lang duurt|jak długo trwa",
    ),
    "Where is {}?": (
        r"wo (?:ist|finde ich|liegt)|d[oó]nde est[aá]|où (?:est|se trouve)|dov['’]è|onde (?:está|fica)|waar is",
        r"gdzie jest",
    ),
    "When does {} open?": (r"wann (?:öffnet|macht)|cu[aá]ndo abre|quand ouvre|quando (?:apre|abre)|wanneer opent",),
}
_OPENINGS = tuple(
    (english, re.compile(rf"^\W*(?:{'|'.join(openings)})\s+(?P<what>.+?)\W*$", re.IGNORECASE))
    for english, openings in _FRAMES.items()
)
# Inside the frame only what every price or fault code comes with has an English word.
_INSIDE = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), english)
    for words, english in (
        (r"(?:im|pro|al|por|par|all['’]|per|na) ?(?:jahr|año|an|anno|ano|jaar|rok)", "a year"),
        (r"(?:im|pro|al|por|par|per|na) (?:monat|mes|mois|mese|mês|maand|miesiąc)", "a month"),
        (
            r"(?:fehler|störung)s?(?:code|meldung)?|"
            r"(?:c[oó]digo|code|codice) (?:de |d['’]|di )?(?:error|erreur|errore|erro)",
            "error",
        ),
        (r"fehler|erreur|errore|erro|foutcode|fout|błąd|c[oó]digo|codice|kod", "error"),
    )
)
_ARTICLE = re.compile(
    r"^(?:(?:der|die|das|den|dem|ein|eine|el|la|los|las|una?|le|les|du|il|lo|gli|i|os?|as?|uma?|het|de|een)\s+|l['’])",
    re.IGNORECASE,
)


def put_in_english(question: str) -> str | None:
    """Return the question with its frame in English; None if it has none of the known frames."""
    for english, opening in _OPENINGS:
        if found := opening.match(question):
            what = _ARTICLE.sub("", found["what"])
            for words, word in _INSIDE:
                what = words.sub(word, what)
            return english.format(what)
    return None
