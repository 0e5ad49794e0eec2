"""Takes personal data out of text: typed placeholders, in one thread always the same for the same person or number."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from feedback.privacy.credentials import find_secrets
from feedback.privacy.cues import NO_NAMES, find_by_cues
from feedback.privacy.names import FindNames
from feedback.privacy.network import find_devices, find_emails, find_urls
from feedback.privacy.numbers import find_cards, find_ibans, find_identifiers, find_phones
from feedback.privacy.people import ALSO_WORDS, Person, find_known, find_mentions, group_names
from feedback.privacy.postal import find_addresses
from feedback.privacy.public import Public
from feedback.privacy.spans import Found, Kind, keep_apart

_PLACEHOLDER = re.compile(
    r"\[(?P<kind>name|email|phone|card|iban|ip|mac|url|address|serial|id|secret) (?P<number>\d+)\]"
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+)*")
_PARTICLE_LENGTH = 3
_NO_NAME = re.compile(r"[\d_/\\|<>=*#`\[\](){}\n]|[a-zß-öø-ÿ]{3}[A-Z]")  # markup and camelCase
_MARKUP = frozenset("[`*_#|<=/\\{@$~")
_MARKUP_BEHIND = frozenset("]`*_|>=/\\}:(~")
# What overlaps goes to the first of these.
_FINDERS = (
    find_mentions,
    find_urls,
    find_emails,
    find_secrets,
    find_ibans,
    find_cards,
    find_devices,
    find_identifiers,
    find_addresses,
    find_phones,
)


class Masker:
    """Masks the texts of one thread.

    `people` are those whom Slack shows there. `find_names` finds names of others (see `read_names`); without it only
    the words beside a name tell one. Who was found once is known in the texts after that.
    """

    def __init__(
        self, people: Iterable[Person] = (), public: Public | None = None, *, find_names: FindNames | None = None
    ) -> None:
        self._people = list(people)
        self._public = public or Public()
        self._find_names = find_names
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._highest: Counter[str] = Counter()

    def meet(self, names: Iterable[str]) -> None:
        """Know the people with these display names from now on."""
        for person in group_names(names):
            if not any(set(person.names) & set(known.names) for known in self._people):
                self._people.append(person)

    def mask(self, text: str, *, quoted: str = "") -> str:
        """Return the text with placeholders; see `mask_all`."""
        return self.mask_all([text], quoted=quoted)[0]

    def mask_all(self, texts: Sequence[str], *, quoted: str = "") -> list[str]:
        """Return the texts with placeholders such as [name 1]. Masking twice changes nothing.

        `quoted` is what the documents say beside them; its contacts stay, and names that stand in it.
        """
        public = self._public.beside(quoted) if quoted else self._public
        for placeholder in chain.from_iterable(map(_PLACEHOLDER.finditer, texts)):
            kind, number = placeholder["kind"], int(placeholder["number"])
            self._highest[kind] = max(self._highest[kind], number)
        spotted: Iterable[Sequence[tuple[int, int]]] = (
            self._find_names(texts) if self._find_names else [()] * len(texts)
        )
        found = [self._find(text, spans, public) for text, spans in zip(texts, spotted, strict=True)]
        self._remember(texts, found)
        return [self._replace(text, one, public) for text, one in zip(texts, found, strict=True)]

    def _find(self, text: str, spotted: Iterable[tuple[int, int]], public: Public) -> list[Found]:
        """Return the finds of one text that do not depend on the others."""
        kept = [Found(match.start(), match.end(), "id", _AS_IT_IS) for match in _PLACEHOLDER.finditer(text)]
        plain = chain.from_iterable(find(text) for find in _FINDERS)
        names = [name for name in find_by_cues(text) if not _is_quoted(text[name.start : name.end], public)]
        names += [Found(start, end, "name") for start, end in spotted if _may_be_name(text, start, end, public)]
        return keep_apart([*kept, *plain, *find_known(text, self._people, public.quoted), *names], len(text))

    def _remember(self, texts: Sequence[str], found: Iterable[Iterable[Found]]) -> None:
        """Take up who was found without being known, so that each is found by any part of the name from now on."""
        for text, finds in zip(texts, found, strict=True):
            for one in finds:
                if one.kind == "name" and not one.person:
                    name = " ".join(text[one.start : one.end].split())
                    if not any(find_known(name, [person]) for person in self._people):
                        self._people.append(Person(name, (name,)))

    def _replace(self, text: str, found: Sequence[Found], public: Public) -> str:
        known = find_known(text, self._people, public.quoted)
        settled = [one for one in found if one.kind != "name" or one.person]
        masked, end = "", 0
        for one in keep_apart([*settled, *known, *found], len(text)):
            value = text[one.start : one.end]
            stays = one.person == _AS_IT_IS or (one.kind != "name" and public.holds(value, one.kind))
            masked += text[end : one.start] + (value if stays else self._name(one, value))
            end = one.end
        return masked + text[end:]

    def _name(self, found: Found, value: str) -> str:
        """Return the placeholder of a find, the same for the same person, address or number."""
        same = "".join(character for character in value.casefold() if character.isalnum())
        key = (found.kind, found.person or same)
        if key not in self._numbers:
            self._highest[found.kind] += 1
            self._numbers[key] = self._highest[found.kind]
        return f"[{found.kind} {self._numbers[key]}]"


_AS_IT_IS = "a placeholder"


def mask_personal_data(text: str, names: Iterable[str] = (), *, public: str = "") -> str:
    """Return one text without personal data. `names` are display names; what stands in `public` stays."""
    return Masker(group_names(names)).mask(text, quoted=public)


def _is_quoted(name: str, public: Public) -> bool:
    return bool(public.quoted) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", public.quoted) is not None


def _may_be_name(text: str, start: int, end: int, public: Public) -> bool:
    """Whether what the model takes for a name can be one: capitalised words, none of code, which no document uses."""
    name = text[start:end]
    words = _NAME_WORD.findall(name)
    if not words or _NO_NAME.search(name) or text[:start][-1:] in _MARKUP or text[end : end + 1] in _MARKUP_BEHIND:
        return False
    if any(not word[0].isupper() for word in words if len(word) > _PARTICLE_LENGTH):
        return False
    if any(word.casefold() in NO_NAMES or (word.isupper() and len(word) > 1) for word in words):
        return False
    if len(words) == 1 and words[0] in ALSO_WORDS:
        return False
    return not all(word.casefold() in public.words for word in words)
