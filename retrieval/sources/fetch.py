"""Fetching pages: only over HTTP, only to addresses that are public, never more than a page may weigh.

The address is checked where the connection is made, so that a name that changes its answer in between reaches nothing.
Knows nothing of sitemaps or documents.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore

MAX_BYTES = 30_000_000
MAX_REDIRECTS = 5
TIMEOUT_SECONDS = 20.0
USER_AGENT = "ChipSupportBot/0.1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddressError(Exception):
    """A host leads to an address that is not public."""


class UnreachableError(Exception):
    """A page could not be fetched now; the message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: the final address, the status, the media type and the body."""

    url: str
    status: int
    media_type: str
    body: bytes


def is_public(address: Address) -> bool:
    """Whether an address may be reached: nothing of this machine, this network, or reserved."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return is_public(inner) if inner else address.is_global and not address.is_multicast


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to nothing but the addresses that `allow` lets through."""

    def __init__(self, allow: Callable[[Address], bool]) -> None:
        self._allow = allow
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not all(self._allow(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
            raise PrivateAddressError(host)
        return self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class Fetcher:
    """Fetches pages of one host at a time. `allow` says which addresses may be reached."""

    def __init__(self, *, allow: Callable[[Address], bool] = is_public) -> None:
        self._pool = httpcore.ConnectionPool(network_backend=_GuardedBackend(allow), max_connections=2)

    def close(self) -> None:
        self._pool.close()

    def get(self, url: str, *, may_follow: Callable[[str], bool] = lambda _url: True) -> Page:
        """Return the page at the address, after redirects within its host that may be followed.

        Raise `PrivateAddressError`, and `UnreachableError` where it does not come, is too large, or leads elsewhere.
        """
        host = urlsplit(url).netloc
        for _ in range(MAX_REDIRECTS):
            page, location = self._get_once(url)
            if location is None:
                return page
            url = urljoin(url, location)
            if urlsplit(url).netloc != host or urlsplit(url).scheme not in ("http", "https"):
                raise UnreachableError("it leads to another host")
            if not may_follow(url):
                raise UnreachableError("it leads to a page that is not to be read")
        raise UnreachableError("it leads round in circles")

    def _get_once(self, url: str) -> tuple[Page, str | None]:
        # Without compression nothing can unfold, and the limit on bytes holds for what was sent.
        headers = [("User-Agent", USER_AGENT), ("Accept-Encoding", "identity"), ("Accept", "text/html,*/*;q=0.5")]
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)
        try:
            with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as response:
                body = b""
                for piece in response.iter_stream():
                    body += piece
                    if len(body) > MAX_BYTES:
                        raise UnreachableError(f"it is larger than {MAX_BYTES:,} bytes")
                answered = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise UnreachableError(f"the server does not answer ({type(error).__name__})") from error
        except (httpcore.UnsupportedProtocol, UnicodeError, ValueError) as error:
            raise UnreachableError("the address is not one of the web") from error
        is_moved = response.status in (301, 302, 303, 307, 308)
        media_type = answered.get("content-type", "").partition(";")[0].strip().lower()
        return Page(url, response.status, media_type, body), answered.get("location") if is_moved else None
