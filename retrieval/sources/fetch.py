"""Fetches pages: only over HTTP, only from public addresses, and only up to a size.

The address is checked where the connection is made, so that a name whose address changes in between reaches nothing.
Knows nothing of sitemaps or documents.
"""

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

MAX_BYTES = 30_000_000
MAX_REDIRECTS = 5
TIMEOUT_SECONDS = 20.0
PAGE_SECONDS = 120.0
"""From the request's first byte to the answer's last: a server may send one byte every 19 seconds for ever."""
USER_AGENT = "ChipSupportBot/0.1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddressError(Exception):
    """A host leads to an address that is not public."""


class UnreachableError(Exception):
    """A page could not be fetched now. The message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: the final address, the status, the media type and the body."""

    url: str
    status: int
    media_type: str
    body: bytes


# Python calls these global. They wrap an IPv4 address (NAT64, translated, compatible), or are no longer used.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96", "fec0::/10", "192.0.0.0/24")
)


def is_public(address: Address) -> bool:
    """Whether an address may be reached: none of this machine, of this network, or reserved."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner:
        return is_public(inner)
    is_listed = any(address in net for net in _NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not is_listed


class _TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes all end at the instant that `left` counts down to."""

    def __init__(self, inner: httpcore.NetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._shorten(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._shorten(timeout))

    def close(self) -> None:
        """Close all connections."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, self._shorten(timeout)), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _shorten(self, timeout: float | None) -> float:
        left = self._left()
        if left <= 0:
            raise httpcore.ReadTimeout("the page takes too long")
        return left if timeout is None else min(timeout, left)


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects only to addresses that `allow` accepts, and no longer than until `ends`."""

    def __init__(self, allow: Callable[[Address], bool]) -> None:
        self._allow = allow
        self._inner = httpcore.SyncBackend()
        self.ends = 0.0  # by time.monotonic()

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
        stream = self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)
        return _TimedStream(stream, lambda: self.ends - time.monotonic())


class Fetcher:
    """Fetches pages of one host at a time. `allow` says which addresses may be reached."""

    def __init__(self, *, allow: Callable[[Address], bool] = is_public) -> None:
        self._backend = _GuardedBackend(allow)
        self._pool = httpcore.ConnectionPool(network_backend=self._backend, max_connections=2)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def get(
        self,
        url: str,
        *,
        may_follow: Callable[[str], bool] = lambda _url: True,
        max_bytes: int = MAX_BYTES,
        is_cut: bool = False,
    ) -> Page:
        """Return the page at the address, after redirects within its host that may be followed.

        With `is_cut`, what is longer than `max_bytes` is cut off. Raise `PrivateAddressError`, and `UnreachableError`
        if the page does not come, takes too long, is too large, or leads elsewhere.
        """
        self._backend.ends = time.monotonic() + PAGE_SECONDS
        try:
            host = urlsplit(url).netloc
            for _ in range(MAX_REDIRECTS):
                page, location = self._get_once(url, max_bytes, is_cut)
                if location is None:
                    return page
                url = urljoin(url, location)
                if urlsplit(url).netloc != host or urlsplit(url).scheme not in ("http", "https"):
                    raise UnreachableError("it leads to another host")
                if not may_follow(url):
                    raise UnreachableError("it leads to a page that is not to be read")
        except ValueError as error:
            raise UnreachableError("the address is not one of the web") from error
        raise UnreachableError("it leads round in circles")

    def _get_once(self, url: str, max_bytes: int, is_cut: bool) -> tuple[Page, str | None]:
        # Without compression nothing can unfold, and the limit on bytes holds for what was sent.
        headers = [("User-Agent", USER_AGENT), ("Accept-Encoding", "identity"), ("Accept", "text/html,*/*;q=0.5")]
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)
        try:
            with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as response:
                body = _read_body(response, max_bytes, is_cut)
                answered = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise UnreachableError(f"the server does not answer ({type(error).__name__})") from error
        except (httpcore.UnsupportedProtocol, UnicodeError) as error:
            raise UnreachableError("the address is not one of the web") from error
        is_moved = response.status in (301, 302, 303, 307, 308)
        media_type = answered.get("content-type", "").partition(";")[0].strip().lower()
        body = _unfold(body, answered.get("content-encoding", ""), max_bytes)
        return Page(url, response.status, media_type, body), answered.get("location") if is_moved else None


def _read_body(response: httpcore.Response, max_bytes: int, is_cut: bool) -> bytes:
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > max_bytes and not is_cut:
            raise UnreachableError(f"it is larger than {max_bytes:,} bytes")
        if len(body) > max_bytes:
            break
    return bytes(body[:max_bytes])


def _unfold(body: bytes, coding: str, max_bytes: int) -> bytes:
    """Return the body of a server that compresses although it was asked not to."""
    if coding.strip().lower() in ("", "identity"):
        return body
    if coding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise UnreachableError(f"the server sends it as {coding[:20]!r}, although it was asked not to")
    try:
        return zlib.decompressobj(wbits=47).decompress(body, max_bytes)
    except zlib.error as error:
        raise UnreachableError("its compression is broken") from error
