"""No guess about anybody's gender reaches a person: sentences of our own, after the manner of coreference tests."""

import io
import tarfile
from pathlib import Path

import pytest

from benchmarks.neutral import load_winobias, load_winogender, measure
from bot.answering.neutral import neutralise


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("The technician brings his own tools.", "The technician brings their own tools."),
        ("The nurse can return it if she kept the box.", "The nurse can return it if they kept the box."),
        ("The courier rings because he needs a signature.", "The courier rings because they need a signature."),
        ("Ask the agent; she is happy to help.", "Ask the agent; they are happy to help."),
        ("Does he carry the key?", "Do they carry the key?"),
        ("He's the one to call, and he's been told.", "They’re the one to call, and they’ve been told."),
        ("She usually watches the dock and fixes it herself.", "They usually watch the dock and fixes it themselves."),
        ("Give the receipt to her by Friday.", "Give the receipt to them by Friday."),
        ("Give her receipt to the desk.", "Give their receipt to the desk."),
        ("The choice is hers; the risk is his.", "The choice is theirs; the risk is theirs."),
        ("Kim asked whether he could swap the blade.", "Kim asked whether they could swap the blade."),
        ("Yes, sir, that works.", "Yes, that works."),
        ("Thank you, madam.", "Thank you."),
        ("Dear Sir or Madam, the repair is free.", "Hello, the repair is free."),
        ("Hi guys, the shop is open.", "Hi, the shop is open."),
        ("Mr. Okafor may return it.", "Okafor may return it."),
        ("A repairman comes and the salesman calls.", "A technician comes and the salesperson calls."),
        ("Your wife can sign for it.", "Your partner can sign for it."),
        ("The man at the desk helps.", "The person at the desk helps."),
    ],
)
def test_what_assumes_a_gender_is_said_neutrally(said: str, shown: str) -> None:
    assert neutralise(said) == shown


@pytest.mark.parametrize("said", ["A girly colour, isn't it, sweetheart.", "It is light enough for a woman.", "Sir."])
def test_what_cannot_be_said_neutrally_is_withheld(said: str) -> None:
    assert neutralise(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "The customer may bring his or her receipt.",
        "They can return it within 30 days.",
        "The Moss 2 needs its charger.",
        "The sister company in Oslo repairs it.",
        "The Heron has a main brush and a 40 mm blade; the theme is green.",
    ],
)
def test_what_assumes_nothing_is_left_word_for_word(said: str) -> None:
    assert neutralise(said) == said


def test_pronouns_that_the_asker_gave_are_taken_over() -> None:
    said = "She can reset her password in the app."
    assert neutralise(said, asked="My colleague lost her password.") == said
    assert neutralise(said, asked="My colleague lost his password.") == "They can reset their password in the app."
    assert neutralise("Your husband can sign.", asked="Can my husband sign?") == "Your husband can sign."


def test_a_document_knows_the_pronouns_of_somebody_whom_it_names() -> None:
    named = "Ines Weber leads the workshop; she answers within a day."
    assert neutralise("She answers within a day.", source=named) == "She answers within a day."
    unnamed = "The technician carries his own ladder."
    assert neutralise("The technician carries his own ladder.", source=unnamed) == (
        "The technician carries their own ladder."
    )


@pytest.mark.parametrize("name", ["Kim", "Maria", "Ahmed", "Sven", "Aaliyah", "Wei", "Oluwaseun"])
def test_a_name_tells_no_gender(name: str) -> None:
    for pronoun in ("He", "She"):
        assert neutralise(f"{name} called. {pronoun} has 30 days.", asked=f"{name} asks about returns.") == (
            f"{name} called. They have 30 days."
        )


def pack(folder: Path, name: str, text: str) -> None:
    folder.mkdir()
    with tarfile.open(folder / "set.tar.xz", "w:xz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))


def test_the_benchmark_reads_the_public_sets_and_counts_what_is_left(tmp_path: Path) -> None:
    told = "The courier told the clerk that {} could wait."
    rows = [
        f"courier.clerk.1.{g}.txt\t{told.format(p)}"
        for g, p in (("male", "he"), ("female", "she"), ("neutral", "they"))
    ]
    pack(tmp_path / "winogender", "data/all_sentences.tsv", "\n".join(["sentid\tsentence", *rows, ""]))
    pack(
        tmp_path / "winobias", "wino/data/pro_stereotyped_type1.txt.dev", "1 [The courier] rang because [he] waited.\n"
    )
    pairs = load_winogender(tmp_path)
    assert pairs == [(told.format("he"), told.format("they")), (told.format("she"), told.format("they"))]
    assert load_winobias(tmp_path) == ["The courier rang because he waited."]
    figures = measure("both", [*(gendered for gendered, _ in pairs), "It is for a woman."], [told.format("they")] * 3)
    counts = {figure.what: figure.value for figure in figures}
    assert counts == {"sentences": 3, "with a pronoun left": 0, "withheld": 1, "as expected, word for word": 2}
