"""One verdict for each file of a batch."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from preview_core.analysis import configs, manifests, styles
from preview_core.analysis.graph import STYLE, Graph, imports_of
from preview_core.analysis.modules import Difference, Version, compare
from preview_core.analysis.syntax import MODULE
from preview_core.filetree import File, FileTree
from preview_core.levels import Change, Level, Verdict, report
from preview_core.root import join
from preview_core.visibility import ignored_reason

_VITE_CONFIG = re.compile(r"vite\.config\.\w+", re.IGNORECASE)
_STYLE_CONFIG = re.compile(r"(tailwind|postcss)\.config\.\w+", re.IGNORECASE)
_TSCONFIG = re.compile(r"[jt]sconfig[\w.-]*\.json", re.IGNORECASE)
_ENV = re.compile(r"\.env(\.[\w.-]+)?")
_PAGE = re.compile(r".+\.html?", re.IGNORECASE)
# Names that tell a caller more than a number does.
_NAMED = 3


def analyse(tree: FileTree, changes: Sequence[Change], installed: Mapping[str, str]) -> dict[str, Any]:
    """The report (see `levels.report`) on a batch.

    `tree` is the one after it, `installed` what a session finds there before: package -> version.
    """
    batch = _Batch(tree, changes, installed)
    return report((change, batch.verdict(change)) for change in changes)


def _noop(reason: str, change_type: str = "content") -> Verdict:
    return Verdict(Level.NOOP, change_type, reason)


def _hold(reason: str, change_type: str = "structure") -> Verdict:
    return Verdict(Level.HOLD, change_type, f"{reason}: the last good page stays")


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - _NAMED
    return ", ".join(found[:_NAMED]) + (f" and {more} more" if more > 0 else "")


class _Batch:
    """A batch between its two trees; what is known of a tree is found when the first file asks for it."""

    def __init__(self, tree: FileTree, changes: Sequence[Change], installed: Mapping[str, str]) -> None:
        self._tree = tree
        self._changes = changes
        self._installed = installed

    @cached_property
    def _new(self) -> Graph:
        return Graph(self._tree)

    @cached_property
    def _old(self) -> Graph:
        before = [File(change.path, change.old) for change in self._changes if change.old is not None]
        added = [change.path for change in self._changes if change.old is None]
        return Graph(self._tree.replace(put=before, delete=added))

    def verdict(self, change: Change) -> Verdict:
        if change.old == change.new:
            return _noop("Identical to what is there")
        reason = ignored_reason(change.path)
        if reason == "lockfile":
            return _noop("Packages are resolved here, not by this lock file", "dependency")
        if reason is not None:
            return Verdict(Level.BACKEND, "backend", "Not part of the preview")
        name = posixpath.basename(change.path)
        decide = next(decide for pattern, decide in self._kinds if pattern.fullmatch(name))
        try:
            return decide(change)
        except RecursionError:
            # Hostile, or made by a machine: a prediction must not cost the update that it is about.
            return Verdict(Level.RELOAD, "structure", "Nested too deeply to be read")

    @property
    def _kinds(self) -> tuple[tuple[re.Pattern[str], Callable[[Change], Verdict]], ...]:
        """First match wins."""
        return (
            (re.compile(r"package\.json", re.IGNORECASE), self._manifest),
            (_VITE_CONFIG, self._vite),
            (_STYLE_CONFIG, self._style_config),
            (_TSCONFIG, self._tsconfig),
            (_ENV, self._env),
            (_PAGE, self._page),
            (MODULE, self._module),
            (STYLE, self._style),
            (re.compile(r".*", re.DOTALL), self._other),
        )

    # Configuration

    def _manifest(self, change: Change) -> Verdict:
        folder = posixpath.dirname(change.path)
        if folder and self._new.root != folder and not self._new.root.startswith(folder + "/"):
            return _noop("Not the manifest of the preview's project", "dependency")
        if change.new is None:
            return _noop("What is installed stays", "dependency")
        try:
            new = manifests.dependencies(change.new)
        except ValueError:
            return _hold("package.json is no JSON object", "dependency")
        old = self._declared(change)
        wanted = manifests.wanted(old, new, {**old, **self._installed})
        if wanted:
            return Verdict(Level.INSTALL, "dependency", f"Not installed yet: {_named(wanted)}")
        return _noop("Asks for no package that is not there already", "dependency")

    @staticmethod
    def _declared(change: Change) -> dict[str, str]:
        try:
            return manifests.dependencies(change.old) if change.old is not None else {}
        except ValueError:
            return {}

    def _vite(self, change: Change) -> Verdict:
        if change.new is not None and (line := Version(change.path, change.new).fault) is not None:
            return _hold(f"Line {line} of the config is not understood")
        same = configs.vite(change.path, change.old) == configs.vite(change.path, change.new)
        return self._restart(same)

    def _tsconfig(self, change: Change) -> Verdict:
        return self._restart(configs.tsconfig(change.old) == configs.tsconfig(change.new))

    def _env(self, change: Change) -> Verdict:
        return self._restart(configs.env(change.old) == configs.env(change.new))

    @staticmethod
    def _restart(same: bool) -> Verdict:
        if same:
            return _noop("Nothing that the preview honours", "structure")
        return Verdict(Level.RESTART, "structure", "The dev server is configured anew")

    def _style_config(self, change: Change) -> Verdict:
        if change.old is not None and change.new is not None:
            new = Version(change.path, change.new)
            if new.fault is not None:
                return _hold(f"Line {new.fault} of the config is not understood", "css")
            if not compare(Version(change.path, change.old), new).kinds:
                return _noop("Layout or comments only", "css")
        return Verdict(Level.CSS, "css", "Stylesheets are generated anew")

    # The page and what it consists of

    def _page(self, change: Change) -> Verdict:
        if change.old is not None and change.new is not None and configs.page(change.old) == configs.page(change.new):
            return _noop("Layout or comments only")
        if change.path.startswith(join(self._new.root, "public/")):
            return _noop("Nothing imports it")
        return Verdict(Level.RELOAD, "structure", "The page itself changes")

    def _other(self, change: Change) -> Verdict:
        if change.new is None:
            return self._deleted(change)
        if change.path not in self._new.reached:
            return _noop("Nothing imports it")
        return self._carried(change.path, "content", "A file that modules import")

    def _style(self, change: Change) -> Verdict:
        if change.new is None:
            return self._deleted(change, "css")
        if change.path not in self._new.reached:
            return _noop("Nothing imports it", "css")
        why = styles.broken(change.path, change.new)
        if why is not None:
            return _hold(f"The stylesheet is broken: {why}", "css")
        if change.old is not None and styles.same(change.path, change.old, change.new):
            return _noop("Layout or comments only", "css")
        if styles.MODULE_STYLE.fullmatch(change.path):
            return Verdict(Level.REFRESH, "css", "A CSS module: what imports it gets its class names")
        return Verdict(Level.CSS, "css", "A stylesheet")

    def _module(self, change: Change) -> Verdict:
        if change.new is None:
            return self._deleted(change)
        if change.path not in self._new.reached:
            return _noop("Nothing imports it")
        new = Version(change.path, change.new)
        if new.fault is not None:
            return _hold(f"Line {new.fault} is not understood")
        missing = self._new.missing(change.path)
        if missing:
            return _hold(f"Nothing is at {_named(missing)}")
        packages = self._uninstalled(change)
        if packages:
            return Verdict(Level.INSTALL, "dependency", f"Not installed yet: {_named(packages)}")
        if change.path == join(self._new.root, self._new.layout.entry or "") and change.old is None:
            return Verdict(Level.RELOAD, "structure", "The entry is another one")
        if change.old is None:
            return Verdict(Level.REFRESH, "structure", "A new module: what imports it is refreshed")
        return self._edited(change.path, Version(change.path, change.old), new)

    def _uninstalled(self, change: Change) -> list[str]:
        """Packages that a module did not import before, and that are not there."""
        old = File(change.path, change.old) if change.old is not None else None
        if old is not None and imports_of(old) == imports_of(self._new.tree[change.path]):
            return []
        before = self._old.packages(change.path) if old is not None else set()
        return sorted(self._new.packages(change.path) - before - set(self._installed) - set(self._manifests))

    @cached_property
    def _manifests(self) -> dict[str, str]:
        """What the project's manifest asked for before the batch, and is installed for it."""
        folder = self._old.root
        while True:
            file = self._old.tree.get(join(folder, "package.json"))
            if file is not None or not folder:
                break
            folder = posixpath.dirname(folder)
        try:
            return manifests.dependencies(file.content) if file is not None else {}
        except ValueError:
            return {}

    def _edited(self, path: str, old: Version, new: Version) -> Verdict:
        if old.fault is not None:
            return Verdict(Level.REFRESH, "structure", "It compiles again")
        difference = compare(old, new)
        if not difference.kinds:
            return _noop("Layout, comments or types only")
        change_type = _change_type(difference)
        if old.facts.exports != new.facts.exports or not new.facts.takes_updates:
            carried = self._carried(path, change_type, "What imports this module is refreshed")
            if carried.level is Level.RELOAD or difference.remounts is None:
                return carried
        if difference.remounts is not None:
            return Verdict(Level.REMOUNT, change_type, f"{difference.remounts}: its state is lost")
        return Verdict(Level.REFRESH, change_type, "Components are refreshed in place, with their state")

    def _carried(self, path: str, change_type: str, reason: str) -> Verdict:
        """An update that a file does not take itself: its importers do, or theirs, or nobody."""
        seen, rest = {path}, [path]
        while rest:
            importers = self._new.importers.get(rest.pop(), set())
            if not importers:
                return Verdict(Level.RELOAD, change_type, "No component on the way to the entry takes the update")
            for importer in importers - seen:
                seen.add(importer)
                if not self._takes(importer):
                    rest.append(importer)
        return Verdict(Level.REFRESH, change_type, reason)

    def _takes(self, path: str) -> bool:
        if STYLE.fullmatch(path):
            return styles.MODULE_STYLE.fullmatch(path) is None
        if not MODULE.fullmatch(path):
            return False
        return Version(path, self._tree[path].content).facts.takes_updates

    def _deleted(self, change: Change, change_type: str = "structure") -> Verdict:
        if change.path not in self._old.reached:
            return _noop("Nothing imported it", change_type)
        orphans = [
            path
            for path in sorted(self._old.importers.get(change.path, ()))
            if path in self._new.reached and self._asks_for(path, change.path)
        ]
        if orphans:
            return _hold(f"{_named(orphans)} still asks for it", change_type)
        return _noop("Nothing imports it any more", change_type)

    def _asks_for(self, importer: str, path: str) -> bool:
        return any(self._old.resolve(name, importer) == path for name in self._new.missing(importer))


def _change_type(difference: Difference) -> str:
    """The one that asks for most care."""
    return next(kind for kind in ("structure", "content", "style") if kind in difference.kinds)
