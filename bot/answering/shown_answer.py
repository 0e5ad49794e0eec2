"""Builds the answer that a person sees: checks each sentence, words it neutrally and cites its source.

Withholds sentences that no line supports, and logs the reason. Knows nothing of Slack's calls or of the engine.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from bot.answering.claim_reader import ClaimReader
from bot.answering.neutral import neutralise
from bot.answering.passage_check import PassageCheck
from bot.slack.markdown import is_table_row, is_table_rule
from bot.slack.text import harmless_code, harmless_markdown, has_words, shorten
from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.sentences import GOES_ON, split_sentences
from retrieval.factcheck.check import Checked, Support, check_claim, is_courtesy, judge_claim, states_fact
from retrieval.factcheck.quotes import mend_quote
from retrieval.layout import ITEM, is_fence
from retrieval.passage import EvidenceLine
from retrieval.passage_reader import PassageReader, Sentence

SNIPPET = 160
"""So many characters of its best line are shown of a page that is offered."""

logger = logging.getLogger(__name__)


def read_sentences(
    pieces: Iterable[str], is_cut: Callable[[], bool] = lambda: False, *, cites_after: bool = False
) -> Iterator[Sentence]:
    """Yield each sentence as soon as the model has finished it. At the end, `is_cut` tells if the text was cut off.

    With `cites_after` the model cites a passage after its sentence, and not a line before.
    """
    reader = PassageReader() if cites_after else ClaimReader()
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.finish(is_cut=is_cut())


class ShownAnswer:
    """The answer so far as a person sees it, and the lines of evidence that it cites.

    `asked` is what the person said. `lessons` are texts that staff approved: a sentence without a citation that repeats
    one of them may contradict the documents. If `lessons` is None, as while an adapter is on trial, sentences without a
    citation are not checked. `model` is the optional third layer of the claim check. `look_up` returns what all
    documents say about the things in a sentence, which the sentence must not contradict either. `beside` holds the
    other lines of the passages of `lines`, by number. With `reads_passages` the lines are whole passages, and a
    sentence that none of them supports is withheld unless it is a courtesy or a lesson. `sentences` counts all
    sentences, including Chip's own "I don't know" if nothing was left; `withheld` counts the unsupported ones.
    """

    def __init__(
        self,
        lines: Sequence[EvidenceLine],
        asked: str = "",
        lessons: Sequence[str] | None = None,
        model: EntailmentModel | None = None,
        look_up: Callable[[str], Sequence[EvidenceLine]] | None = None,
        *,
        beside: Sequence[EvidenceLine] = (),
        reads_passages: bool = False,
    ) -> None:
        self._beside = beside
        self._passages = PassageCheck(lines, model) if reads_passages else None
        self._asked = asked
        self._lessons = lessons
        self._model = model
        self._look_up = look_up
        self.sentences = 0
        self.withheld = 0
        self._lines = {line.number: line for line in lines}
        self.text = ""
        self.cited: list[EvidenceLine] = []
        self._said: set[str] = set()
        self._in_code = False
        self._lead = ""
        self._in_list: int | None = None
        self.first_text_ms = 0.0

    def add(self, sentence: Sentence, *, milliseconds: Callable[[], float]) -> str:
        """Add a sentence and return its Markdown, escaped and with a citation if the number exists.

        The citation is that of the supporting line, whichever the model named. Returns "" for a sentence that no line
        supports or that was shown before; it is withheld.
        """
        if self._passages is not None:
            return self._add_read(sentence, self._passages, milliseconds)
        is_frame, is_code = self._see_layout(sentence)
        is_laid_out = is_frame or is_code or is_table_row(sentence.text)  # a mark would break it
        is_item = ITEM.match(f"{sentence.text} ") is not None
        line = self._lines.get(sentence.number) if sentence.number and not is_frame else None
        is_quote = line is not None and sentence.text in _split_quotable(line.text)
        checked = Checked(sentence.text, line if is_quote else None)
        if not (is_frame or is_quote):
            checked = self._check(sentence.text, line)
        text, line = checked.text, checked.line
        self.sentences += not is_frame and has_words(sentence.text)
        if text is not None and not (is_frame or is_code or is_quote):
            text = neutralise(text, asked=self._asked, source=line.text if line else "")
        if text is None or (text in self._said and not (is_laid_out or is_item)):
            reason = "said before" if text is not None else checked.reason or "not neutral"
            logger.info("a sentence was withheld: %s", reason)
            self.withheld += checked.text is None and has_words(sentence.text)
            return ""
        self._said.add(text)
        before = (sentence.before or " ") if self.text else ""
        self.text += before + text
        self.first_text_ms = self.first_text_ms or milliseconds()
        markdown = before + (harmless_code(text) if is_code else harmless_markdown(text, line.text if line else ""))
        if line is None:
            return markdown
        if line not in self.cited:
            self.cited.append(line)
        # The lead-in of a list, or its first item, carries the mark for all of it.
        goes_on = is_item or text == GOES_ON or "\n" not in before
        is_marked = is_laid_out or (self._in_list == line.number and goes_on)
        self._in_list = line.number if is_item or text.endswith((":", "：")) or is_marked else None
        return markdown if is_marked else f"{markdown} [{line.number}]"

    def _add_read(self, sentence: Sentence, passages: PassageCheck, milliseconds: Callable[[], float]) -> str:
        """Add a sentence of a base that reads passages. A lead-in waits for the sentence that it introduces."""
        cited = self._lines.get(sentence.number) if sentence.number else None
        checked = passages.check(sentence.text, cited, self._asked, self._lessons or ())
        self.sentences += has_words(sentence.text)
        text, line = checked.text, checked.line
        is_code = sentence.text.startswith("```")
        if text is not None and not is_code:
            text = neutralise(text, asked=self._asked, source=line.text if line else "")
        if text is None or text in self._said:
            logger.info("a sentence was withheld: %s", checked.reason or "said before or not neutral")
            self.withheld += checked.text is None and has_words(sentence.text)
            self._lead = ""
            return ""
        self._said.add(text)
        if text.endswith((":", "：")):
            self._lead = (sentence.before or " ") + text
            return ""
        lead, self._lead = self._lead, ""
        before = lead + (sentence.before or " ") if lead or self.text else ""
        before = before if self.text else before.lstrip()
        self.text += before + text
        self.first_text_ms = self.first_text_ms or milliseconds()
        shown = harmless_markdown(before, "") if lead else before
        if is_code:
            rows = [harmless_code(row) for row in text.split("\n")]
            return shown + "\n".join(rows) + (f"\n[{line.number}]" if self._cite(line) and line else "")
        shown += harmless_markdown(text, line.text if line else "")
        return f"{shown} [{line.number}]" if self._cite(line) and line else shown

    def _cite(self, line: EvidenceLine | None) -> bool:
        """Note a citation. Return whether to show it; a repeated citation of the same passage is not shown."""
        is_new = line is not None and (not self.cited or self.cited[-1] != line)
        if line is not None and line not in self.cited:
            self.cited.append(line)
        return is_new

    def finish(self) -> str:
        """Return the end of the code block in which the answer was cut off; "" if there is none."""
        was_in_code, self._in_code = self._in_code, False
        return "\n```" if was_in_code else ""

    def recite(self, line: EvidenceLine, *, milliseconds: Callable[[], float], shows_heading: bool = False) -> str:
        """Show a line unchanged, with its lists, code and links. Return its Markdown with its citation.

        With `shows_heading` its heading stands above it, unless the line before it has the same one. The heading is no
        part of `text`.
        """
        rows, in_code = [], False
        for row in line.text.split("\n"):
            in_code ^= is_fence(row)
            rows.append(harmless_code(row) if in_code or is_fence(row) else harmless_markdown(row, line.text))
        before = "\n\n" if self.text else ""
        is_new = not self.cited or self.cited[-1].heading != line.heading
        label = f"**{harmless_markdown(line.lowest_heading)}**\n" if shows_heading and is_new else ""
        self.text += before + line.text
        self.cited.append(line)
        self.sentences += 1
        self.first_text_ms = self.first_text_ms or milliseconds()
        joint = "\n" if is_fence(rows[-1]) or is_table_row(rows[-1]) else " "
        return before + label + "\n".join(rows) + f"{joint}[{line.number}]"

    def offer(self, lead: str, pages: Sequence[EvidenceLine], *, milliseconds: Callable[[], float]) -> str:
        """Show pages that may help, each by its lowest heading and its best line, of which a long one is cut."""
        rows = [(f"- {page.lowest_heading}: {_show_briefly(page)}", page) for page in pages]
        self.text = "\n".join([lead, *(text for text, _ in rows)])
        self.cited = list(pages)
        self.sentences += 1
        self.first_text_ms = self.first_text_ms or milliseconds()
        return "\n".join([lead, *(f"{harmless_markdown(text, page.text)} [{page.number}]" for text, page in rows)])

    def _check(self, text: str, line: EvidenceLine | None) -> Checked:
        lines = (*self._lines.values(), *self._beside)
        if line is not None:
            checked = check_claim(text, lines, cited=line.number, model=self._model)
            return replace(checked, line=self._lines[checked.line.number]) if checked.line else checked
        if self._lessons is None or is_courtesy(text):
            return Checked(text, None)
        judgement = judge_claim(text, lines, model=self._model)
        if judgement.verdict is Support.NOT_FOUND and self._look_up is not None and states_fact(text):
            judgement = judge_claim(text, self._look_up(text), model=self._model)
        is_lesson = any(mend_quote(text, lesson) for lesson in self._lessons)
        is_wrong = judgement.verdict is Support.CONTRADICTED and not is_lesson
        return Checked(None if is_wrong else text, None, judgement.reason if is_wrong else "")

    def _see_layout(self, sentence: Sentence) -> tuple[bool, bool]:
        """Return whether a line only delimits code or a table, and whether it is code or a delimiter of code."""
        if is_fence(sentence.text) and (not self.text or "\n" in sentence.before):
            self._in_code = not self._in_code
            return True, True
        return is_table_rule(sentence.text), self._in_code


def _show_briefly(page: EvidenceLine) -> str:
    """Return the line as it stands, with its links, where it is short and one line; else the beginning of its words."""
    is_short = "\n" not in page.text and len(page.flat) <= SNIPPET
    return page.text if is_short else shorten(page.flat, SNIPPET)


@lru_cache(maxsize=100)
def _split_quotable(line: str) -> frozenset[str]:
    """Return the parts of a line that may be quoted: each sentence, item and line of code."""
    return frozenset([*split_sentences(line), *(part.strip() for part in line.split("\n"))])
