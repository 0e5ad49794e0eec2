"""Rewords questions: by templates, and by leaving only what tells them apart. The caller checks the meaning.

The templates replace a question's opening; what it asks about stays letter by letter.
"""

import re

from feedback.signals import find_telling_words

_FORMS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), forms)
    for pattern, forms in (
        (
            r"how (?:do|can|could|should) (?:i|we|you) (?P<rest>.+)",
            ("What must I do to {rest}?", "I want to {rest}. How?"),
        ),
        (
            r"(?:can|may|could) (?P<who>i|we) (?P<rest>.+)",
            ("Is it possible to {rest}?", "Am I able to {rest}?", "I would like to {rest}. Does that work?"),
        ),
        (r"what (?P<verb>is|are) (?P<rest>.+)", ("Tell me what {rest} {verb}.", "{Rest}: what {verb} that?")),
        (r"where (?P<verb>is|are) (?P<rest>.+)", ("Where can I find {rest}?", "In which place {verb} {rest}?")),
        (r"where (?:do|can) (?:i|we) (?P<rest>.+)", ("In which place can I {rest}?",)),
        (r"how (?:long|much time) (?P<rest>does .+|do .+)", ("How much time {rest}?", "For how long {rest}?")),
        (r"how many (?P<rest>.+)", ("What number of {rest}?",)),
        (r"when (?P<rest>.+)", ("At what time {rest}?",)),
        (r"why (?P<rest>.+)", ("For what reason {rest}?", "What is the cause: why {rest}?")),
        (r"which (?P<rest>.+)", ("What {rest}?",)),
    )
)


def reword(question: str) -> list[str]:
    """Return different wordings of the question; [] if no template fits."""
    bare = " ".join(question.split()).rstrip(" ?!.")
    for pattern, forms in _FORMS:
        if found := pattern.fullmatch(bare):
            parts = found.groupdict()
            rest = parts["rest"]
            return [form.format(**parts, Rest=rest[:1].upper() + rest[1:]) for form in forms]
    return []


def shorten(question: str) -> list[str]:
    """Return the question as one types it into a search box, key words alone; [] if fewer than three are left."""
    telling = find_telling_words(question)
    words = [word.strip("?!.,;:()\"'") for word in question.split()]
    kept = [word for word in words if find_telling_words(word) & telling]
    return [" ".join(kept)] if 3 <= len(kept) < len(words) else []
