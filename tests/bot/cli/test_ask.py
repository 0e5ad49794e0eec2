"""`chip ask --file`: questions as people put them, asked of a maker of mixers with all defaults and the real base."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app

PAGES = {
    "bora-20": "The Bora 20 is a quiet mixer. It weighs 4 kg. The warranty of the Bora 20 lasts 3 years.",
    "bora-35": "The Bora 35 is an industrial mixer. It weighs 9 kg. The warranty of the Bora 35 lasts 5 years.",
    "codes": "| Code | Meaning |\n| --- | --- |\n| F-310 | the lid is open |\n| F-301 | the motor is hot |\n"
    "| ORA_17 | no oil |",
    "parts": "| Part | Article | Price |\n| --- | --- | --- |\n| Belt | 6610-A | 7 dollars |\n"
    "| Belt, wide | 6610-B | 9 dollars |\n| Whisk | W1-20 | 14 dollars |\n| Whisk, steel | W1-200 | 31 dollars |",
    "shops": "## Lund\n\nThe shop in Lund opens at 9. It repairs mixers.\n\n## Oslo\n\nThe shop in Oslo opens at 10. "
    "It repairs no mixers.\n\n## Kiel\n\nThe shop in Kiel opens at 8. It repairs mixers.",
    "terms": "A minor repair order is signed for 14 days. See the [list of dealers](https://dealers.bora.example/list).",
    "reset": "To reset the mixer, run:\n\n```\nboractl stop\nboractl wipe --all  # keep the bowl\n```",
    "lids.rst": "Lids\n====\n\n.. note:: The :term:`lid` of the Bora 20 is made of beech wood.\n",
    "bowls.adoc": "= Bowls\n\nNOTE: The bowl of the Bora 35 holds 12 litres.\n",
    "belts.mdx": "import Tab from '@x'\n\n# Belts\n\n<Tab label=\"Use\">\nA belt lasts 600 hours.\n</Tab>\n",
    "approvals": "The Bora 20 is approved for boats. The Bora 35 is not approved for boats.",
    "counters": "## Ystad\n\nStorgatan 8, open 9 to 17.\n\n## Visby\n\nHamngatan 2, open 8 to 15.",
    "phones.csv": "Ystad counter,+46 555 0101,ring twice\nVisby counter,+46 555 0202,closed in May\n",
    "dealers": "| Level | Discount | Deposit | Delivery |\n| --- | --- | --- | --- |\n"
    "| Entry | 4 % | 200 dollars | 60:00 |\n| Premier | 9 % | 700 dollars | 8:00 |",
    "rentals": "| Rental | Mixers | Price per month |\n| --- | --- | --- |\n| Mini | up to 2 | 9 dollars |\n"
    "| Maxi | up to 20 | 40 dollars |",
    "app": "## 3.9.0 (4 March 2026)\n\nAdds timers.\n\n## 3.10.0 (2 May 2026)\n\nAdds recipes that can be shared.",
    "faults": "Report the fault under Service in the app, and send the mixer in with the number that you get.",
    "lamps": "A red lamp on the Bora 20 means that the fuse is broken. A green lamp means that it works.",
    "bora-go": "The Bora Go is a mixer with a battery. It runs for 40 minutes on a full charge.\n\n## Beaters and "
    "battery\n\nThe beaters of the Bora Go should be replaced every 9 months. The Bora Go uses the battery GO-3.",
    "cover": "The warranty for batteries lasts 12 months, except for the battery of the Bora Go. The battery of the "
    "Bora Go has a warranty of 24 months.",
    "scales": "The battery of the scale lasts 2 years. The scale weighs up to 5 kg.",
    "boot.log": "The service hatch opens with a coin.\n",
}
TITLES = {
    "codes": "Fault codes of the mixers",
    "faults": "Faults and repairs",
    "parts": "Price list of parts",
    "app": "App release notes",
}
REFUSAL = "I don't know|I'm not sure"


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with all documents read in, for customers; the working folder while the module runs."""
    home = tmp_path_factory.mktemp("mixers")
    for name, text in PAGES.items():
        title = TITLES.get(name, name.title())
        page = text if "." in name else f"# {title.replace('-', ' ')}\n\n{text}\n"
        (home / "documents").mkdir(exist_ok=True)
        (home / "documents" / (name if "." in name else f"{name}.md")).write_text(page, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CHIP_CONFIG"):
            patch.delenv(name, raising=False)
        patch.setenv("CHIP_DATA", str(home / "var"))
        patch.setenv("CHIP_KNOWLEDGE__FOLDER", str(home / "documents"))
        patch.setenv("CHIP_KNOWLEDGE__DEFAULT_AUDIENCE", "customer")
        patch.setenv("CHIP_ENGINE__THREADS", "1")
        patch.chdir(home)
        ingested = CliRunner().invoke(app, ["ingest"])
        assert ingested.exit_code == 0, ingested.output
        yield home


ASKED = {
    # A code, version or model that no document holds is not answered with its neighbour, whatever its form.
    "Price of 6610-C?": REFUSAL,
    "What does ORA_18 mean?": REFUSAL,
    "What does error 305 mean?": REFUSAL,
    "How heavy is the Bora 50?": REFUSAL,
    "How much is the W1 20?": r"^(?!.*31 dollars).*14 dollars",
    "What does the W1-200 cost?": r"^(?!.*14 dollars).*31 dollars",
    # A report of a code is a question for it.
    "The display shows F-310": "lid is open",
    "f301 keeps coming up, help": "motor is hot",
    "what is error 310": "lid is open",
    # What is misspelt is meant.
    "waht does F-310 meen": "lid is open",
    "How hevy is the Broa 35?": "9 kg",
    # All of a kind, and those that do not.
    "Which shops repair mixers?": "^(?!.*Oslo).*Lund.*Kiel",
    "Which shop does not repair mixers?": "Oslo",
    "Which mixers do you have?": "Bora 20.*Bora 35",
    "List all fault codes": "310.*301.*17",
    # What is denied is no answer to what is so, and stands beside none.
    "Which mixers are approved for boats?": "^(?!.*not approved).*Bora 20 is approved",
    "Which mixer is not approved for boats?": "Bora 35 is not approved",
    # A cell, a street or a version says what is asked of exactly what is named.
    "How long does delivery take for Entry dealers?": "60:00",
    "adres of the Ystad shop": "Storgatan 8",
    "What is the newest version of the app?": r"3\.10\.0",
    "Is there a rental for less than 10 dollars a month?": r"^(?!.*40 dollars).*9 dollars",
    # Nobody chats about a code.
    "S-99 what is that": REFUSAL,
    # The words that other languages put around a code or a price.
    "¿Cuánto cuesta el W1-200?": "31 dollars",
    "Was bedeutet der Fehler F-310?": "lid is open",
    # A short form that a sentence spells out.
    "How long does an MRO run?": "14 days",
    # Every format is read.
    "What is the lid of the Bora 20 made of?": "beech",
    "How much does the bowl of the Bora 35 hold?": "12 litres",
    "How long does a belt last?": "600 hours",
    "How does the service hatch open?": "coin",
    # A report that a thing is broken asks for the page about repairs, whatever else is broken in a document.
    "My Bora 20 is broken": "^(?!.*fuse).*send the mixer in",
    "Hi, my mixer just broke. What shall I do?": "send the mixer in",
    "Our mixers are broken": "send the mixer in",
    "The Bora 35 stopped working!": "send the mixer in",
    "What does a red lamp on the Bora 20 mean?": "fuse is broken",
    "How long does the battery of the scale last?": "2 years",
    "How long is the warranty for the battery of the Bora Go?": "24 months",
    # Addresses and commands come as they stand.
    "Where is the list of dealers?": r"https://dealers\.bora\.example/list",
    "How do I reset the mixer?": r"boractl stop\nboractl wipe --all  # keep the bowl\n",
}


@pytest.fixture(scope="module")
def answers(chip: Path) -> dict[str, str]:
    """What Chip says to each question."""
    rows = "".join(f"{json.dumps({'question': question})}\n" for question in ASKED)
    (chip / "asked.jsonl").write_text(rows, encoding="utf-8")
    result = CliRunner().invoke(app, ["ask", "--file", "asked.jsonl", "--out", "said.jsonl"])
    assert result.exit_code == 0, result.output
    said = [json.loads(row) for row in (chip / "said.jsonl").read_text(encoding="utf-8").splitlines()]
    return dict(zip(ASKED, (row["answer"] for row in said), strict=True))


@pytest.mark.parametrize("question", ASKED)
def test_a_question_gets_what_the_documents_say_of_exactly_that(answers: dict[str, str], question: str) -> None:
    assert re.search(ASKED[question], answers[question], re.DOTALL), answers[question]
