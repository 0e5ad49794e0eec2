"""A hub on loopback: lists the files of its repositories with their hashes, and serves them."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "c" * 40


@dataclass
class FakeHub:
    """Repositories by name, each with its files by name. `lies` are files that are served with other bytes."""

    repositories: dict[str, dict[str, bytes]]
    licence: str | None = "apache-2.0"
    lies: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> "FakeHub":
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                path = urlsplit(self.path).path
                hub.asked.append(f"{self.command} {path}")
                status, headers, body = hub.find(path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def find(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an address."""
        if path.startswith("/api/models/"):
            return self._describe(path.removeprefix("/api/models/"))
        repository, _, place = path.strip("/").partition("/resolve/")
        file = place.partition("/")[2]
        if file not in self.repositories.get(repository, {}):
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        content = self.lies.get(file, self.repositories[repository][file])
        return 200, {"ETag": f'"{file}"', "X-Repo-Commit": COMMIT}, content

    def _describe(self, repository: str) -> tuple[int, dict[str, str], bytes]:
        if repository not in self.repositories:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        files = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": "b",
                "lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1},
            }
            for name, content in self.repositories[repository].items()
        ]
        card = {"license": self.licence} if self.licence else {}
        found = {"id": repository, "sha": COMMIT, "siblings": files, "cardData": card, "tags": []}
        return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()
