"""The language of a question is named only where it is sure: a short English one with a foreign name is no other."""

import pytest

from retrieval.asked.language import find_language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie lange läuft der Akku?", "de"),
        ("Combien de temps dure la batterie ?", "fr"),
        ("¿Cuánto dura la batería?", "es"),
        ("Jak długo działa bateria?", "pl"),
        ("バッテリーはどのくらい持ちますか？", "ja"),
        ("电池能用多久？", "zh"),
    ],
)
def test_a_question_in_another_language_is_known(question: str, language: str) -> None:
    assert find_language(question) == language


@pytest.mark.parametrize(
    "question",
    ["Piccolo Uno price?", "Is Bosch Serie 6 waterproof?", "reset La Marzocco", "ERR-4012", "can i sub bacon"],
)
def test_a_short_english_question_is_never_taken_for_another_language(question: str) -> None:
    assert find_language(question) in ("en", None)
