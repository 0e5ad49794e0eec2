"""Holds the grammar under which a model only decides whether to cite; Chip then quotes the evidence itself.

A small model decides well whether the evidence answers, but copies badly: it loses its place where a line repeats a
word. Text without a citation stays free. The grammar is in llama.cpp's GBNF. Knows nothing of engines.
"""

CITE = "[1]"
CITE_GRAMMAR = f'root ::= "{CITE}"\n'
QUOTE_GRAMMAR = f'root ::= "{CITE}" | free\nfree ::= [^\\[] ([^\\[] | "[" [^0-9])*\n'


def is_citing(text: str) -> bool:
    """Whether a model chose to cite the evidence and added nothing."""
    return text.strip() == CITE
