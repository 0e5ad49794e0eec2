"""A training example and the frozen dataset: one JSON line for each, under a manifest with its hash.

Knows nothing of where examples come from or how they are trained on.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from retrain.adapter import hash_file
from retrain.errors import DatasetError
from retrain.prompt_forms import find_question
from retrieval.prompt import ChatMessage

DATASET = "dataset.jsonl"
MANIFEST = "manifest.json"
REHEARSAL = "rehearsal.jsonl"

Source = Literal["like", "dislike", "correction", "import", "replay"]
Split = Literal["train", "gate", "sealed"]
Form = Literal["served", "current", "altered"]
Prompt = tuple[ChatMessage, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt with the answer to learn (`target`), the answer that was bad (`rejected`), or both.

    `form` says what `messages` is: the prompt as it was served, as it would be served now, or an altered copy. `group`
    joins the forms of one lesson, of which each epoch sees one. `weight` scales its loss. `reply_id`, `thread`,
    `correction_id` and `pair` (an imported one) say where it comes from (None for a replay of the base's own answer),
    so that what is forgotten can be taken out. `confidence` is how sure the votes are, in [0.5, 1]. `split` says what
    the row is for: training, the gate, or a later judgement that nothing was chosen by. `topic` names its topic cluster
    by a question of it.
    """

    messages: Prompt
    target: str
    source: Source
    weight: float
    group: str
    form: Form = "served"
    reply_id: str | None = None
    thread: str | None = None
    correction_id: str | None = None
    pair: str | None = None
    rejected: str | None = None
    confidence: float = 1.0
    split: Split = "train"
    topic: str = ""

    @property
    def trains(self) -> bool:
        """Whether the row is there to be learned: it has an answer to say, and is not kept back."""
        return bool(self.target) and self.split == "train"

    @property
    def question(self) -> str:
        """The last question, without evidence."""
        return find_question(self.messages)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A frozen dataset. `sha256` is that of its file; `counts` has the groups by source."""

    path: Path
    sha256: str
    rows: int
    counts: dict[str, int]


def freeze_dataset(
    examples: Sequence[Example], folder: Path, dropped: Mapping[str, int], facts: Mapping[str, Any] | None = None
) -> Dataset:
    """Write the examples, then the manifest with their hash and why others were left out, into the folder.

    `facts` are added to the manifest. What else lies in the folder by then belongs to the dataset, under its hash.
    """
    path = folder / DATASET
    path.write_text("".join(f"{_to_json(example)}\n" for example in examples), encoding="utf-8")
    dataset = Dataset(path, hash_file(path), len(examples), count_groups(examples))
    manifest = {"sha256": dataset.sha256, "rows": dataset.rows, "groups": dataset.counts, "dropped": dict(dropped)}
    files = {one.name: hash_file(one) for one in sorted(folder.iterdir()) if one.is_file() and one != path}
    _save_manifest(folder, manifest | dict(facts or {}) | {"files": files})
    return dataset


def count_groups(examples: Iterable[Example]) -> dict[str, int]:
    """Return how many lessons there are of each source."""
    return dict(Counter({example.group: example.source for example in examples}.values()))


def save_rehearsal(examples: Iterable[Example], folder: Path) -> None:
    """Write what is rehearsed beside a run's job: the base's own answers, which are nobody's feedback."""
    (folder / REHEARSAL).write_text("".join(f"{_to_json(example)}\n" for example in examples), encoding="utf-8")


def load_rehearsal(folder: Path) -> list[Example]:
    """Read what `save_rehearsal` wrote; nothing in a run older than that file."""
    path = folder / REHEARSAL
    return [_from_json(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def thin_dataset(kept: Sequence[Example], folder: Path, files: Mapping[str, bytes] | None = None) -> None:
    """Leave only these examples of a frozen dataset, because people asked for the others to be forgotten.

    The manifest goes on naming the dataset by the hash that it had, which adapters refer to, and tells how many rows
    are gone. It is written first: a kill in between leaves the whole file, which is read and thinned again. `files`
    take the place of those that lie beside the rows.
    """
    content = "".join(f"{_to_json(example)}\n" for example in kept).encode()
    manifest = load_manifest(folder)
    manifest |= {"now": hashlib.sha256(content).hexdigest(), "forgotten": manifest["rows"] - len(kept)}
    for name in manifest.get("files", {}):
        if name not in (files or {}):
            (folder / name).unlink(missing_ok=True)
    manifest["files"] = {name: hashlib.sha256(text).hexdigest() for name, text in (files or {}).items()}
    _save_manifest(folder, manifest)
    _replace(folder / DATASET, content)
    for name, text in (files or {}).items():
        _replace(folder / name, text)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def _save_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    sealed = {**manifest, "seal": _find_seal(manifest)}
    _replace(folder / MANIFEST, json.dumps(sealed, indent=2, sort_keys=True).encode())


def _find_seal(manifest: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in manifest.items() if name != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def load_manifest(folder: Path) -> dict[str, Any]:
    """Read a dataset's manifest. Raises `DatasetError` if it is unreadable or was changed after it was written."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        seal = manifest.get("seal")  # None in a dataset older than this field
    except (OSError, ValueError, AttributeError) as error:
        raise DatasetError(f"{folder} holds no readable dataset: {error}") from error
    if seal is not None and seal != _find_seal(manifest):
        raise DatasetError(f"{folder / MANIFEST} was changed after it was written.")
    return manifest


def load_dataset(folder: Path) -> list[Example]:
    """Read a frozen dataset. Raises `DatasetError` where it is unreadable or not the one that was frozen."""
    return list(read_dataset(folder))


def read_dataset(folder: Path) -> Iterator[Example]:
    """Yield the rows of a frozen dataset, once all of its files have the hashes that they were frozen with."""
    manifest = load_manifest(folder)
    try:
        allowed = {DATASET: (manifest["sha256"], manifest.get("now"))}
        allowed |= {
            name: (known,) for name, known in manifest.get("files", {}).items() if not manifest.get("forgotten")
        }
        changed = [name for name, known in allowed.items() if hash_file(folder / name) not in known]
        if changed:
            raise DatasetError(
                f"{folder / changed[0]} does not match its recorded hash; it was changed after it was frozen."
            )
        with (folder / DATASET).open(encoding="utf-8") as lines:
            yield from map(_from_json, lines)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder} holds no readable dataset: {error}") from error


def _to_json(example: Example) -> str:
    return json.dumps(asdict(example), ensure_ascii=True, sort_keys=True)


def _from_json(line: str) -> Example:
    row = json.loads(line)
    messages = tuple(ChatMessage(**message) for message in row.pop("messages"))
    return Example(messages=messages, **row)
