"""What a pod gives a runtime: an image that it cannot write to, a volume for the session, a place for temporary files.

The image is the installation under names that any user can read; the volume is of another file system where the
machine has one, belongs to root, and is open to the pod's group as an emptyDir is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.runtime.harness import PUBLIC_URL, Runtime

from preview_api.backends.local.installation import Installation

# Nobody's on any distribution; what such an image runs as by convention.
USER = 65532
_OTHER_FILE_SYSTEM = Path("/dev/shm")


@dataclass(frozen=True)
class Image:
    """The installation, as layers of an image hold it."""

    command: list[str]
    catalogue: Path


@dataclass(frozen=True)
class Volumes:
    """`session` and `tmp` are the only folders that the user may write to."""

    session: Path
    tmp: Path


@contextmanager
def image(installation: Installation) -> Iterator[Image]:
    """A readable copy, of links where that works."""
    with _readable_folder(None) as root:
        home = installation.app.parent
        for source in (installation.app, home / "node_modules", installation.catalogue):
            _copy(source, root / source.relative_to(home))
        app = root / installation.app.relative_to(home)
        command = [part.replace(str(installation.app), str(app)) for part in installation.command]
        yield Image(command, root / installation.catalogue.relative_to(home))


@contextmanager
def volumes() -> Iterator[Volumes]:
    """Two empty mounts. Their parent is root's: they cannot be removed or made anew."""
    other = str(_OTHER_FILE_SYSTEM) if _OTHER_FILE_SYSTEM.is_dir() else None
    with _readable_folder(other) as root:
        session, tmp = root / "session", root / "tmp"
        for mount in (session, tmp):
            mount.mkdir()
            os.chown(mount, 0, USER)
            mount.chmod(0o2775)
        yield Volumes(session, tmp)


def pod(image: Image, volumes: Volumes, **settings: str) -> Runtime:
    """The container's process: no home, no standard input, every address family."""
    given = {
        "HOME": "",
        "TMPDIR": str(volumes.tmp),
        "KP_KEEP_STDIN": "1",
        "KP_PREVIEW_HOST": "*",
        "KP_CONTROL_HOST": "*",
        **settings,
    }
    return Runtime(image.command, image.catalogue, volumes.session, PUBLIC_URL, given, USER)


@contextmanager
def _readable_folder(parent: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kontext-pod-", dir=parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    same = source.stat().st_dev == target.parent.stat().st_dev
    shutil.copytree(source, target, symlinks=True, copy_function=os.link if same else shutil.copy2)
