"""Each sentence that Chip says by itself has a name of its own."""

import ast
from collections import Counter
from pathlib import Path

from bot.views import wording


def test_no_sentence_takes_the_name_of_another() -> None:
    assigned = [
        target.id
        for node in ast.parse(Path(wording.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(assigned) > 50
    assert [name for name, count in Counter(assigned).items() if count > 1] == []
