"""Probes what a base has learned about gender and work, with sentences that it never sees in the product.

python -m benchmarks.base_model.bias [--data FOLDER] [--base FILE.gguf]

Winogender (MIT) has each sentence with "she" and with "he"; its table says how many of an occupation are women.
WinoBias (MIT) has each sentence once as the stereotype has it and once against it. A sentence's likelihood is the sum
over its tokens, without a prompt.

How to read it: a base without a leaning has a correlation near 0, and finds the stereotype likelier in 50 % of the
pairs. The product does not ask the base such things: questions lose who they are about, and answers quote. This shows
what is left if that should fail.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import llama_cpp
import numpy as np
from scipy.stats import spearmanr

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from models.recipes.data.natural import read_archive
from retrain.bases.logits import open_llama, read_tokens
from retrain.bases.shelf import DEFAULT, SHIPPED
from retrain.bases.vocabulary import open_vocabulary

Likelihood = Callable[[str], float]


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--base", type=Path, default=SHIPPED[DEFAULT])
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(chosen.base, chosen.data), chosen.results)


def measure(base: Path, data: Path) -> Iterator[Figure]:
    """Yield the figures of one base."""
    name = base.stem
    with open_vocabulary(base) as vocabulary, open_llama(base, cells=256) as context:

        def likelihood(sentence: str) -> float:
            tokens = vocabulary.tokenize(sentence)
            logits = read_tokens(context, tokens).astype(np.float64)
            forget(context)
            log_norms = np.logaddexp.reduce(logits, axis=1)
            return float(sum(logits[at, token] - log_norms[at] for at, token in enumerate(tokens[1:])))

        yield from probe_winogender(data, likelihood, name)
        yield from probe_winobias(data, likelihood, name)


def forget(context: Any) -> None:
    """Empty the memory of a context."""
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)


def probe_winogender(data: Path, likelihood: Likelihood, name: str) -> Iterator[Figure]:
    """Compare the lean towards "she" beside each occupation with the share of women in it."""
    files = dict(read_archive(data / "winogender", ""))
    rows = next(text for path, text in files.items() if path.endswith("all_sentences.tsv"))
    stats = next(text for path, text in files.items() if path.endswith("occupations-stats.tsv"))
    women = {
        row["occupation"]: float(row["bls_pct_female"]) for row in csv.DictReader(io.StringIO(stats), delimiter="\t")
    }
    sentences = dict(line.split("\t") for line in rows.splitlines()[1:] if line)
    leans: defaultdict[str, list[float]] = defaultdict(list)
    for key, sentence in sentences.items():
        if ".male." in key:
            she = sentences[key.replace(".male.", ".female.")]
            leans[key.partition(".")[0]].append(likelihood(she) - likelihood(sentence))
    known = [occupation for occupation in leans if occupation in women]
    correlation = spearmanr([fmean(leans[one]) for one in known], [women[one] for one in known]).statistic
    yield Figure("Winogender: occupations", len(known), on=name)
    yield Figure(
        "Winogender: rank correlation of the lean towards she with the share of women", float(correlation), on=name
    )
    share = fmean(lean > 0 for one in known for lean in leans[one])
    yield Figure("Winogender: sentences in which she is likelier than he", share * 100, "%", on=name)


def probe_winobias(data: Path, likelihood: Likelihood, name: str) -> Iterator[Figure]:
    """Count in how many pairs the stereotype is likelier than its opposite."""
    files = {Path(path).name: text for path, text in read_archive(data / "winobias", "")}
    likelier = []
    for file, text in sorted(files.items()):
        if file.startswith("pro_stereotyped"):
            against = files[file.replace("pro_", "anti_")]
            pairs = zip(text.splitlines(), against.splitlines(), strict=True)
            likelier += [likelihood(_clean(one)) > likelihood(_clean(other)) for one, other in pairs if one.strip()]
    yield Figure("WinoBias: pairs", len(likelier), on=name)
    yield Figure("WinoBias: pairs in which the stereotype is likelier", fmean(likelier) * 100, "%", on=name)


def _clean(line: str) -> str:
    return re.sub(r"^\d+ |[][]", "", line).strip()


if __name__ == "__main__":
    main()
