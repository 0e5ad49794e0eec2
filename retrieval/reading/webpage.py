"""HTML into Markdown: what a reader of the page sees, without scripts, menus, forms and hidden text.

Knows Beautiful Soup and markdownify; knows nothing of fetching.
"""

from collections.abc import Iterator
from datetime import date

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from retrieval.reading.documents import DocumentKind, Part, RejectedError

_NOT_CONTENT = [
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas", "nav", "header", "footer",
    "aside", "form", "button", "input", "select", "textarea", "dialog", "img", "video", "audio", "head",
]  # fmt: skip
_HIDDEN_STYLES = ("display:none", "visibility:hidden", "font-size:0", "opacity:0")
_MAX_DEPTH = 200
_DATES = ("article:modified_time", "og:updated_time", "last-modified", "article:published_time", "dcterms.modified")


def read_html(raw: bytes) -> Iterator[Part]:
    """Yield the page as one Markdown part. The encoding is the one that the page declares, else the likeliest."""
    soup = BeautifulSoup(raw, "lxml")
    title, updated = _find_title(soup), _find_date(soup)
    _require_shallow(soup)
    for unwanted in soup(_NOT_CONTENT):
        # A header inside an article holds its heading; a page's own holds the menu.
        if unwanted.name == "header" and unwanted.find_parent(["main", "article"]):
            continue
        unwanted.decompose()
    for tag in soup.find_all(_is_hidden):
        tag.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    yield Part(to_markdown(body), DocumentKind.MARKDOWN, title, updated)


def to_markdown(body: Tag) -> str:
    """Return the readable part of a page as Markdown, with its headings, lists and tables."""
    converter = MarkdownConverter(
        heading_style="atx", bullets="-", strip=["a"], escape_misc=True, table_infer_header=True
    )
    return str(converter.convert_soup(body)).strip()


def html_to_markdown(html: str) -> str:
    """Return a piece of HTML, such as a mail's body, as Markdown."""
    (part,) = read_html(html.encode())
    return part.text


def _find_title(soup: BeautifulSoup) -> str | None:
    heading = (soup.find("main") or soup).find("h1")
    for found in (heading, soup.title):
        if found is not None and (text := found.get_text(" ", strip=True)):
            return str(text)
    return None


def _find_date(soup: BeautifulSoup) -> date | None:
    for name in _DATES:
        tag = soup.find("meta", attrs={"property": name}) or soup.find("meta", attrs={"name": name})
        try:
            return date.fromisoformat(str(tag["content"])[:10]) if tag else None
        except (ValueError, KeyError):
            continue
    return None


def _is_hidden(tag: Tag) -> bool:
    style = str(tag.get("style", "")).replace(" ", "").lower()
    return tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or any(s in style for s in _HIDDEN_STYLES)


def _require_shallow(soup: BeautifulSoup) -> None:
    """Refuse what is nested too deep for recursion."""
    depth, level = 0, [child for child in soup.children if isinstance(child, Tag)]
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise RejectedError(f"The page is nested more than {_MAX_DEPTH} levels deep.")
        level = [child for tag in level for child in tag.children if isinstance(child, Tag)]
