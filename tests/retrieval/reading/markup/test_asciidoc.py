"""AsciiDoc as a person reads it: headings, lists, notices, code, tables and links."""

import pytest

from retrieval.passage import Audience
from retrieval.reading.documents import Part
from retrieval.reading.formats import read_parts

HEAD = "= Bora 20 manual\n:audience: customer\n:product: Bora 20\n:help: https://help.bora.example\n\n"


def read(body: str) -> Part:
    (part,) = read_parts("a.adoc", (HEAD + body).encode())
    return part


def test_the_head_gives_title_readers_and_attributes() -> None:
    part = read("The {product} is quiet. {unknown} stays.\n")
    assert (part.title, part.audience) == ("Bora 20 manual", Audience.CUSTOMER)
    assert "The Bora 20 is quiet. {unknown} stays." in part.text
    assert ":product:" not in part.text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("== Cleaning", "## Cleaning"),
        ("NOTE: Keep it dry.", "**Note:** Keep it dry."),
        ("[WARNING]\n====\nNever wash the motor.\n====", "**Warning:**\nNever wash the motor."),
        (". One\n.. Inner\n* Two", "1. One\n    1. Inner\n- Two"),
        ("[source,bash]\n----\nrun --all\n  # {product}\n----", "```bash\nrun --all\n  # {product}\n```"),
        ("See {help}[the help^] or https://a.example/x[].", "See [the help](https://help.bora.example) or"),
        ("Weight:: 4 kg", "**Weight**: 4 kg"),
        ("Press kbd:[Ctrl+C], menu:File[Save] and <<clean,Cleaning>>.", "Press Ctrl+C, File > Save and Cleaning."),
        ("It is *very* `fast`.", "It is **very** `fast`."),
        ('[cols="1,2",options="header"]\n|===\n|A |B\n|x\n|y\n|===', "| A | B |\n| --- | --- |\n| x | y |"),
        ("|===\n|A |B\n\n|x |y\n|===", "| A | B |\n| --- | --- |\n| x | y |"),
        ("[%noheader]\n|===\n|Flow |40 l\n|Weight |9 kg\n|===", "| | |\n| --- | --- |\n| Flow | 40 l |"),
        ("[format=csv]\n,===\nA,B\n1,2\n,===", "| A | B |"),
    ],
)
def test_a_block_is_read_as_it_is_seen(source: str, shown: str) -> None:
    assert shown in read(source).text


@pytest.mark.parametrize(
    "source", ["// secret", "////\nsecret\n////", "ifdef::draft[]\nsecret\nendif::[]", "include::secret.adoc[]"]
)
def test_what_nobody_sees_is_left_out(source: str) -> None:
    text = read(f"Before.\n\n{source}\n\nAfter.").text
    assert "secret" not in text
    assert "Before." in text
    assert "After." in text


def test_a_block_that_never_ends_loses_nothing() -> None:
    assert "kept" in read("----\nkept\n").text
