"""Finds addresses of the net: e-mail, IP, MAC, and URLs that hold a user's name and password."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from feedback.privacy.spans import Found

_SLACK_EMAIL = re.compile(r"<mailto:[^<>]*>")
_EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+'-])[\w.+'-]+ ?[(\[]\s?at\s?[)\]] ?[\w-]+(?: ?(?:[(\[]\s?(?:dot|punkt)\s?[)\]]|\.) ?[\w-]+){1,4}",
    re.IGNORECASE,
)
_URL = re.compile(r"(?<![\w.+-])[A-Za-z][A-Za-z0-9+.-]{1,14}://[^\s/@:<>]{1,80}:[^\s/@<>]{1,200}@[^\s<>\"'|]+")
_MAC = re.compile(
    r"(?<![\w:.-])(?:[\dA-F]{2}(?P<between>[:-])(?:[\dA-F]{2}(?P=between)){4}[\dA-F]{2}"
    r"|(?=[\dA-F.]*[A-F])[\dA-F]{4}\.[\dA-F]{4}\.[\dA-F]{4})(?![\w:-]|\.\w)",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.-])(?<!\w/)(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[\dA-Fa-f]{0,4}:){2,7}[\dA-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(
    r"\b(?:version|ver|v|firmware|fw|release|build|rev|revision|section|chapter|upgraded?|updated?)\b[^\n\d]{0,12}$",
    re.IGNORECASE,
)
_NOBODYS_NETWORKS = tuple(
    map(ip_network, ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"))
)
_FIRST_OF_SEVERAL = 224  # from here on an IPv4 address is a group's, reserved or a mask
_RESOLVERS = frozenset(map(ip_address, ("1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9")))


def find_urls(text: str) -> Iterator[Found]:
    """Yield URLs that log somebody in."""
    for match in _URL.finditer(text):
        yield Found(match.start(), match.start() + len(match.group().rstrip(".,;:!?)")), "url")


def find_emails(text: str) -> Iterator[Found]:
    """Yield e-mail addresses, as they are, as Slack links them, and spelt out."""
    for pattern in (_SLACK_EMAIL, _EMAIL, _SPELT_EMAIL):
        yield from (Found(match.start(), match.end(), "email") for match in pattern.finditer(text))


def find_devices(text: str) -> Iterator[Found]:
    """Yield MAC addresses, and the IP addresses that are not everybody's."""
    yield from (Found(match.start(), match.end(), "mac") for match in _MAC.finditer(text))
    for match in _IPV6.finditer(text):
        if _is_somebodys(match.group()):
            yield Found(match.start(), match.end(), "ip")
    for match in _IPV4.finditer(text):
        if _is_somebodys(match.group()) and not _VERSION.search(text, 0, match.start()):
            yield Found(match.start(), match.end(), "ip")


def _is_somebodys(text: str) -> bool:
    """Whether it is an IP address that tells something of a person: no private, reserved or public server's one."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        return not (address.is_loopback or address.is_unspecified or address.is_multicast)
    if address in _RESOLVERS or int(address) >> 24 >= _FIRST_OF_SEVERAL:
        return False
    return not any(address in network for network in _NOBODYS_NETWORKS)
