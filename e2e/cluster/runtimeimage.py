"""The session runtime's image: Node of this machine, and the runtime as `kontext-preview install` installs it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from e2e.cluster import libraries
from e2e.cluster.layers import Layer, stamps
from e2e.modules import installation
from preview_api.backends.local.processes import MAIN, NODE_FLAGS

# The default of a PreviewRuntime: what `kontext-preview install` installs.
PROFILE = "icpstudio"
# That of session pods: some packages fail when their user has no entry in /etc/passwd.
USER = "65532"
_NODE = "usr/bin/node"

CONFIG: dict[str, object] = {
    "User": f"{USER}:{USER}",
    "Env": ["PATH=/usr/bin", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8"],
    "Entrypoint": [f"/{_NODE}", *NODE_FLAGS, f"/app/src/{MAIN}"],
    # Relative `content` globs of a project's Tailwind resolve from here.
    "WorkingDir": "/session",
}


def layers() -> list[Layer]:
    """From what changes least to what changes most."""
    installed = installation()
    recipe = Path(__file__).read_text()
    node = Path(installed.node).resolve()
    home = installed.app.parent
    return [
        Layer("node", recipe + stamps([node]), lambda root: _node(node, home, root)),
        # Folders are named for their content.
        Layer("node-modules", recipe + home.name + _baked(installed.catalogue), lambda root: _modules(home, root)),
        Layer("runtime", recipe + installed.app.name, lambda root: _app(installed.app, root)),
    ]


def _baked(catalogue: Path) -> str:
    return (catalogue / "deps" / "stamp").read_text()


def _node(node: Path, home: Path, root: Path) -> None:
    target = root / _NODE
    target.parent.mkdir(parents=True)
    shutil.copy(node, target)
    # The native modules' libraries, too: they are of the same few. Some packages bring modules for every platform, and
    # those for musl are of another C library.
    native = [path for path in home.rglob("*.node") if "musl" not in str(path) and _machine(path) == _machine(node)]
    libraries.copy([node, *native], root, own=home)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(f"session:x:{USER}:{USER}::/tmp:/nonexistent\n")
    (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    for name in ("tmp", "session"):
        (root / name).mkdir()
        (root / name).chmod(0o1777)


def _machine(program: Path) -> bytes:
    """What an ELF header says of format and processor; of anything else whatever stands there."""
    with program.open("rb") as file:
        header = file.read(20)
    return header[:5] + header[18:20]


def _modules(home: Path, root: Path) -> None:
    for source, target in ((home / "node_modules", "app/node_modules"), (home / "catalogue", f"catalogue/{PROFILE}")):
        shutil.copytree(source, root / target, symlinks=True, ignore=_no_leftovers)


def _no_leftovers(folder: str, names: list[str]) -> list[str]:
    """A bake that was interrupted leaves its folder behind."""
    return [name for name in names if name.startswith("bake-") and os.path.basename(folder) == "catalogue"]  # noqa: PTH119


def _app(app: Path, root: Path) -> None:
    shutil.copytree(app, root / "app")
