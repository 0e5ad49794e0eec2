"""What cites a line is that line's own sentences; the grammar says so in a form that llama.cpp takes."""

from retrieval.factcheck.quote_grammar import build_quote_grammar
from retrieval.passage import EvidenceLine


def make_line(number: int, text: str) -> EvidenceLine:
    return EvidenceLine(number, text, "Moss 2", f"p{number}")


def test_a_line_may_be_quoted_from_any_sentence_to_any_later_one() -> None:
    grammar = build_quote_grammar([make_line(1, "It runs for 2.5 hours. It folds. It floats.")])
    assert grammar is not None
    assert 'line1-0 ::= "It runs for 2.5 hours." (" " line1-1)?' in grammar
    assert 'line1-2 ::= "It floats."\n' in grammar
    assert "line1 ::= line1-0 | line1-1 | line1-2" in grammar


def test_every_line_can_be_cited() -> None:
    grammar = build_quote_grammar([make_line(1, "One."), make_line(7, "Seven.")])
    assert grammar is not None
    assert 'quote ::= "[1] " line1 | "[7] " line7' in grammar


def test_quotes_and_backslashes_are_escaped() -> None:
    grammar = build_quote_grammar([make_line(1, 'Press "Start" in C:\\Moss.')])
    assert grammar is not None
    assert '"Press \\"Start\\" in C:\\\\Moss."' in grammar


def test_without_evidence_there_is_no_grammar() -> None:
    assert build_quote_grammar([]) is None


def test_steps_are_quoted_from_the_first_to_the_last() -> None:
    steps = "1. Switch it off. 2. Put on gloves. 3. Turn it over."
    grammar = build_quote_grammar([make_line(1, steps), make_line(2, "It weighs 2. It folds.")])
    assert grammar is not None
    assert f'line1 ::= "{steps}"\n' in grammar
    assert "line2 ::= line2-0 | line2-1" in grammar


def test_a_question_is_never_quoted_without_its_answer() -> None:
    grammar = build_quote_grammar([EvidenceLine(1, "Is it waterproof? No. It is not.", "FAQ", "a")])
    assert grammar is not None
    assert 'line1-0 ::= "Is it waterproof? No."' in grammar


def test_a_list_is_quoted_as_it_is_laid_out() -> None:
    grammar = build_quote_grammar([EvidenceLine(1, "Run:\n```\na\n```\n1. Go. Now.", "FAQ", "a")])
    assert grammar is not None
    assert 'line1 ::= "Run:\\n```\\na\\n```\\n1. Go. Now."' in grammar
