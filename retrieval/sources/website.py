"""A website as a source: the pages that its sitemap names, within its host, as robots.txt allows.

Knows sitemaps and robots.txt. Fetching a page is passed in.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from lxml import etree  # type: ignore[import-untyped]  # the package has no types

from retrieval.reading.documents import Found, Item, Rules, Unreadable
from retrieval.reading.formats import find_format
from retrieval.sources.errors import SourceError
from retrieval.sources.fetch import USER_AGENT, Fetcher, Page, PrivateAddressError, UnreachableError
from retrieval.sources.folder import fingerprint, read_bytes

MAX_PAGES = 5_000
MAX_SITEMAPS = 50
SITEMAP_BYTES = 10_000_000  # 5,000 pages take one or two
ROBOTS_BYTES = 500_000
PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 10.0
_NAMES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "application/pdf": "page.pdf",
    "text/markdown": "page.md",
    "text/plain": "page.txt",
    "text/csv": "page.csv",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """An address of the sitemap with its day."""

    url: str
    updated: date | None


def list_website(
    location: str, fetcher: Fetcher, rules: Rules, *, prefix: str, pause: Callable[[float], None] = time.sleep
) -> Iterator[Found]:
    """Yield each page below the location that the sitemap names; only the location if there is no sitemap.

    `location` is an address of a site or of its sitemap. If a page cannot be fetched now, what is indexed of it stays;
    if a sitemap is missing, so does what is indexed of all pages. Raise `SourceError` if the site as a whole cannot be
    read.
    """
    try:
        parts = urlsplit(location)
    except ValueError as error:
        raise SourceError(f"{location} is no web address that can be read.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SourceError(f"{location} is no web address that can be read.")
    try:
        robots = _read_robots(f"{parts.scheme}://{parts.netloc}", fetcher)
        entries, missing = _find_entries(location, robots, fetcher)
    except PrivateAddressError as error:
        raise SourceError(f"{parts.hostname} leads to a private address; websites must be public.") from error
    except UnreachableError as error:
        raise SourceError(f"{location} cannot be read: {error}.") from error
    seconds = min(float(robots.crawl_delay(USER_AGENT) or PAUSE_SECONDS), MAX_PAUSE_SECONDS)
    yield from (Unreadable(f"{prefix}{_path(url)}", reason, is_listing=True) for url, reason in missing.items())
    for number, entry in enumerate(entries):
        if number:
            pause(seconds)
        scope = "/" if entry.url == location else _find_scope(location)  # a site's start may lead anywhere on it
        yield _find_page(entry, robots, fetcher, rules, prefix, scope)


def _find_page(
    entry: _Entry, robots: RobotFileParser, fetcher: Fetcher, rules: Rules, prefix: str, scope: str
) -> Found:
    def may_follow(url: str) -> bool:
        return robots.can_fetch(USER_AGENT, url) and _path(url).startswith(scope)

    parts = urlsplit(entry.url)
    source = f"{prefix}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if not robots.can_fetch(USER_AGENT, entry.url):
        return Unreadable(source, "The site's robots.txt asks not to read it.")
    try:
        page = fetcher.get(entry.url, may_follow=may_follow)
    except (UnreachableError, PrivateAddressError) as error:
        reason = str(error) if isinstance(error, UnreachableError) else "it leads to a private address"
        return Unreadable(source, f"The page cannot be fetched: {reason}.", is_kept=True)
    if page.status >= 500 or page.status == 429:
        return Unreadable(source, f"The server answers {page.status}.", is_kept=True)
    if page.status >= 400:
        return Unreadable(source, f"The server answers {page.status}.")
    name = _NAMES.get(page.media_type) or parts.path
    if find_format(name) is None:
        return Unreadable(source, f"Pages of the kind {page.media_type or '(none)'} are not read.")
    return Item(
        source,
        fingerprint(page.body, rules, name, page.url, entry.updated),
        lambda read: read_bytes(read, name, page.body, source, rules, updated=entry.updated, url=page.url),
    )


def _read_robots(site: str, fetcher: Fetcher) -> RobotFileParser:
    page = fetcher.get(f"{site}/robots.txt", max_bytes=ROBOTS_BYTES, is_cut=True)
    robots = RobotFileParser()
    if page.status in (401, 403):
        robots.parse(["User-agent: *", "Disallow: /"])
    elif page.status >= 500 or page.status == 429:
        raise UnreachableError(f"its robots.txt answers {page.status}")
    else:
        robots.parse(page.body.decode("utf-8", "replace").splitlines() if page.status < 300 else [])
    return robots


def _find_entries(location: str, robots: RobotFileParser, fetcher: Fetcher) -> tuple[list[_Entry], dict[str, str]]:
    """Return the pages to read, and by address the sitemaps that named none of them, with the reason."""
    parts = urlsplit(location)
    sitemaps = [location]
    if not _is_sitemap(parts.path):
        sitemaps = robots.site_maps() or [f"{parts.scheme}://{parts.netloc}/sitemap.xml"]
    below = _find_scope(location)
    found: dict[str, _Entry] = {}
    missing: dict[str, str] = {}
    read: set[str] = set()
    while sitemaps and len(found) <= MAX_PAGES:
        address = sitemaps.pop(0)
        if address in read or urlsplit(address).netloc != parts.netloc:
            continue
        if len(read) == MAX_SITEMAPS:
            raise SourceError(f"The site has more than {MAX_SITEMAPS} sitemaps; name one of them.")
        read.add(address)
        entries, further, problem = _read_sitemap(fetcher.get(address, max_bytes=SITEMAP_BYTES))
        if problem:
            missing[address] = f"The sitemap {address} {problem}; what is indexed of pages that are not named was kept."
        sitemaps += further
        inside = (e for e in entries if urlsplit(e.url).netloc == parts.netloc and _path(e.url).startswith(below))
        found |= {entry.url: entry for entry in inside}
    if len(found) > MAX_PAGES:
        raise SourceError(f"The sitemap names more than {MAX_PAGES:,} pages; name a part of the site.")
    if not found and not missing:
        missing[location] = "The sitemap names no page of this place; what is indexed of other pages was kept."
    return list(found.values()) or [_Entry(location, None)], missing


def _find_scope(location: str) -> str:
    """Return the beginning of the path of every page of a location."""
    path = urlsplit(location).path
    return "/" if _is_sitemap(path) else path.rpartition("/")[0] + "/"


def _is_sitemap(path: str) -> bool:
    return path.endswith((".xml", ".xml.gz"))


def _read_sitemap(page: Page) -> tuple[list[_Entry], list[str], str]:
    """Return the pages and further sitemaps that a sitemap names, and why it is not a sitemap, or "".

    Raise `UnreachableError` if the server does not say whether there is one.
    """
    if page.status in (404, 410):
        return [], [], f"answers {page.status}"
    if page.status >= 400:
        raise UnreachableError(f"its sitemap answers {page.status}")
    body = _unzip(page.body)
    if len(body) >= SITEMAP_BYTES:
        return [], [], f"is larger than {SITEMAP_BYTES:,} bytes"
    pages: list[_Entry] = []
    further: list[str] = []
    is_sitemap = False
    for kind, said in _walk_sitemap(body):
        is_sitemap |= kind in ("urlset", "sitemapindex")
        address = _join(page.url, said.get("loc", ""))
        if address and kind == "url":
            pages.append(_Entry(address, _day(said.get("lastmod", ""))))
        elif address and kind == "sitemap":
            further.append(address)
    return (pages, further, "") if is_sitemap else ([], [], "is no sitemap")


def _walk_sitemap(body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each element's name and the text of its children. A broken sitemap is read as far as possible."""
    for _, element in etree.iterparse(BytesIO(body), recover=True, resolve_entities=False, no_network=True):
        children = element.iterchildren("{*}*")
        yield etree.QName(element).localname, {etree.QName(child).localname: child.text or "" for child in children}
        parent = element.getparent()
        if parent is not None and parent.getparent() is None:  # frees what was read
            element.clear()
            while element.getprevious() is not None:
                del parent[0]


def _unzip(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, SITEMAP_BYTES)
    except zlib.error:
        return b""


def _join(base: str, address: str) -> str | None:
    try:
        joined = urljoin(base, address.strip()).partition("#")[0]
        urlsplit(joined)
    except ValueError:
        return None
    return joined if address.strip() else None


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told.strip()[:10])
    except ValueError:
        return None


def _path(url: str) -> str:
    return urlsplit(url).path or "/"
