"""Who may import whom: a table of the rooms, held against every import of the product."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Rooms: a folder, or single modules of a folder that others may use. A room may import itself and what is named here.
VALUES = {"retrieval.layout", "retrieval.passage"}
RETRIEVAL = {
    "retrieval",
    "retrieval.asked",
    "retrieval.encoders",
    "retrieval.english",
    "retrieval.factcheck",
    "retrieval.ranking",
    "retrieval.reading",
    "retrieval.sources",
    "retrieval.store",
}
BELOW_BOT = {"config", "feedback", "feedback.history", "retrain", "retrain.data", *RETRIEVAL}
WIRING = {"bot.services", "bot.tickets"}
ROOMS: dict[str, set[str]] = {
    "config": set(),
    "retrieval.encoders": {*VALUES, "config"},
    "retrieval.english": {*VALUES, "retrieval.encoders"},
    "retrieval.asked": {*VALUES, "retrieval.english", "retrieval.encoders"},
    "retrieval.reading": {*VALUES, "retrieval.english"},
    "retrieval.sources": {*VALUES, "config", "retrieval.reading"},
    "retrieval.store": {*VALUES, "retrieval.english", "retrieval.encoders", "retrieval.reading", "retrieval.sources"},
    "retrieval.ranking": {*VALUES, "retrieval.asked", "retrieval.english", "retrieval.encoders", "retrieval.store"},
    "retrieval.factcheck": {*VALUES, "retrieval.english", "retrieval.encoders"},
    "retrieval": {"config", *RETRIEVAL},
    "feedback": {"config"},
    "feedback.history": {"config", "feedback"},
    "retrain": {"config", "feedback", "feedback.history", "retrain.data", *RETRIEVAL},
    "retrain.data": {"config", "feedback", "feedback.history", "retrain", *RETRIEVAL},
    "bot.engine": {"config", "retrain", *RETRIEVAL},
    "bot.workspace": {"config"},
    "bot.slack": {"config", "feedback", *RETRIEVAL},
    "bot.transport": {"config", "feedback", "bot.slack"},
    "bot.views": {*BELOW_BOT, "bot.slack"},
    "bot.answering": {*BELOW_BOT, "bot.engine", "bot.slack", "bot.transport", "bot.views"},
    "bot.learning": {*BELOW_BOT, "bot.engine", "bot.slack", "bot.views", "bot.answering"},
    "bot.commands": {*BELOW_BOT, *WIRING, "bot.slack", "bot.transport", "bot.views", "bot.answering", "bot.learning"},
    "bot.tickets": {*BELOW_BOT, "bot.slack", "bot.views"},
    "bot.listeners": {
        *BELOW_BOT,
        *WIRING,
        "bot.slack",
        "bot.transport",
        "bot.views",
        "bot.answering",
        "bot.learning",
        "bot.commands",
    },
    "bot.backup": {"config", "feedback", "retrain", "retrain.data", "retrieval.store"},
    "bot.cli": {*BELOW_BOT, "bot"},  # and every room of bot, see below
    "bot": {*BELOW_BOT},
}
EVERYTHING_OF_BOT = {"bot", "bot.cli"}


def find_modules() -> list[str]:
    """Return the dotted names of all modules of the product, packages by the name of their folder."""
    tops = {room.partition(".")[0] for room in ROOMS}
    paths = (path.relative_to(ROOT) for top in sorted(tops) for path in (ROOT / top).rglob("*.py"))
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]


def room_of(module: str) -> str:
    """Return the most particular room that a module lies in; feedback/migrations is feedback's."""
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len)


@cache
def walk(source: str) -> tuple[ast.AST, ...]:
    """Return the nodes of a source, the module first."""
    return tuple(ast.walk(ast.parse(source)))


def find_imports(source: str, known: set[str]) -> Iterator[str]:
    """Yield the project's modules that a source imports, anywhere in it."""
    for node in walk(source):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inside = f"{node.module}.{name.name}"
                yield inside if inside in known else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def find_objections(module: str, source: str, known: set[str]) -> list[str]:
    """Return what is wrong with a module's imports, in words."""
    room = room_of(module)
    allowed = ROOMS[room] | {room}
    objections = []
    for target in find_imports(source, known):
        top = target.partition(".")[0]
        if top in ("tests", "benchmarks", "models"):
            objections.append(f"{module} imports {target}: the product imports no {top}")
        elif top in {one.partition(".")[0] for one in ROOMS}:
            is_own = room in EVERYTHING_OF_BOT and top == "bot"
            if not is_own and target not in allowed and room_of(target) not in allowed:
                objections.append(f"{module} imports {target}: {room} may not import {room_of(target)}")
    return objections


def test_nobody_imports_against_the_order_of_the_rooms() -> None:
    known = set(find_modules())
    objections = [objection for module in known for objection in find_objections(module, read_module(module), known)]
    assert objections == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("retrain.run", "from bot.core import Core"),
        ("retrieval.english.dates", "from retrieval.store.index import Index"),
        ("bot.engine.port", "def load():\n    from bot.answering import answer"),
        ("feedback.votes", "import retrieval.knowledge"),
        ("bot.views.blocks", "from tests.fakes import FakeEngine"),
    ],
)
def test_a_wrong_import_is_found_wherever_it_stands(module: str, source: str) -> None:
    assert find_objections(module, source, set(find_modules()))


@pytest.mark.parametrize("top", ["bot", "retrieval"])
def test_a_folder_holds_what_a_person_takes_in_at_a_glance(top: str) -> None:
    for folder in [ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir())]:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        if folder.relative_to(ROOT).parts[1:2] not in (("engine",), ("workspace",)):
            assert len(modules) <= 18, folder


def test_every_folder_says_what_lives_there() -> None:
    for module in find_modules():
        (root, *_) = walk(read_module(module))
        assert isinstance(root, ast.Module)
        assert ast.get_docstring(root), module


def read_module(module: str) -> str:
    path = ROOT / Path(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")


# Who may touch what an answer is made of: everybody else calls `prepare` and `say`, so that the gate of a retrain and
# the benchmarks judge what people see.
MAKERS = {
    "build_messages": ("retrieval/prompt.py", "retrieval/draft.py", "retrain/", "models/recipes/"),
    "ShownAnswer": ("bot/answering/",),
    "read_sentences": ("bot/answering/", "benchmarks/factcheck/answers.py"),
    "choose_sampling": ("bot/answering/",),
    "GenerationRequest": ("bot/answering/say.py", "bot/engine/", "benchmarks/"),
}


def find_makers(path: str, source: str) -> list[str]:
    """Return what a module makes of an answer by itself, though it should not."""
    makers = [maker for maker, allowed in MAKERS.items() if maker in source and not path.startswith(allowed)]
    if not makers:
        return []
    names = {node.id for node in walk(source) if isinstance(node, ast.Name)}
    names |= {node.attr for node in walk(source) if isinstance(node, ast.Attribute)}
    return [f"{path} uses {maker}" for maker in makers if maker in names]


def test_an_answer_is_made_in_one_place() -> None:
    tops = ("benchmarks", "bot", "feedback", "models", "retrain", "retrieval")
    paths = (path for top in tops for path in (ROOT / top).rglob("*.py"))
    made = [
        found for path in paths for found in find_makers(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]
    assert made == []


def test_an_answer_that_is_made_elsewhere_is_found() -> None:
    assert find_makers("bot/commands/everyone.py", "shown = ShownAnswer(lines)")
    assert find_makers("benchmarks/loop.py", "messages = prompt.build_messages(question, evidence)")
