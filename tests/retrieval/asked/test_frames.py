"""The frame of a question in another language is put into English; what is inside it stays."""

import pytest

from retrieval.asked.frames import put_in_english


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("¿Cuánto cuesta X1-200?", "How much does X1-200 cost?"),
        ("Was kostet der Fleet-Plan im Jahr?", "How much does Fleet-Plan a year cost?"),
        ("Was bedeutet der Fehler ERR-4012?", "What does error ERR-4012 mean?"),
        ("Que veut dire le code d'erreur F3 ?", "What does error F3 mean?"),
        ("Combien coûte le Moss 2 ?", "How much does Moss 2 cost?"),
        ("Quanto custa o plano Plus por mês?", "How much does plano Plus a month cost?"),
        ("Wie schwer ist die Moss 2 Pro?", "How much does Moss 2 Pro weigh?"),
        ("What does X1-200 cost?", None),
        ("Wie geht es dir?", None),
        ("Was kostet?", None),
    ],
)
def test_a_known_frame_is_put_in_english(asked: str, english: str | None) -> None:
    assert put_in_english(asked) == english
