"""`chip ask`: answers one question on the terminal, or a file of questions, as they would be answered in Slack."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.answering.say import Saying
from bot.core import Core, make_id
from bot.engine.port import EngineError
from bot.progress import build_bars, ingest_documents
from retrieval.draft import Draft
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Passage, Scope, Turn
from retrieval.prompt import is_refusal


class QuestionFileError(Exception):
    """A file of questions cannot be used. The message names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FiledQuestion:
    """One line of a file of questions. `thread` are the earlier turns, oldest first."""

    id: str
    question: str
    scope: Scope
    thread: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class FiledAnswer:
    """One line of a file of answers.

    `answer` is the Markdown as shown. `sources` are the cited passages, and `pages` those offered instead of an answer.
    `confidence` in [0, 1] is how likely the documents answer. If the engine failed, `failure` says why.
    """

    id: str
    answer: str
    sources: list[dict[str, Any]]
    refused: bool
    pages: list[dict[str, Any]]
    confidence: float
    milliseconds: float
    failure: str | None = None


def ask_once(core: Core, question: str, *, staff: bool, show_prompt: bool, output: Console) -> None:
    """Answer one question on the terminal, as it would be answered in Slack."""
    _ingest_if_empty(core, output)
    draft = core.prepare(question, STAFF_SCOPE if staff else CUSTOMER_SCOPE)
    saying = core.voice.say(draft, make_id("R"))
    for markdown in saying:
        output.print(markdown, end="", markup=False)
    output.print()
    completion = saying.completion()
    for line in saying.shown.cited:
        output.print(f"  [{line.number}] {line.heading}", style="dim", markup=False)
    output.print(
        f"  {completion.adapter_id or completion.base_id} · retrieval {draft.retrieved.milliseconds:.0f} ms · "
        f"{completion.prompt_tokens} + {completion.completion_tokens} tokens in {completion.total_ms:.0f} ms",
        style="dim",
        markup=False,
    )
    if show_prompt:
        output.print(completion.prompt, markup=False)


def ask_file(core: Core, questions: Path, answers: Path, *, staff: bool, console: Console) -> int:
    """Answer the questions of a file, a JSON object a line, and write an answer a line. Return how many.

    A line holds `question` and optionally `id`, `audience` and `thread` (pairs of role and text). The whole file is
    read before anything is answered. Raises `QuestionFileError`.
    """
    asked = load_questions(questions, staff=staff)
    _ingest_if_empty(core, console)
    with answers.open("w", encoding="utf-8") as file, build_bars(console) as bars:
        task = bars.add_task("Answering", total=len(asked))
        for question in asked:
            file.write(json.dumps(asdict(answer_filed(core, question)), ensure_ascii=False) + "\n")
            file.flush()
            bars.advance(task)
    return len(asked)


def answer_filed(core: Core, question: FiledQuestion) -> FiledAnswer:
    """Answer one question of a file. A failure of the engine is part of the answer."""
    started = time.perf_counter()
    draft = core.prepare(question.question, question.scope, question.thread)
    try:
        saying = core.voice.say(draft, make_id("R"))
        answer = "".join(saying)
    except EngineError as error:
        return FiledAnswer(question.id, "", [], False, [], draft.retrieved.confidence, 0.0, str(error))
    is_refused, cited = is_refusal(saying.shown.text), _list_sources(draft, saying)
    return FiledAnswer(
        id=question.id,
        answer=answer,
        sources=[] if is_refused else cited,
        refused=is_refused,
        pages=cited if is_refused else [],
        confidence=round(draft.retrieved.confidence, 4),
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )


def load_questions(path: Path, *, staff: bool) -> list[FiledQuestion]:
    """Read a file of questions. A line without an audience is asked as `staff` says.

    Raises `QuestionFileError`.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionFileError(f"The questions {path} cannot be read: {error}") from error
    found = [_parse_question(line, number, path, staff) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise QuestionFileError(f'{path} holds no question. Write one JSON object a line: {{"question": "…"}}.')
    return found


def _parse_question(line: str, number: int, path: Path, staff: bool) -> FiledQuestion:
    try:
        row = json.loads(line)
        audience = Audience(row["audience"]) if row.get("audience") else None
        is_staff = staff if audience is None else audience is Audience.STAFF
        thread = tuple(_parse_turn(turn) for turn in row.get("thread") or ())
        question = str(row["question"]).strip()
        if not question:
            raise ValueError("the question is empty")
        return FiledQuestion(str(row.get("id", number)), question, STAFF_SCOPE if is_staff else CUSTOMER_SCOPE, thread)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionFileError(f"{path}, line {number} is no question ({error!r}).") from error


def _parse_turn(turn: Sequence[str]) -> Turn:
    role, text = turn
    if role not in ("user", "assistant"):
        raise ValueError(f"a turn is said by user or assistant, not by {role!r}")
    return Turn("user" if role == "user" else "assistant", str(text))


def _list_sources(draft: Draft, saying: Saying) -> list[dict[str, Any]]:
    passages = {hit.passage.id: hit.passage for hit in draft.retrieved.hits}
    return [
        {"number": line.number, "heading": line.heading} | _describe_passage(passages.get(line.passage_id))
        for line in saying.shown.cited
    ]


def _describe_passage(passage: Passage | None) -> dict[str, Any]:
    return {} if passage is None else {"document": passage.source, "title": passage.title, "url": passage.url}


def _ingest_if_empty(core: Core, console: Console) -> None:
    if not core.knowledge.holdings.count().documents:
        ingest_documents(core.knowledge, core.settings.knowledge.folder, console)
