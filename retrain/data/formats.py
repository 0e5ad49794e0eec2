"""Exports and imports data sets in the forms that TRL trains on: SFT, DPO and KTO, as JSON lines or Parquet.

Rows are conversational: `prompt` is a list of messages, and the answer is a list of one assistant message. Plain
strings are accepted too. Knows nothing of where rows come from.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from retrain.errors import DatasetError
from retrain.examples import Example, Prompt
from retrieval.prompt import ChatMessage

Form = Literal["sft", "dpo", "kto"]
Row = dict[str, Any]

FORMS: tuple[Form, ...] = ("sft", "dpo", "kto")
PARQUET = ".parquet"
_ROLES = ("system", "user", "assistant")


def build_rows(examples: Iterable[Example], form: Form) -> Iterator[Row]:
    """Yield the rows of a form: good answers for SFT, pairs of good and bad for DPO, labelled answers for KTO."""
    for example in examples:
        prompt = [{"role": message.role, "content": message.content} for message in example.messages]
        good, bad = example.target, example.rejected
        if form == "sft" and good:
            yield {"prompt": prompt, "completion": _speak(good)}
        elif form == "dpo" and good and bad:
            yield {"prompt": prompt, "chosen": _speak(good), "rejected": _speak(bad)}
        elif form == "kto":
            yield from ({"prompt": prompt, "completion": _speak(good), "label": True} for _ in range(bool(good)))
            yield from ({"prompt": prompt, "completion": _speak(bad or ""), "label": False} for _ in range(bool(bad)))


def _speak(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def export(examples: Iterable[Example], form: Form, path: Path) -> int:
    """Write the rows to a .jsonl or .parquet file and return their number."""
    rows = build_rows(examples, form)
    return _write_parquet(rows, path) if path.suffix == PARQUET else _write_lines(rows, path)


def _write_lines(rows: Iterable[Row], path: Path) -> int:
    with path.open("w", encoding="utf-8") as file:
        return sum(bool(file.write(json.dumps(row, ensure_ascii=False) + "\n")) for row in rows)


def _write_parquet(rows: Iterable[Row], path: Path) -> int:
    import pyarrow as pa  # type: ignore[import-untyped]  # slow to import, and the package has no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    table = pa.Table.from_pylist(list(rows))
    pq.write_table(table, path)
    return int(table.num_rows)


def load_rows(path: Path) -> list[Example]:
    """Read a file in any of the forms. Raises `DatasetError`, which names the row, if it has none of them."""
    try:
        rows = list(_read_parquet(path) if path.suffix == PARQUET else _read_lines(path))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as rows: {error}") from error
    examples = []
    for number, row in enumerate(rows, start=1):
        try:
            examples.append(_build_example(row))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DatasetError(
                f"{path}, row {number}: neither SFT (prompt, completion), DPO (prompt, chosen, rejected) nor KTO "
                f"(prompt, completion, label): {error}."
            ) from error
    return list({example.group: example for example in examples}.values())


def _read_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield from pq.read_table(path).to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _build_example(row: Row) -> Example:
    if "messages" in row:
        messages = _parse_messages(row["messages"])
        prompt, good, bad = messages[:-1], messages[-1].content, None
    else:
        prompt = _parse_messages(row["prompt"])
        good, bad = _parse_answers(row)
    if not prompt or not (good or bad):
        raise ValueError("the prompt or the answer is empty")
    mark = hashlib.sha256(json.dumps([[one.content for one in prompt], good, bad]).encode()).hexdigest()[:16]
    return Example(prompt, good, "import", 1.0, f"import-{mark}", rejected=bad)


def _parse_answers(row: Row) -> tuple[str, str | None]:
    """Return the good answer and the bad answer, "" for none."""
    if "chosen" in row:
        return _parse_text(row["chosen"]), _parse_text(row["rejected"])
    text = _parse_text(row["completion"])
    return (text, None) if row.get("label", True) else ("", text)


def _parse_messages(value: Any) -> Prompt:
    if isinstance(value, str):
        return (ChatMessage("user", value),)
    messages = tuple(ChatMessage(one["role"], one["content"]) for one in value)
    if any(message.role not in _ROLES or not isinstance(message.content, str) for message in messages):
        raise ValueError("a message needs a role and a text")
    return messages


def _parse_text(value: str | Sequence[Row]) -> str:
    text = value if isinstance(value, str) else value[-1]["content"]
    if not isinstance(text, str):
        raise TypeError("an answer is a text")
    return text.strip()
