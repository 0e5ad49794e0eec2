"""Finds what a person can see of a web page: hidden text goes, what a button, a tab or a summary unfolds stays.

Some pages hide the answers of their FAQ until somebody asks for them; others hide what nobody should read. The
difference is whether something visible unfolds it. Styles are parsed by tinycss2. Knows nothing of Markdown.
"""

import re
from collections.abc import Iterator

import tinycss2  # type: ignore[import-untyped]  # the package has no types
from bs4 import BeautifulSoup, Tag

from retrieval.reading.documents import SCOPE_END, SCOPE_START
from retrieval.reading.markup.page_content import find_by_role

_TOGGLES = {"aria-controls", "data-target", "data-bs-target", "aria-expanded", "data-toggle"}
_POINTERS = ("aria-controls", "data-target", "data-bs-target", "href", "for")
_PANEL = re.compile(r"accord|collaps|panel|\btab|faq|answer|toggle|expand|content__|disclosure", re.IGNORECASE)
_TOGGLE = re.compile(r"accord|collaps|faq|toggle|question|expand|disclosure", re.IGNORECASE)
_NEVER = re.compile(r"\bmodal|popup|cookie|consent|\bmenu|dropdown|tooltip|overlay|lightbox|honeypot", re.IGNORECASE)
_NO_PANELS = {"dialog", "alertdialog", "menu", "menubar", "navigation", "search", "tooltip", "listbox"}
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_FAR_AWAY = -900.0


def show_what_unfolds(soup: BeautifulSoup) -> None:
    """Put what something visible unfolds under its label, and remove everything else that is hidden."""
    for toggle, panel in list(_find_pairs(soup)):
        if panel.parent is not None and toggle.parent is not None:
            _unfold(toggle, panel)
    for details in soup.find_all("details"):
        summary = details.find("summary", recursive=False)
        if isinstance(summary, Tag):
            put_in_scope(details, summary.get_text(" ", strip=True))
            summary.decompose()
    for tag in soup.find_all(is_hidden):
        if tag.parent is not None and not _is_ever_seen(tag):
            tag.decompose()


def is_hidden(tag: Tag) -> bool:
    """Whether an element's own attributes hide it when the page opens."""
    if tag.has_attr("hidden"):
        return str(tag["hidden"]).lower() != "until-found"
    return tag.get("aria-hidden") == "true" or (tag.has_attr("style") and hides(str(tag["style"])))


def hides(style: str) -> bool:
    """Whether the declarations of a style attribute hide the element, or move it out of sight."""
    values = {
        part.lower_name: [token for token in part.value if token.type not in ("whitespace", "comment")]
        for part in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
        if part.type == "declaration"
    }
    words = {name: {token.lower_value for token in value if token.type == "ident"} for name, value in values.items()}
    if "none" in words.get("display", ()) or words.get("visibility", set()) & {"hidden", "collapse"}:
        return True
    if any(_is_zero(values.get(name)) for name in ("opacity", "font-size")):
        return True
    is_cut = bool((words.get("overflow", set()) | words.get("overflow-y", set())) & {"hidden", "clip"})
    if is_cut and any(_is_zero(values.get(name)) for name in ("height", "max-height", "width", "max-width")):
        return True
    return any(_is_far_away(values.get(name)) for name in ("left", "top", "right", "text-indent", "margin-left"))


def put_in_scope(panel: Tag, label: str) -> None:
    """Mark an element's text as belonging to a label."""
    if label and not _repeats(panel, label):
        panel.insert(0, _build_mark(f"{SCOPE_START}{label}"))
        panel.append(_build_mark(SCOPE_END))


def _find_pairs(soup: BeautifulSoup) -> Iterator[tuple[Tag, Tag]]:
    """Yield each thing that unfolds another together with what it unfolds, each panel once."""
    by_id = {str(tag["id"]): tag for tag in soup.find_all(id=True)}
    seen: set[int] = set()
    for toggle in [tag for tag in soup.find_all(True) if _may_unfold(tag)]:
        if _is_of_menu(toggle):
            continue
        panel = _find_panel(toggle, by_id)
        if panel is not None and id(panel) not in seen:
            seen.add(id(panel))
            yield toggle, panel
    for panel in [tag for tag in find_by_role(soup, (), ("tabpanel", "region")) if tag.has_attr("aria-labelledby")]:
        label = by_id.get(str(panel["aria-labelledby"]))
        if label is not None and id(panel) not in seen:
            seen.add(id(panel))
            yield label, panel
    for toggle in find_by_role(soup, ("button",), ("button",)):
        following = toggle.find_next_sibling()
        is_named = _TOGGLE.search(" ".join(toggle.get_attribute_list("class"))) is not None
        if isinstance(following, Tag) and id(following) not in seen and (is_named or is_hidden(following)):
            seen.add(id(following))
            yield toggle, following


def _may_unfold(tag: Tag) -> bool:
    """Whether an element's name and attributes are those of a switch, a tab or a link within the page."""
    if not tag.attrs:
        return False
    is_link = tag.name == "a" and str(tag.get("href", "")).startswith("#")
    is_label = tag.name == "label" and tag.has_attr("for")
    return is_link or is_label or tag.get("role") == "tab" or not _TOGGLES.isdisjoint(tag.attrs)


def _find_panel(toggle: Tag, by_id: dict[str, Tag]) -> Tag | None:
    is_plain_link = toggle.name == "a" and not (
        toggle.get("role") or toggle.get("data-toggle") or toggle.get("data-bs-toggle")
    )
    for name in _POINTERS:
        target = by_id.get(str(toggle.get(name, "")).lstrip("#"))
        if (
            target is None
            or (name == "href" and is_plain_link)
            or target in toggle.parents
            or _is_control(target, name)
        ):
            continue
        return target
    if toggle.name == "label" or is_plain_link:
        target = by_id.get(str(toggle.get("for", "")))
        following = toggle.find_next_sibling()
        is_switch = (
            target is not None and target.get("type") in ("checkbox", "radio") and toggle.parent is target.parent
        )
        return following if is_switch and isinstance(following, Tag) and following.name in ("div", "section") else None
    if toggle.has_attr("aria-expanded"):
        outer = (
            toggle
            if toggle.parent is None or toggle.parent.name not in (*_HEADINGS, "dt", "summary")
            else toggle.parent
        )
        following = outer.find_next_sibling()
        return (
            following
            if isinstance(following, Tag) and following.name in ("div", "section", "p", "dd", "ul", "ol")
            else None
        )
    return None


def _is_control(target: Tag, pointer: str) -> bool:
    return pointer == "for" or target.name in ("input", "select", "textarea", "nav", "dialog")


def _is_of_menu(toggle: Tag) -> bool:
    return toggle.has_attr("aria-haspopup") or toggle.find_parent(["nav", "menu"]) is not None


def _unfold(toggle: Tag, panel: Tag) -> None:
    if _is_never_seen(panel):
        return
    _reveal(panel)
    if toggle.find_parent(["nav"]) is not None:
        return
    heading = toggle if toggle.name in _HEADINGS else toggle.find_parent([*_HEADINGS, "dt", "summary"])
    label = toggle.get_text(" ", strip=True)
    if heading is not None and heading.find_next_sibling() is panel and heading.name != "dt":
        toggle.unwrap() if toggle is not heading else None
        return
    if any(character.isalpha() for character in label):
        put_in_scope(panel, label)
        (heading or toggle).decompose()


def _reveal(panel: Tag) -> None:
    for name in ("hidden", "aria-hidden", "style"):
        if panel.has_attr(name):
            del panel[name]


def _is_never_seen(panel: Tag) -> bool:
    named = " ".join([*panel.get_attribute_list("class"), str(panel.get("id", ""))])
    return (
        panel.name in ("nav", "dialog", "template")
        or panel.get("role") in _NO_PANELS
        or panel.get("aria-modal") == "true"
        or _NEVER.search(named) is not None
    )


def _is_ever_seen(tag: Tag) -> bool:
    """Whether scripts unfold a hidden element although nothing points at it."""
    if _is_never_seen(tag):
        return False
    if tag.get("role") in ("tabpanel", "region") or tag.find_parent("details") is not None:
        return True
    before = tag.find_previous_sibling()
    if isinstance(before, Tag) and (before.name in _HEADINGS or before.name == "dt") and before.find("button"):
        return True
    return (
        tag.name in ("div", "section", "dd", "li")
        and _PANEL.search(" ".join(tag.get_attribute_list("class"))) is not None
    )


def _repeats(panel: Tag, label: str) -> bool:
    first = panel.find(_HEADINGS)
    return isinstance(first, Tag) and first.get_text(" ", strip=True) == label


def _build_mark(text: str) -> Tag:
    mark = BeautifulSoup("", "lxml").new_tag("p")
    mark.string = text
    return mark


def _is_zero(value: list[tinycss2.ast.Node] | None) -> bool:
    return bool(value and value[0].type in ("number", "dimension", "percentage") and value[0].value == 0)


def _is_far_away(value: list[tinycss2.ast.Node] | None) -> bool:
    return bool(value and value[0].type in ("number", "dimension") and value[0].value <= _FAR_AWAY)
