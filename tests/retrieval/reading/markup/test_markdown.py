"""Dialects of Markdown as a person sees them."""

# A table of cases reads best with one row to a line.
# ruff: noqa: E501

import time
from datetime import date

import pytest

from retrieval.passage import Audience
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Rules, build_document
from retrieval.reading.markup.markdown import read_markdown


def show(text: str) -> list[tuple[str, str]]:
    """Return the heading below the title, and the text, of each passage."""
    document = build_document(read_markdown(f"# T\n\n{text}"), "t.md", Rules())
    return [(p.heading.removeprefix("T").removeprefix(" › "), p.text) for p in build_passages(document)]


def show_text(text: str) -> str:
    return "\n".join(line for _, line in show(text))


@pytest.mark.parametrize(
    ("head", "title", "updated"),
    [
        ('---\ntitle: "A: b"\nupdated: 2026-03-01\n---\n', "A: b", date(2026, 3, 1)),
        (
            "---\ntitle: Cleaning: how to\ntags: [a]\nlast_updated: March 2026\n---\n",
            "Cleaning: how to",
            date(2026, 3, 1),
        ),
        ("---\ntitle: A\nupdated: 3 March 2026\n---\n", "A", date(2026, 3, 3)),
        ("---\ntitle: A\nupdated: 3. 4. 2026\n---\n", "A", date(2026, 4, 3)),
        ("---\ntitle: A\ndate: 2026-03-01 10:00:00 +0100\n...\n", "A", date(2026, 3, 1)),
        ("---\ntitle: A\ndate: some day\n---\n", "A", None),
        ("---\ntitle: {{ page.title }}\n---\n", "Plug", None),
        ('+++\ntitle = "A"\ndate = 2026-03-01\n+++\n', "A", date(2026, 3, 1)),
        ('{\n "title": "A", "date": "2026-03-01"\n}\n\n', "A", date(2026, 3, 1)),
        ("---\n\n", "Plug", None),
        ("---\n\nText below a rule.\n\n---\n\n", None, None),
    ],
)
def test_heads_of_all_kinds_are_read(head: str, title: str | None, updated: date | None) -> None:
    part = read_markdown(f"{head}# Plug\n\nIt needs 12 newton metres.\n")
    document = build_document(part, "some-plug.md", Rules())
    assert (document.title, document.updated) == (title or "Some plug", updated)
    assert "It needs 12 newton metres." in build_passages(document)[-1].text
    assert not any("+++" in p.text or "title" in p.text for p in build_passages(document))


def test_a_head_that_says_who_may_read_is_never_taken_for_text() -> None:
    for head in ("---\n\naudience: staff\ntitle: x\n---\n", "---\ntitle: a: b\naudience: staff\n---\n"):
        assert read_markdown(f"{head}Text.").audience is Audience.STAFF


def test_aliases_that_unfold_to_gigabytes_are_not_followed() -> None:
    head = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    started = time.perf_counter()
    assert read_markdown(f"---\n{head}updated: *i\n---\ntext").text == "text"
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("<table>\n<tr><th>Pump</th><th>Depth</th></tr>\n\n<tr><td>A</td><td>`7` m</td></tr>\n</table>", "Pump: A; Depth: `7` m"),
        ("<p align=\"center\">\nThe **pump** is orange.\n</p>", "The pump is orange."),
        ("<div>\n\nThe hose is pink.\n\n</div>", "The hose is pink."),
        ("<div><p>One.</p>\n  <p>Two.</p></div>", "One.\nTwo."),
        ("<ul>\n<li>One</li>\n<li>Two</li>\n</ul>", "- One\n- Two"),
        ("<Note>\nFrost is *not* covered.\n</Note>", "Frost is not covered."),
        ("<Card>\n    Press twice.\n</Card>", "Press twice."),
        ("import Foo from './foo'\n\nText.\n\nimport duties are paid by you.", "Text.\nimport duties are paid by you."),
        ("Press <kbd>F1</kbd>, H<sub>2</sub>O, 10<sup>3</sup>, ~~5 euros~~ <del>6</del> 7 euros.", "Press F1, H2O, 10³, 7 euros."),
        ("Mon 8-12<br>Tue 9-13<br/>\nWed closed", "Mon 8-12  \nTue 9-13  \nWed closed"),
        ("See <a href=\"https://a.example/b\">the page</a>.<!-- secret -->", "See [the page](https://a.example/b)."),
        ("![diagram](x.png) Text. <img src=x alt=photo>", "Text."),
        ("Type `{{ name }}` and <your-name>, `<br>` too.", "Type `{{ name }}` and <your-name>, `<br>` too."),
        ("A call[^1]. Another[^b]\n\n[^1]: Five bar. At most.\n[^b]: long\n    note", "A call (Five bar; At most). Another (long note)"),
        ("Free.[^1] More.\n\n[^1]: Except rotors.", "Free (Except rotors). More."),
        ("Term\n: Its meaning.", "Term: Its meaning."),
        ("- [ ] open\n- [x] done", "- ☐ open\n- ☑ done"),
        ("Text.\n{: .lead #x style=\"a\"}\n\nMore {: .b}text.", "Text.\nMore text."),
        ("{% include nav.html %}Text {% if a %}one{% endif %}.", "Text one."),
        ("{% include note.html content=\"Keep dry.\" %}", "Keep dry."),
        ("{% raw %}{{ user }}{% endraw %} is {{ site.version }}.", "{{ user }} is …."),
        ("Write {{user.name}} in the macro.", "Write {{user.name}} in the macro."),
        ("See [the notes][gone].", "See the notes."),
        ("<script>\nalert(1)\n</script>\n<style>p{}</style>\nText.", "Text."),
    ],
)  # fmt: skip
def test_text_is_read_as_it_is_seen(written: str, seen: str) -> None:
    assert show_text(written) == seen


@pytest.mark.parametrize(
    "written",
    [
        ":::warning\nKeep dry.\n:::",
        "::: warning\nKeep dry.\n:::",
        "!!! warning\n    Keep dry.",
        '!!! warning ""\n    Keep dry.',
        "> [!WARNING]\n> Keep dry.",
        '{% hint style="warning" %}\nKeep dry.\n{% endhint %}',
        "{{< warning >}}\nKeep dry.\n{{< /warning >}}",
        "{{% notice warning %}}\nKeep dry.\n{{% /notice %}}",
        '<Callout type="warning">Keep dry.</Callout>',
        "<Warning>\n  Keep dry.\n</Warning>",
        "/// warning\nKeep dry.\n///",
        "<Warning>\n\nWarning: Keep dry.\n\n</Warning>",
    ],
)
def test_a_warning_says_that_it_is_one_whatever_its_dialect(written: str) -> None:
    assert show_text(f"Before.\n\n{written}\n\nAfter.") == "Before.\nWarning: Keep dry.\nAfter."


@pytest.mark.parametrize(
    "written",
    [
        "<details>\n<summary>How hot?</summary>\n55 degrees.\n</details>",
        "<details><summary><b>How hot?</b></summary>\n\n55 degrees.\n\n</details>",
        '<Accordion title="How hot?">\n55 degrees.\n</Accordion>',
        '<Tabs>\n<TabItem value="x" label="How hot?">\n\n55 degrees.\n\n</TabItem>\n</Tabs>',
        '=== "How hot?"\n\n    55 degrees.',
        '??? note "How hot?"\n    55 degrees.',
        ":::tip[How hot?]\n55 degrees.\n:::",
        '{{< tab "How hot?" >}}\n55 degrees.\n{{< /tab >}}',
        '{% tab title="How hot?" %}\n55 degrees.\n{% endtab %}',
    ],
)
def test_what_unfolds_stands_under_its_label_and_what_follows_does_not(written: str) -> None:
    assert show(f"{written}\n\nAfter.") == [("How hot?", "55 degrees."), ("", "After.")]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("```bash\na <b>\n  {{ c }} # d\n```", "```bash\na <b>\n  {{ c }} # d\n```"),
        ("~~~\na\n~~~", "```\na\n```"),
        ("<pre><code>a\n  b &lt;c&gt;</code></pre>", "```\na\n  b <c>\n```"),
        ('<Tabs>\n  ```js title="x"\n  a\n    b\n  ```\n</Tabs>', "```js\na\n  b\n```"),
        ("!!! note\n    ```sh\n    a\n      b\n    ```", "```sh\na\n  b\n```"),
        ("> ```\n> a\n>   b\n> ```", "```\na\n  b\n```"),
        ("    a\n      b", "```\na\n  b\n```"),
    ],
)
def test_code_keeps_its_lines_and_all_that_stands_in_it(written: str, code: str) -> None:
    assert show_text(written) == code


def test_code_in_a_step_stays_with_it() -> None:
    text = show_text("1. Open it.\n\n   ```sh\n   one\n   ```\n\n   <Note>Slowly.</Note>\n\n2. Close it.")
    assert text == "1. Open it.\n```sh\none\n```\n  - Slowly.\n2. Close it."


@pytest.mark.parametrize(
    "piece", ["<div>", "<details>", "</div>", "<A ", "{% ", "{{", "[^1]", "> [!TIP]\n", ":::note\n", "`", "<b", "<!--"]
)
def test_what_is_never_closed_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    read_markdown(piece * 5_000)
    assert time.perf_counter() - started < 2.0


def test_breaks_in_a_cell_part_its_words_and_double_no_mark() -> None:
    rows = "| 443 | HTTPS polls.<br><br>Cloudlink connects |\n| 53 | DNS<br/>and more<br> |\n"
    assert show_text(f"| Port | Use |\n|---|---|\n{rows}").replace("\u00a0", " ").split("\n") == [
        "Port: 443; Use: HTTPS polls. Cloudlink connects",
        "Port: 53; Use: DNS, and more",
    ]
