"""The control plane's image: the Python that runs this, the packages of pyproject.toml, and our sources."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from e2e.cluster import libraries
from e2e.cluster.layers import Layer, contents, stamps
from e2e.modules import CHECKOUT

USER = "65532"
_HOME = "opt/python"
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PACKAGES = "opt/packages"
_SOURCES = "opt/app"
_SOURCE_FOLDERS = ("core/preview_core", "api/preview_api", "operator/preview_operator")
# Of the session runtime's sources, which the wheel carries, only this: what every session finds installed.
_CATALOGUE = CHECKOUT / "runtime/catalogue/package-lock.json"
_CATALOGUE_FOLDER = "preview_api/_runtime/catalogue"
# Test suites, the parts that make a program rather than run one, and a window system's.
_NOT_NEEDED = {
    "__pycache__", "config-3", "dist-packages", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages",
    "test", "tests", "tkinter", "turtledemo",
}  # fmt: skip
_PROGRAMS = "opt/bin"

CONFIG: dict[str, object] = {
    "User": f"{USER}:{USER}",
    "Env": [
        f"PATH=/{_PROGRAMS}:/{_HOME}/bin",
        f"PYTHONHOME=/{_HOME}",
        f"PYTHONPATH=/{_SOURCES}:/{_PACKAGES}",
        "PYTHONUNBUFFERED=1",
        "LANG=C.UTF-8",
        "HOME=/tmp",
    ],
    "Cmd": ["kontext-preview", "--help"],
    "WorkingDir": "/",
}


class NotInstalled(RuntimeError):
    """A package of pyproject.toml is not there."""


def layers() -> list[Layer]:
    """From what changes least to what changes most."""
    found = list(distributions())
    listed = "\n".join(sorted(f"{one.name}=={one.version}" for one in found))
    sources = [file for folder in _SOURCE_FOLDERS for file in _files(CHECKOUT / folder)]
    recipe = Path(__file__).read_text()
    scripts: dict[str, str] = _project()["scripts"]
    return [
        Layer("python", recipe + stamps(_standard_library()) + stamps([_interpreter()]), _python),
        Layer("packages", f"{recipe}\n{sys.version}\n{listed}", lambda root: _packages(found, root)),
        Layer(
            "control-plane",
            f"{recipe}\n{sys.version}\n{scripts}\n{contents([*sources, _CATALOGUE], CHECKOUT)}",
            lambda root: _ours(sources, scripts, root),
        ),
    ]


def distributions() -> Iterator[Distribution]:
    """What is needed at run time, as it is installed here. NotInstalled if something is missing."""
    seen: set[tuple[str, str]] = set()
    yielded: set[str] = set()
    queue = [(Requirement(line), "") for line in _project()["dependencies"]]
    while queue:
        requirement, extra = queue.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError as error:
            raise NotInstalled(f"{requirement.name} is not installed: make setup") from error
        if found.name not in yielded:
            yielded.add(found.name)
            yield found
        for wanted in ("", *requirement.extras):
            if (found.name, wanted) not in seen:
                seen.add((found.name, wanted))
                queue += [(Requirement(line), wanted) for line in found.requires or ()]


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return project


def _interpreter() -> Path:
    return Path(sys.base_prefix, "bin", _VERSION).resolve()


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(tuple(_NOT_NEEDED))]
        yield from (Path(parent, name) for name in files)


def _standard_library() -> list[Path]:
    home = Path(sys.base_prefix, "lib", _VERSION)
    # A dangling link or a window system's module has no place in the image.
    return [file for file in _files(home) if file.exists() and not file.name.startswith(("_tkinter", "_test"))]


def _python(root: Path) -> None:
    home = Path(sys.base_prefix, "lib", _VERSION)
    target = root / _HOME / "lib" / _VERSION
    _copy(_standard_library(), home, target)
    program = root / _HOME / "bin" / "python3"
    program.parent.mkdir(parents=True)
    shutil.copy(_interpreter(), program)
    libraries.copy([_interpreter(), *target.rglob("*.so")], root)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(f"preview:x:{USER}:{USER}::/tmp:/nonexistent\n")
    (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    _compile(root, _HOME)


def _packages(found: Iterable[Distribution], root: Path) -> None:
    target = root / _PACKAGES
    for one in found:
        base = Path(str(one.locate_file("")))
        recorded = [base / str(file) for file in one.files or ()]
        # A package's commands are above its folder (../../bin) and name another interpreter.
        _copy((file for file in recorded if ".." not in file.parts and _wanted(file.relative_to(base))), base, target)
    libraries.copy(target.rglob("*.so*"), root, own=target)
    _compile(root, _PACKAGES)


def _wanted(file: Path) -> bool:
    return "__pycache__" not in file.parts and file.parts[1:2] not in (("test",), ("tests",)) and file.suffix != ".pyi"


def _ours(sources: Iterable[Path], scripts: dict[str, Any], root: Path) -> None:
    for folder in _SOURCE_FOLDERS:
        base = CHECKOUT / folder
        _copy((file for file in sources if file.is_relative_to(base)), base.parent, root / _SOURCES)
    _copy([_CATALOGUE], _CATALOGUE.parent, root / _SOURCES / _CATALOGUE_FOLDER)
    _compile(root, _SOURCES)
    programs = root / _PROGRAMS
    programs.mkdir(parents=True)
    for name, entry in scripts.items():
        module, _, function = entry.partition(":")
        (programs / name).write_text(f"#!/{_HOME}/bin/python3\nfrom {module} import {function}\n\n{function}()\n")
        (programs / name).chmod(0o755)


def _copy(files: Iterable[Path], base: Path, target: Path) -> None:
    for file in files:
        copied = target / file.relative_to(base)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copied)


def _compile(root: Path, part: str) -> None:
    """Start-up time; the root file system is read-only, so nothing could be compiled later. Times are not looked at."""
    compileall.compile_dir(
        root / part,
        quiet=2,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=0,
    )
