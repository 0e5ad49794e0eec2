"""A website on the loopback address: pages, answers and delays as a test sets them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Answer:
    """What the server says to one path."""

    body: str | bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str | None = None
    coding: str | None = None
    pause_seconds: float = 0.0
    """Between two bytes of the body."""


@dataclass(slots=True)
class Site:
    """The pages by path, and the paths that were asked for."""

    address: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def map_pages(self, *paths: str, day: str = "2026-03-01") -> None:
        """Write a sitemap that names these paths."""
        rows = "".join(f"<url><loc>{self.address}{path}</loc><lastmod>{day}</lastmod></url>" for path in paths)
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.pages["/sitemap.xml"] = Answer(f'<urlset xmlns="{namespace}">{rows}</urlset>', "application/xml")


@contextmanager
def open_site() -> Iterator[Site]:
    """Serve a site until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.pages.get(self.path, Answer("not here", status=404))
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(body)))
            if answer.location:
                self.send_header("Location", answer.location)
            if answer.coding:
                self.send_header("Content-Encoding", answer.coding)
            self.end_headers()
            if not answer.pause_seconds:
                self.wfile.write(body)
                return
            with suppress(BrokenPipeError, ConnectionResetError):
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(answer.pause_seconds)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
