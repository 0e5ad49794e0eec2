"""`chip facts`: lists what the documents say about one thing, as the claim check uses it."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.slack.text import shorten

if TYPE_CHECKING:
    from config.settings import Settings


def show_facts(settings: "Settings", name: str, output: Console, *, staff: bool) -> bool:
    """Print the table of facts about a thing. Return False if no document states any."""
    from bot.core import open_knowledge
    from retrieval.english.sentences import split_units
    from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE

    knowledge = open_knowledge(settings)
    try:
        facts = knowledge.list_facts(name, STAFF_SCOPE if staff else CUSTOMER_SCOPE)
    finally:
        knowledge.close()
    if not facts:
        output.print(_tell_nothing(name, staff=staff), markup=False)
        return False
    table = Table("what", "value", "where it says so", "document", title=f"Facts about {name}", title_justify="left")
    for fact, passage in facts:
        table.add_row(fact.kind, fact.value, shorten(split_units(passage.text)[fact.unit].text, 120), passage.source)
    output.print(table)
    return True


def _tell_nothing(name: str, *, staff: bool) -> str:
    if staff:
        return f"No document states a fact about “{name}”."
    return f"No document for customers states a fact about “{name}”. `--staff` looks into staff documents too."
