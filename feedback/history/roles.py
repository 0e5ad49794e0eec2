"""Decides which people of a history are staff: as files say, as an admin says, or by who answers.

Knows nothing of what is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from feedback.history.fields import side_of
from feedback.history.message import Message, Side
from feedback.history.stage import AuthorStatistics

# Domains of addresses that anybody can get.
FREE_MAIL = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com"}
    | {"aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.ru", "proton.me", "protonmail.com", "qq.com"}
    | {"163.com", "free.fr", "orange.fr", "laposte.net", "libero.it", "msn.com", "yandex.ru", "zoho.com", "mail.com"}
)
_ANSWERED_OFTEN = 3
_MOSTLY = 4
"""A person answers rather than asks if they join this many conversations for each that they open."""


@dataclass(frozen=True, slots=True)
class StaffHints:
    """An admin's statement about who is staff: mail domains, and names, ids or addresses of people."""

    domains: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    @classmethod
    def build(cls, domains: Iterable[str], people: Iterable[str]) -> "StaffHints":
        return cls(
            frozenset(domain.casefold().lstrip("@") for domain in domains), frozenset(one.casefold() for one in people)
        )

    def __bool__(self) -> bool:
        return bool(self.domains or self.people)

    def names(self, message: Message) -> bool:
        return (
            message.author.casefold() in self.people
            or message.name.casefold() in self.people
            or find_domain(message.author) in self.domains
        )


@dataclass(frozen=True, slots=True)
class Roles:
    """Tells the side of each message. `how` says in a sentence what that is based on."""

    hints: StaffHints
    guessed: StaffHints = field(default_factory=StaffHints)
    how: str = ""

    def side(self, message: Message) -> Side:
        """Return the side of a message's author; "" if nothing tells."""
        if self.hints:
            if self.hints.names(message):
                return "staff"
            return message.side if _is_only_role(message) else "customer"
        if message.side:
            return message.side
        if self.guessed:
            return "staff" if self.guessed.names(message) else "customer"
        return ""


def _is_only_role(message: Message) -> bool:
    """Whether the author is known by a role alone, as in a FAQ or a call with "Agent: …": no hint can name them."""
    is_person = bool(message.name) or "@" in message.author
    return bool(message.side) and not is_person and side_of(message.author) == message.side


def choose_roles(hints: StaffHints, authors: Sequence[AuthorStatistics], *, known: bool) -> Roles:
    """Return how roles are told. `known`: the files themselves say who is staff."""
    if hints:
        how = "Staff is who was named as staff, or is known by such a role alone; everybody else is a customer."
        return Roles(hints, how=how)
    if known:
        return Roles(hints, how="Who is staff was read from the files.")
    domain = _guess_domain(authors)
    if domain:
        guessed = StaffHints(frozenset({domain}))
        how = f"Staff is guessed to be everybody at {domain}, who answers most. Name it with --staff-domain to be sure."
        return Roles(hints, guessed, how)
    people = [one.author for one in authors if is_answerer(one.opened, one.joined)]
    if people:
        how = (
            f"{len(people)} people are guessed to be staff, since they answer others and rarely ask. Name them with "
            "--staff to be sure."
        )
        return Roles(hints, StaffHints(people=frozenset(one.casefold() for one in people)), how)
    return Roles(hints, how="Nothing tells who is staff: who begins a conversation asks, and the others answer.")


def is_answerer(opened: int, joined: int) -> bool:
    return joined >= _ANSWERED_OFTEN and joined >= _MOSTLY * opened


def _guess_domain(authors: Sequence[AuthorStatistics]) -> str:
    """Return the mail domain whose people answer rather than ask; "" if there is none."""
    opened: defaultdict[str, int] = defaultdict(int)
    joined: defaultdict[str, int] = defaultdict(int)
    for one in authors:
        domain = find_domain(one.author)
        if domain and domain not in FREE_MAIL:
            opened[domain] += one.opened
            joined[domain] += one.joined
    best = max(joined, key=lambda domain: joined[domain], default="")
    return best if best and is_answerer(opened[best], joined[best]) else ""


def find_domain(author: str) -> str:
    """Return the domain of an author who is a mail address."""
    return author.rpartition("@")[2].casefold() if "@" in author else ""


def tell_askers(messages: Sequence[Message], roles: Roles) -> tuple[list[tuple[Message, bool]], bool]:
    """Return the messages with whether each one's author asks, and whether a customer asks.

    Customers ask staff. Among staff alone, or if nothing tells, the person who begins asks and the others answer.
    Between customers alone nobody answers for the company.
    """
    sides = [roles.side(message) for message in messages]
    present = set(sides)
    if present == {"customer", "staff"}:
        return [(message, side == "customer") for message, side in zip(messages, sides, strict=True)], True
    if present == {"customer"}:
        return [], True
    opener = messages[0].author
    return [(message, message.author == opener) for message in messages], present != {"staff"}
