"""What is everybody's and stays: the company's own domains and contacts, and the words of its documents."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from feedback.privacy.network import find_devices, find_emails
from feedback.privacy.numbers import find_ibans, find_phones
from feedback.privacy.postal import find_addresses
from feedback.privacy.spans import Kind

_WORD = re.compile(r"[^\W\d_]{2,}")
_DOMAIN = re.compile(r"@((?:[\w-]+\.)+[^\W\d_]{2,})")
_MAIL_HOSTS = frozenset(
    """
    aol.com gmail.com gmx.com gmx.de gmx.net googlemail.com hotmail.com icloud.com live.com mail.com me.com
    msn.com outlook.com proton.me protonmail.com t-online.de web.de yahoo.co.uk yahoo.com yandex.ru zoho.com
    """.split()  # noqa: SIM905
)
_NATIONAL_DIGITS = 9  # what +44 161 496 0100 and 0161 496 0100 have in common


@dataclass(frozen=True, slots=True)
class Public:
    """What a mask leaves alone.

    `domains` are the company's own, `contacts` what its documents say of how to reach it, `words` the words of the
    documents: none of them is taken for the name of somebody unknown. `quoted` is the text that was quoted beside what
    is masked: a known name that stands there too (a product that somebody is named like) stays.
    """

    domains: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    quoted: str = ""

    def holds(self, value: str, kind: Kind) -> bool:
        """Whether an address or a number is the company's own."""
        if kind == "email" and any(self._is_own(domain) for domain in _DOMAIN.findall(value)):
            return True
        return _simplify(value, kind) in self.contacts

    def _is_own(self, domain: str) -> bool:
        parts = domain.casefold().split(".")
        return any(".".join(parts[start:]) in self.domains for start in range(len(parts) - 1))

    def beside(self, quoted: str) -> "Public":
        """Return what is public beside these lines, whose contacts and names are public too."""
        here = read_public([quoted])
        return replace(
            self,
            domains=self.domains | here.domains,
            contacts=self.contacts | here.contacts,
            words=self.words | here.words,
            quoted=quoted,
        )


def read_public(documents: Iterable[str], domains: Iterable[str] = ()) -> Public:
    """Return what the documents make public. Domains that they write mail at are the company's, but for mail hosts."""
    own = {domain.casefold().strip().removeprefix("@") for domain in domains}
    contacts: set[str] = set()
    words: set[str] = set()
    for text in documents:
        words.update(word.casefold() for word in _WORD.findall(text))
        for find in (find_emails, find_phones, find_addresses, find_devices, find_ibans):
            contacts.update(_simplify(text[found.start : found.end], found.kind) for found in find(text))
        own.update(domain for written in _DOMAIN.findall(text) if (domain := written.casefold()) not in _MAIL_HOSTS)
    return Public(frozenset(own), frozenset(contacts), frozenset(words))


def _simplify(value: str, kind: Kind) -> str:
    """Return what two ways of writing the same address or number have in common."""
    bare = "".join(character for character in value.casefold() if character.isalnum())
    return f"{kind}:{bare[-_NATIONAL_DIGITS:] if kind == 'phone' else bare}"
