"""Finds the content of a web page: not its menus, banners, controls and teasers for other pages.

If a page says what its main part is, that is it. Otherwise everything stays that is not clearly something else. Knows
nothing of Markdown.
"""

import re
from collections.abc import Collection, Iterator

from bs4 import BeautifulSoup, Comment, Tag

_NOT_SEEN = [
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas", "img", "video", "audio",
    "title", "map", "picture", "dialog",
]  # fmt: skip
_CONTROLS = ["input", "select", "textarea", "datalist", "progress", "meter", "option"]
_NAVIGATION_NAMES = ("nav", "menu")
_NAVIGATION_ROLES = ("navigation", "menu", "menubar", "tablist", "search", "dialog", "alertdialog")
_BY_THE_WAY = re.compile(
    r"breadcrumb|cookie|consent|skip-?(?:link|to)|pagination|pager|share|social|newsletter|subscribe|related|sidebar|"
    r"promo|advert|\bads?\b|\btoc\b|table-of-contents|page-?nav|site-?nav|menu|masthead|edit-?this",
    re.IGNORECASE,
)
_ADMONITION = re.compile(
    r"warn|note|tip|hint|caution|danger|info|important|admonition|callout|alert|notice", re.IGNORECASE
)
_PERMALINK = re.compile(r"anchor|permalink|headerlink|hash-?link|heading-?link", re.IGNORECASE)
_TEASER = re.compile(
    r"^(?:related|see also|read (?:more|next)|you may also|more (?:articles|from)|further reading)\b", re.IGNORECASE
)
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
# A block leads elsewhere if more than half of its words are links.
_MOST_LINKED = 0.5


def find_by_role(soup: Tag, names: Collection[str], roles: Collection[str]) -> list[Tag]:
    """Return the elements of these names or with these roles; a selector takes ten times as long on a large table."""
    tags = (tag for tag in soup.descendants if isinstance(tag, Tag))
    return [tag for tag in tags if tag.name in names or tag.get("role") in roles]


def drop_unseen(soup: BeautifulSoup) -> None:
    """Remove what no browser shows as text."""
    for tag in soup(_NOT_SEEN):
        if tag.name != "dialog" or not tag.has_attr("open"):
            tag.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()


def drop_controls(soup: BeautifulSoup) -> None:
    """Remove fields and buttons with their labels. Of a form around a whole page, the content stays."""
    for label in soup.find_all("label"):
        target = soup.find(id=label["for"]) if label.get("for") else label.find(_CONTROLS)
        if isinstance(target, Tag) and target.name in _CONTROLS and target.get("type") not in ("checkbox", "radio"):
            label.decompose()
    for tag in soup(_CONTROLS):
        tag.decompose()
    for button in find_by_role(soup, ("button",), ("button",)):
        if button.find_parent([*_HEADINGS, "dt", "summary"]) or button.find(_HEADINGS):
            button.unwrap()
        else:
            button.decompose()
    for name in ("form", "fieldset"):
        for tag in soup(name):
            tag.unwrap()


def find_content(soup: BeautifulSoup) -> list[Tag]:
    """Return the parts of the page that hold its content, in their order."""
    for tag in find_by_role(soup, _NAVIGATION_NAMES, _NAVIGATION_ROLES):
        tag.decompose()
    for anchor in soup("a"):
        if _is_permalink(anchor):
            anchor.decompose()
    mains = [tag for tag in find_by_role(soup, ("main",), ("main",)) if not tag.find_parent(["main"])]
    for tag in soup(["header", "footer", "aside"]):
        if tag.parent is not None and not _is_content(tag, has_main=bool(mains)):
            tag.decompose()
    for tag in soup(["div", "section", "article", "ul", "p"]):
        if tag.parent is not None and _leads_away(tag):
            tag.decompose()
    mains = [main for main in mains if main.get_text(strip=True)]
    if not mains:
        return [soup.body or soup]
    intros = [header for header in soup("header") if not header.find_parent(["main", "article"])]
    return [*(header for header in intros if _comes_before(header, mains[0])), *mains]


def _is_content(tag: Tag, *, has_main: bool) -> bool:
    is_within = tag.find_parent(["main", "article"]) is not None or tag.find_parent(attrs={"role": "main"}) is not None
    if tag.name == "header":
        return is_within or (tag.find(["h1", "h2"]) is not None and _drop_menu(tag, has_main=has_main))
    if _share_of_links(tag) > _MOST_LINKED or _is_by_the_way(tag):
        return False
    if tag.name == "footer":
        return is_within
    return is_within or _is_admonition(tag) or (not has_main and bool(tag.find_previous_sibling(["p", *_HEADINGS])))


def _drop_menu(header: Tag, *, has_main: bool) -> bool:
    """Remove the links from a page's header. Return whether an introduction remains beside its heading."""
    for tag in header(["ul", "ol"]):
        if _share_of_links(tag) > _MOST_LINKED:
            tag.decompose()
    for anchor in header("a"):
        if not anchor.find_parent(["p", *_HEADINGS]):
            anchor.decompose()
    return not has_main or any(len(paragraph.get_text().split()) > 2 for paragraph in header("p"))


def _leads_away(tag: Tag) -> bool:
    """Whether a block is a breadcrumb trail, a banner, or a teaser for other pages, by its name and its content."""
    is_named = _is_by_the_way(tag)
    if is_named and (_share_of_links(tag) > _MOST_LINKED or len(tag.get_text().split()) < 3):
        return True
    if tag.name == "article":
        return not tag.find_parent("main") and _TEASER.match(tag.get_text(" ", strip=True)) is not None
    return tag.get("role") in ("banner", "search") and not tag.find(["h1", "p"])


def _is_by_the_way(tag: Tag) -> bool:
    named = " ".join([*tag.get_attribute_list("class"), str(tag.get("id", ""))])
    return bool(named.strip()) and _BY_THE_WAY.search(named) is not None


def _is_admonition(tag: Tag) -> bool:
    return (
        tag.get("role") in ("note", "alert")
        or _ADMONITION.search(" ".join(tag.get_attribute_list("class"))) is not None
    )


def _is_permalink(anchor: Tag) -> bool:
    text = anchor.get_text(strip=True)
    is_named = _PERMALINK.search(" ".join(anchor.get_attribute_list("class"))) is not None
    return (
        len(text) < 3 and not any(c.isalnum() for c in text) and (is_named or anchor.find_parent(_HEADINGS) is not None)
    )


def _share_of_links(tag: Tag) -> float:
    words = len(tag.get_text(" ").split())
    return sum(len(anchor.get_text(" ").split()) for anchor in tag("a")) / words if words else 0.0


def _comes_before(header: Tag, main: Tag) -> bool:
    return main in _following(header)


def _following(tag: Tag) -> Iterator[Tag]:
    yield from (found for found in tag.find_all_next(["main", "div", "section", "article"]))
