"""Which emoji are votes, however Slack or a client spells them."""

from dataclasses import dataclass
from enum import StrEnum

_ALIASES = {
    "thumbsup": "+1",
    "thumbs_up": "+1",
    "thumbsdown": "-1",
    "thumbs_down": "-1",
    "tick": "white_check_mark",
    "cross": "x",
}


class Vote(StrEnum):
    """A person's opinion of a reply."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class EmojiVotes:
    """The emoji that count, by their canonical names: no colons, no alias, no skin tone."""

    up: frozenset[str] = frozenset(
        {"+1", "heart", "tada", "white_check_mark", "heavy_check_mark", "100", "raised_hands", "clap"}
    )
    down: frozenset[str] = frozenset({"-1", "x", "no_entry_sign", "negative_squared_cross_mark"})

    def find_verdict(self, emoji: str) -> Vote | None:
        """Return what the emoji says about a reply; None if it is no vote."""
        name = normalise_emoji(emoji).partition("::")[0]
        if name in self.up:
            return Vote.UP
        return Vote.DOWN if name in self.down else None


DEFAULT_VOTES = EmojiVotes()


def normalise_emoji(emoji: str) -> str:
    """Return one name for one reaction, without colons and aliases but with the skin tone.

    `:thumbsup::skin-tone-2:` and `+1::skin-tone-2` are the same reaction; `+1` is another.
    """
    base, separator, tone = emoji.strip().strip(":").lower().partition("::")
    return _ALIASES.get(base, base) + separator + tone
