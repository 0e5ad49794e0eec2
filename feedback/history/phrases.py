"""Builds patterns of phrases as people write them: any space between words, any case, with or without `'`."""

import re


def build_pattern(*phrases: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """Return a pattern of any of the phrases, which are regular expressions except for spaces and apostrophes."""
    body = "|".join(phrases).replace(" ", r"\s+").replace("'", "['’]?")
    return re.compile(f"{before}(?:{body}){after}", re.IGNORECASE)


SENTENCES = re.compile(r"[^.!?\n]+(?:[.!?](?=\w)[^.!?\n]+)*[.!?]*")
"""A sentence, roughly: a full stop inside a number or an address does not end it."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text."""
    return [sentence.strip() for sentence in SENTENCES.findall(text) if sentence.strip()]
