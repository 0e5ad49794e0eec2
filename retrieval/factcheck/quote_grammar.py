"""A grammar that makes a text repeat each line of evidence that it cites, word for word.

A small model finds the line better than it copies it: it loses its place where a line says a word twice. Under this
grammar it chooses the line and where to begin and stop, sentence by sentence; what cites nothing stays free. Written
in llama.cpp's GBNF. Knows nothing of engines.
"""

import re
from collections.abc import Sequence

from retrieval.english.sentences import split_sentences
from retrieval.passage import EvidenceLine

MOST_QUOTES = 4
"""Quotes in one answer: a model that cannot end would else repeat its evidence up to the limit of tokens."""

_STEP = re.compile(r"(?:^|\s)\d{1,2}\. (?=[A-Z])")
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def build_quote_grammar(lines: Sequence[EvidenceLine]) -> str | None:
    """Return the GBNF grammar for these lines; None where there are none, for then there is nothing to quote."""
    if not lines:
        return None
    quotes = "quote" + "".join(' (" " quote' for _ in range(MOST_QUOTES - 1)) + ")?" * (MOST_QUOTES - 1)
    rules = [f"root ::= {quotes} | free", r'free ::= [^\[] ([^\[] | "[" [^0-9])*']
    rules.append("quote ::= " + " | ".join(f'"[{line.number}] " line{line.number}' for line in lines))
    for line in lines:
        rules += _build_line_rules(line)
    return "\n".join(rules) + "\n"


def _build_line_rules(line: EvidenceLine) -> list[str]:
    """Any run of the line's whole sentences, in their order; lists, code and steps are said as a whole."""
    if "\n" in line.text or len(_STEP.findall(line.text)) > 1:
        return [f'line{line.number} ::= "{line.text.translate(_ESCAPED)}"']
    sentences = _join_answers(split_sentences(line.text))
    names = [f"line{line.number}-{place}" for place in range(len(sentences))]
    rules = [f"line{line.number} ::= {' | '.join(names)}"]
    for place, (name, sentence) in enumerate(zip(names, sentences, strict=True)):
        more = f' (" " {names[place + 1]})?' if place + 1 < len(names) else ""
        rules.append(f'{name} ::= "{sentence.translate(_ESCAPED)}"{more}')
    return rules


def _join_answers(sentences: Sequence[str]) -> list[str]:
    """Return the sentences, a question together with what follows it: alone it would be no answer."""
    joined: list[str] = []
    for sentence in sentences:
        if joined and joined[-1].endswith(("?", "？")):
            joined[-1] += f" {sentence}"
        else:
            joined.append(sentence)
    return joined
