"""What a preview's URL answers while nothing serves it: a page that reloads itself, and never a 502. Pure."""

from __future__ import annotations

from collections.abc import Sequence

RETRY_S = 1  # a runtime is up one to three seconds after the request that wakes it
METHODS = ("GET", "HEAD")
PING = "vite-ping"  # subprotocol under which Vite's client asks whether there is a server again

_STYLE = """<style>body{font:15px system-ui,sans-serif;color:#475569;background:#f8fafc;display:grid;place-items:center;
min-height:100vh;margin:0}p{display:flex;gap:.75em;align-items:center}
i{width:1em;height:1em;border:2px solid #cbd5e1;border-top-color:#4f46e5;border-radius:50%;
animation:t .8s linear infinite}@keyframes t{to{transform:rotate(1turn)}}</style>"""


def _page(title: str, body: str, head: str = "") -> bytes:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{head}\n'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>\n'
        f"{_STYLE}</head>\n<body><p>{body}</p></body></html>\n"
    ).encode()


# A tab that nobody looks at does not ask: of a preview that does not come it would do so for ever.
_AGAIN = f"""<noscript><meta http-equiv="refresh" content="{RETRY_S}"></noscript>
<script>setTimeout(function again() {{
if (document.visibilityState === "visible") location.reload()
else document.addEventListener("visibilitychange", again, {{ once: true }})
}}, {RETRY_S * 1000})</script>"""

STARTING = _page("Starting the preview", "<i></i>Starting the preview&hellip;", _AGAIN)
WAKING = _page(
    "Waking the preview",
    "<i></i>Nobody used this preview for a while, so it was put to sleep. Waking it&hellip;",
    _AGAIN,
)
CROWDED = _page(
    "Waiting for room", "<i></i>There is no room for this preview right now. It starts as soon as there is.", _AGAIN
)
UNKNOWN = _page("No such preview", "There is no preview at this address, or no longer.")
ENDED = _page("The preview has ended", "This preview has ended. Start a new one where you started this one.")


def is_navigation(method: str, target: str, mode: str | None, accept: str) -> bool:
    """Whether a person will see the answer. `mode`: Sec-Fetch-Mode; `target`: path and query."""
    return method in METHODS and (mode == "navigate" or (mode is None and _wants_page(target, accept)))


def is_wish(*, navigation: bool, protocol: str | None) -> bool:
    """Whether a request shows that somebody wants the preview, so that one which sleeps is woken.

    A navigation does, and the ping of a page that is shown. Anything else comes from tabs that nobody looks at as well,
    again and again: what their code asks for, and observers that want to be connected. `protocol`:
    Sec-WebSocket-Protocol of an upgrade.
    """
    return navigation or protocol == PING


def headers(allowed_origins: Sequence[str]) -> dict[str, str]:
    """Of every answer on a preview's host: who may frame it, and that its address is a secret."""
    ancestors = " ".join(allowed_origins) or "'none'"
    return {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": f"frame-ancestors {ancestors}",
    }


def _wants_page(target: str, accept: str) -> bool:
    """As the runtime decides for who does not say it navigates: curl gets the page, a module does not."""
    name = target.partition("?")[0].rpartition("/")[2]
    return "text/html" in accept or ("*/*" in accept and "." not in name and not target.startswith("/@"))
