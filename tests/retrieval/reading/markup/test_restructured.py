"""reStructuredText as docutils or Sphinx would show it."""

from retrieval.passage import Audience
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Part, Rules, build_document
from retrieval.reading.formats import read_parts

PAGE = """\
:audience: customer
:orphan:

.. _bora:

Bora 20
=======

.. toctree::

   other/page

It is a *quiet* :term:`mixer <mixers>`, see :doc:`/guides/first-steps` and `the dealers <https://dealers.bora.example>`__.
The switch is |switch|; run :command:`boractl` once.

.. |switch| replace:: on the left

Cleaning
--------

.. warning:: Never wash the motor.

.. tabs::

   .. group-tab:: Linux

      .. code-block:: bash
         :emphasize-lines: 2
         :caption: Reset

         boractl stop
         boractl wipe --all   # keep

.. versionadded:: 2.1
   The lid locks.

.. list-table::
   :header-rows: 1
   :widths: auto

   * - Part
     - Price
   * - Belt
     - 7 dollars

.. raw:: html

   <script>steal()</script>

.. include:: /etc/passwd
"""


def read(text: str) -> Part:
    (part,) = read_parts("a.rst", text.encode())
    return part


def test_a_page_is_read_as_it_is_seen() -> None:
    part = read(PAGE)
    assert part.title == "Bora 20"
    assert part.audience is Audience.CUSTOMER
    for told in (
        "a *quiet* mixer, see first steps and [the dealers](https://dealers.bora.example)",
        "The switch is on the left; run `boractl` once.",
        "Never wash the motor.",
        "**Linux**",
        "boractl stop\nboractl wipe --all   # keep\n",
        "The lid locks.",
        "| Belt | 7 dollars |",
    ):
        assert told in part.text.replace("(<https://dealers.bora.example>)", "(https://dealers.bora.example)")
    for hidden in ("other/page", "orphan", "steal", "root:", "emphasize"):
        assert hidden not in part.text


def test_headings_become_the_path_of_passages() -> None:
    document = build_document(read(PAGE), "a.rst", Rules())
    assert [passage.heading for passage in build_passages(document)][-1] == "Bora 20 › Cleaning"


def test_a_broken_page_keeps_its_words() -> None:
    part = read(
        "Title\n===\n\nSome *open text and ``code and :nosuch:`role` here.\n\n.. nosuch:: label\n\n   Inner text.\n"
    )
    for word in ("Title", "open text", "role", "label", "Inner text."):
        assert word in part.text
