"""How a tree is served: which folder is the Vite root, which module starts the app, whose index.html is the page."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from html.parser import HTMLParser

from preview_core.filetree import FileTree
from preview_core.root import is_entry, is_under, join, project_root
from preview_core.wire import Layout

_EXTENSIONS = ("tsx", "jsx", "ts", "js")  # the likeliest to hold the call that renders comes first
# Python 3.11's parser is quadratic on hostile markup (30 s for 256 KiB of `<!--`). A real page names its entry within
# these limits, and the worst markup inside them takes 0.1 s.
_MAX_PAGE = 64 * 1024
_MAX_TAGS = 1000


def layout(tree: FileTree) -> Layout:
    """Depends on the visible files only. `entry` None means that no module renders anything (warning NO_ENTRY)."""
    visible = tree.visible()
    root = project_root(visible) or ""
    inside = {_relative(path, root) for path in visible if is_under(path, root)}
    entry, mount = _conventional_entry(inside)
    if "index.html" not in inside:
        return Layout(root=root, entry=entry, index="synthesised", mount=mount)
    page = _Page.of(visible[join(root, "index.html")].content)
    for source in page.modules:
        found = _resolve(source, inside)
        if found is not None:
            return Layout(root=root, entry=found, index="project")
    if page.inline or entry is None:
        # Code in the page itself: it stays the user's, and what it imports is most likely the conventional entry.
        return Layout(root=root, entry=None if mount else entry, index="project")
    return Layout(root=root, entry=entry, index="synthesised", mount=mount)


def _conventional_entry(inside: Collection[str]) -> tuple[str | None, bool]:
    """(entry, whether it has to be mounted), both as in wire.Layout; paths relative to the root."""
    for folder in ("src", ""):
        for stems, mount in ((("index", "main"), False), (("App",), True)):
            for name in _names(stems):
                if join(folder, name) in inside:
                    return join(folder, name), mount
    nested = min(filter(is_entry, inside), key=lambda path: (path.count("/"), path), default=None)
    return nested, nested is not None and posixpath.basename(nested).startswith("App.")


def _names(stems: tuple[str, ...]) -> Iterator[str]:
    for extension in _EXTENSIONS:
        for stem in stems:
            yield f"{stem}.{extension}"


def _resolve(source: str, inside: Collection[str]) -> str | None:
    """The module that a `src` attribute of the root's page names; the extension may be missing, as for Vite."""
    path = source.strip().partition("?")[0].partition("#")[0]
    if "://" in path or path.startswith("//"):
        return None
    path = posixpath.normpath(path.lstrip("/")) if path.strip("/") else ""
    return next((name for name in (path, *(f"{path}.{end}" for end in _EXTENSIONS)) if name in inside), None)


def _relative(path: str, root: str) -> str:
    return path.removeprefix(root + "/") if root else path


class _Page(HTMLParser):
    """The scripts of a page: sources of its external modules in order, and whether it has code of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.modules: list[str] = []
        self.inline = False
        self._in_module = False

    @classmethod
    def of(cls, content: bytes) -> _Page:
        page = cls()
        try:
            pieces = content[:_MAX_PAGE].decode("utf-8", "replace").split("<", _MAX_TAGS + 1)
            page.feed("<".join(pieces[: _MAX_TAGS + 1]))
            page.close()
        except AssertionError:
            # The parser's way to refuse a malformed `<![…`; what it found before that still counts.
            return page
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        module = tag == "script" and (attributes.get("type") or "").strip().lower() == "module"
        source = attributes.get("src")
        if module and source:
            self.modules.append(source)
        self._in_module = module and source is None

    def handle_data(self, data: str) -> None:
        self.inline = self.inline or (self._in_module and bool(data.strip()))

    def handle_endtag(self, tag: str) -> None:
        self._in_module = self._in_module and tag != "script"
