"""What a person sees in a file and no passage holds is noticed."""

from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document
from retrieval.reading.loss import measure_loss
from retrieval.sources.folder import load_documents

MARKDOWN = """---
title: Pumps
---
# Pumps

![a picture](x.png) ![a valve](a.valve(en-us,VS.90).gif "Not text")&nbsp;
The [pump](https://a.example/b) is **blue**, ~~red~~.{: .x}

<Note type="warning">Keep it dry.</Note>

| Pump | Depth |
| --- | --- |
| A | 7 m |

1. Open it.
1. Close it.[^1]

[^1]: Slowly.

```sh
rm -rf x
```
"""
PAGE = """<title>Pumps</title><nav>Home Shop</nav><main><h1>Pumps</h1><button>How?</button><div hidden>By hand.</div>
<p>The pump is <a href=x>blue</a>.</p><table><tr><th>A</th></tr><tr><td>7</td></tr></table></main>
<footer>Imprint</footer>"""


def read(folder: Path) -> Document:
    (document,) = load_documents(folder)
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize(
    ("name", "text"), [("a.md", MARKDOWN), ("a.html", PAGE), ("a.txt", "One pump.\n\n- Two\n- Three")]
)
def test_what_is_read_well_loses_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    document = read(tmp_path)
    loss = measure_loss(document, build_passages(document))
    assert (loss.lost, loss.is_worth_a_look) == (0, False)
    assert loss.words > 2


def test_words_that_no_passage_holds_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"{PAGE}<main><p style='display:none'>{'Nobody reads it. ' * 9}</p></main>")
    document = read(tmp_path)
    loss = measure_loss(document, build_passages(document))
    assert (loss.lost, loss.is_worth_a_look) == (27, True)


def test_a_document_without_a_passage_is_worth_a_look(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One pump.")
    assert measure_loss(replace(read(tmp_path), text=""), []).is_worth_a_look
