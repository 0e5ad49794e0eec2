"""Numbers with their units, and the kind of number that a question asks for."""

import pytest

from retrieval.english.quantities import UnitKind, find_quantities, find_wanted_kinds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It weighs 9.8 kg.", [(9.8, "kg", UnitKind.WEIGHT)]),
        ("up to 1,400 square metres", [(1400.0, "square metre", UnitKind.AREA)]),
        ("from 20 to 50 mm", [(20.0, "mm", UnitKind.LENGTH), (50.0, "mm", UnitKind.LENGTH)]),
        ("within 3 to 5 working days", [(3.0, "day", UnitKind.DURATION), (5.0, "day", UnitKind.DURATION)]),
        ("€19.99 or 1,239 euros", [(19.99, "euro", UnitKind.MONEY), (1239.0, "euro", UnitKind.MONEY)]),
        ("1.1 metres per second", [(1.1, "metre per second", UnitKind.SPEED)]),
        ("open until 18:30", [(18.5, "clock", UnitKind.CLOCK)]),
        ("three blades, and this one is new", [(3.0, "blade", UnitKind.COUNT)]),
        ("one year", [(1.0, "year", UnitKind.DURATION)]),
        ("the part MB-03", []),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, found: list[tuple[float, str, UnitKind]]) -> None:
    assert [(q.value, q.unit, q.kind) for q in find_quantities(text)] == found


def test_the_number_in_a_name_is_no_quantity() -> None:
    quantities = find_quantities("The Moss 2 runs for 90 minutes.", ["Moss 2"])
    assert [(q.value, q.unit) for q in quantities] == [(90.0, "minute")]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how heavy is it", UnitKind.WEIGHT),
        ("what does the roof set me back", UnitKind.MONEY),
        ("How long does it run?", UnitKind.DURATION),
        ("how tall is the mast", UnitKind.LENGTH),
        ("how many robots per account", UnitKind.COUNT),
    ],
)
def test_a_question_says_which_kind_of_number_it_wants(question: str, kind: UnitKind) -> None:
    assert kind in find_wanted_kinds(question)


def test_a_question_for_a_reason_wants_no_number() -> None:
    assert find_wanted_kinds("Why does it blink red?") == frozenset()
