"""The caller's site: serves the stand-in page, and a probe that tells whether a browser keeps cookies."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_PAGE = Path(__file__).with_name("caller.html")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/cookie"):
            self._cookie()
        else:
            self._answer(_PAGE.read_bytes(), "text/html; charset=utf-8")

    def _cookie(self) -> None:
        """Answer the cookies of the request, and set one that any third party is allowed to send."""
        origin = self.headers.get("Origin", "")
        headers = {"Set-Cookie": "probe=kept; Path=/; SameSite=None; Secure"}
        if origin:
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        self._answer(self.headers.get("Cookie", "none").encode(), "text/plain", headers)

    def _answer(self, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Nothing: what the tests need to know they ask the browser."""


class Site:
    """One address of this machine with a page on it, from construction to `close`."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0: any free one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def origin(self) -> str:
        """The origin as the browser sees it. A name, not an address: the API's address is then another site."""
        return f"http://localhost:{self.port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
