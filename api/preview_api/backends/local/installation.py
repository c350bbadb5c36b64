"""The runtime on this machine: its packages and the catalogue, installed and pre-bundled once for all sessions.

    <cache>/store/                              packages beyond the catalogue, of all sessions
    <cache>/runtime/<lock hash>/package.json, package-lock.json, node_modules/
                               /catalogue/{package.json, package-lock.json, node_modules/, deps/}
                               /app-<source hash>/{src, schema, package.json}

Node looks for packages in the folders above a source file, so the app folder needs no copy of them. A changed source
makes a new app folder, changed packages make a new everything; what runs is never touched.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from preview_api.backends.local.processes import MAIN, NODE_FLAGS

# What Vite 7 supports: 20.19 up, 22.12 up, and nothing between.
NODE_MINIMUM = (20, 19)
NODE_GAP = ((21, 0), (22, 12))
# A slow network installs 200 packages in minutes; for ever is a hang.
NPM_TIMEOUT_S = 900
BAKE_TIMEOUT_S = 300
PACKAGES = ("package.json", "package-lock.json")
# What the bake goes by, beside the catalogue itself (see bake.js).
BAKED_BY = ("bake.js", "prebundle.js", "viteConfig.js")
ERROR_LINES = 8
# What the runtime itself takes from a catalogue.
CATALOGUE_NEEDS = ("react", "react-dom", "tailwindcss", "postcss", "autoprefixer")
# No package runs code at installation: neither ours nor a session's.
NPM_FLAGS = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")

Progress = Callable[[str], None]


class InstallationFailed(Exception):
    """The text says what is missing or what went wrong, for the person at the terminal."""


@dataclass(frozen=True)
class Installation:
    """An installed runtime."""

    app: Path
    catalogue: Path
    node: str

    @property
    def command(self) -> tuple[str, ...]:
        return (self.node, *NODE_FLAGS, str(self.app / "src" / MAIN))

    @property
    def store(self) -> Path:
        """Where sessions keep the packages that they install: by content, and for all of them."""
        return self.app.parents[2] / "store"

    def missing(self) -> str | None:
        """What has disappeared since, None when all is there."""
        for name, path in (
            ("the runtime's sources", self.app / "src" / MAIN),
            ("the dependency catalogue", self.catalogue / "node_modules"),
        ):
            if not path.exists():
                return f"{name} are gone from the cache folder; start the server again"
        return None


def runtime_sources() -> Path:
    """The runtime's folder: inside the wheel, or of the checkout. Raises InstallationFailed."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "_runtime", package.parents[1] / "runtime"):
        if (folder / "package-lock.json").is_file():
            return folder
    raise InstallationFailed("the runtime's sources are not in this installation of kontext-preview")


def ensure(cache: Path, progress: Progress, sources: Path | None = None, catalogue: Path | None = None) -> Installation:
    """Installs what is missing and returns the installation. Blocks; raises InstallationFailed.

    `catalogue`: a folder with a package.json, and perhaps its lock file, in place of the runtime's own.
    """
    sources = sources or runtime_sources()
    node, npm = _tools()
    manifests = {"": sources, "catalogue": catalogue or sources / "catalogue"}
    _check_catalogue(manifests["catalogue"])
    base = cache / "runtime"
    base.mkdir(parents=True, exist_ok=True)
    home = base / _packages_hash(manifests.values(), sources)
    with _exclusively(base / "lock", progress):
        if not home.is_dir():
            _install_packages(manifests, home, npm, progress)
        app = home / f"app-{_sources_hash(sources)}"
        if not app.is_dir():
            _copy_sources(sources, app)
        _bake(node, app, home / "catalogue", progress)
    return Installation(app=app, catalogue=home / "catalogue", node=node)


def _tools() -> tuple[str, str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    wanted = "Node.js 20.19 or newer (22.12 of the 22 series)"
    if node is None:
        raise InstallationFailed(f"{wanted} is needed, and there is no `node` on the PATH")
    if npm is None:
        raise InstallationFailed("npm is needed to install the runtime, and there is no `npm` on the PATH")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False)
    if not is_supported(parse_version(answer.stdout)):
        raise InstallationFailed(f"{wanted} is needed, {node} is {answer.stdout.strip() or 'not working'}")
    return node, npm


def parse_version(text: str) -> tuple[int, int] | None:
    """`v20.19.1` -> (20, 19)."""
    parts = text.strip().removeprefix("v").split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    return int(parts[0]), int(parts[1])


def is_supported(version: tuple[int, int] | None) -> bool:
    """Whether a Node version runs the runtime's Vite."""
    return version is not None and version >= NODE_MINIMUM and not NODE_GAP[0] <= version < NODE_GAP[1]


def _check_catalogue(folder: Path) -> None:
    file = folder / "package.json"
    try:
        manifest = json.loads(file.read_text())
    except OSError as error:
        raise InstallationFailed(f"a catalogue is a folder with a package.json, and {file} cannot be read") from error
    except ValueError as error:
        raise InstallationFailed(f"{file} is not valid JSON") from error
    dependencies = manifest.get("dependencies") if isinstance(manifest, dict) else None
    lacking = [name for name in CATALOGUE_NEEDS if name not in (dependencies or {})]
    if lacking:
        raise InstallationFailed(f"the catalogue {file} must list {', '.join(lacking)} under dependencies")


def _packages_hash(folders: Iterable[Path], sources: Path) -> str:
    # What decides how the catalogue is pre-bundled, too: two versions on one machine must not bake over each other.
    names = [file for folder in folders for file in _manifests(folder)]
    names += [sources / "src" / name for name in BAKED_BY]
    # Packages with native parts are of one platform; a cache folder may be shared by several.
    return _hash(names, f"{platform.system()} {platform.machine()}")


def _manifests(folder: Path) -> list[Path]:
    """The package.json and, where it is, the lock file."""
    return [path for path in (folder / name for name in PACKAGES) if path.is_file()]


def _sources_hash(sources: Path) -> str:
    return _hash([*_source_files(sources)], "")


def _source_files(sources: Path) -> Iterator[Path]:
    yield sources / "package.json"
    for folder in ("src", "schema"):
        yield from sorted(path for path in (sources / folder).rglob("*") if path.is_file())


def _hash(files: Iterable[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _install_packages(manifests: Mapping[str, Path], home: Path, npm: str, progress: Progress) -> None:
    # Built beside and renamed: a folder with the right name is always complete.
    stage = Path(tempfile.mkdtemp(prefix="installing-", dir=home.parent))
    try:
        for name, folder in (("Installing the runtime", ""), ("Installing the dependency catalogue", "catalogue")):
            progress(name)
            (stage / folder).mkdir(exist_ok=True)
            files = _manifests(manifests[folder])
            for file in files:
                shutil.copyfile(file, stage / folder / file.name)
            # Without a lock file the newest versions that fit are taken, and locked.
            command = "ci" if len(files) == len(PACKAGES) else "install"
            _run([npm, command, *NPM_FLAGS], stage / folder, NPM_TIMEOUT_S)
        stage.chmod(0o755)
        stage.rename(home)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _copy_sources(sources: Path, app: Path) -> None:
    stage = Path(tempfile.mkdtemp(prefix="copying-", dir=app.parent))
    try:
        for path in _source_files(sources):
            target = stage / path.relative_to(sources)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        stage.chmod(0o755)
        stage.rename(app)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _bake(node: str, app: Path, catalogue: Path, progress: Progress) -> None:
    if not (catalogue / "deps").is_dir():
        progress("Pre-bundling the dependency catalogue")
    _run([node, str(app / "src" / "bake.js"), str(catalogue)], app, BAKE_TIMEOUT_S)


def _run(command: list[str], folder: Path, limit: float) -> None:
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise InstallationFailed(f"`{name} {command[1]}` did not end within {limit:.0f} s") from error
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-ERROR_LINES:])
        raise InstallationFailed(f"`{name} {command[1]}` failed:\n{tail}")


@contextmanager
def _exclusively(path: Path, progress: Progress) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another installation to finish")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
