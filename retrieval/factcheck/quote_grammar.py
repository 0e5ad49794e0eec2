"""A grammar under which a model says whether it cites the evidence; Chip then says that, word for word.

A small model tells better that the evidence answers than it copies it: it loses its place where a line says a word
twice. What cites nothing stays free. Written in llama.cpp's GBNF. Knows nothing of engines.
"""

CITE = "[1]"
CITE_GRAMMAR = f'root ::= "{CITE}"\n'
QUOTE_GRAMMAR = f'root ::= "{CITE}" | free\nfree ::= [^\\[] ([^\\[] | "[" [^0-9])*\n'


def is_citing(text: str) -> bool:
    """Whether a model chose to cite the evidence, and said nothing of its own."""
    return text.strip() == CITE
