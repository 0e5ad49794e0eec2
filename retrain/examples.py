"""A training example and the frozen dataset: one JSON line for each, under a manifest with its hash.

Knows nothing of where examples come from or how they are trained on.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from retrain.adapter import hash_file
from retrain.errors import DatasetError
from retrieval.prompt import ChatMessage

DATASET = "dataset.jsonl"
MANIFEST = "manifest.json"

Source = Literal["like", "dislike", "correction", "import", "replay"]
Split = Literal["train", "gate", "sealed"]
Form = Literal["served", "current", "altered"]
Prompt = tuple[ChatMessage, ...]
QUESTION = "\n\nQuestion: "
"""What stands between the evidence and the question in a prompt's last message."""


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
        """The last question, without the evidence above it."""
        return self.messages[-1].content.partition(QUESTION)[2].strip()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A frozen dataset. `sha256` is that of its file; `counts` has the groups by source."""

    path: Path
    sha256: str
    rows: int
    counts: dict[str, int]


def freeze_dataset(examples: Sequence[Example], folder: Path, dropped: dict[str, int]) -> Dataset:
    """Write the examples, then the manifest with their hash and why others were left out, into the folder."""
    path = folder / DATASET
    path.write_text("".join(f"{_to_json(example)}\n" for example in examples), encoding="utf-8")
    groups = {example.group: example.source for example in examples}
    dataset = Dataset(path, hash_file(path), len(examples), dict(Counter(groups.values())))
    manifest = {"sha256": dataset.sha256, "rows": dataset.rows, "groups": dataset.counts, "dropped": dropped}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True), encoding="utf-8")
    return dataset


def thin_dataset(kept: Sequence[Example], folder: Path) -> None:
    """Leave only these examples of a frozen dataset, because people asked for the others to be forgotten.

    The manifest goes on naming the dataset by the hash that it had, which adapters refer to, and tells how many rows
    are gone. It is written first: a kill in between leaves the whole file, which is read and thinned again.
    """
    content = "".join(f"{_to_json(example)}\n" for example in kept).encode()
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest |= {"now": hashlib.sha256(content).hexdigest(), "forgotten": manifest["rows"] - len(kept)}
    _replace(folder / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode())
    _replace(folder / DATASET, content)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def load_dataset(folder: Path) -> list[Example]:
    """Read a frozen dataset. Raises `DatasetError` where it is unreadable or not the one that was frozen."""
    path = folder / DATASET
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        expected = (manifest["sha256"], manifest.get("now"))
        found = hash_file(path)
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{folder} holds no readable dataset: {error}") from error
    if found not in expected:
        raise DatasetError(f"{path} does not match its recorded hash; it was changed after it was frozen.")
    return [_from_json(line) for line in lines]


def _to_json(example: Example) -> str:
    return json.dumps(asdict(example), ensure_ascii=True, sort_keys=True)


def _from_json(line: str) -> Example:
    row = json.loads(line)
    messages = tuple(ChatMessage(**message) for message in row.pop("messages"))
    return Example(messages=messages, **row)
