"""Layers of images, kept in the user's cache: a layer whose inputs are the same is not made again."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from e2e.cluster import image

# A layer is up to 250 MB: those that nobody has asked for in two weeks go.
_STALE_SECONDS = 14 * 24 * 3600
# What packs decides about the content, too.
_PACKERS = tuple(Path(__file__).with_name(name) for name in ("image.py", "layers.py", "libraries.py"))


def folder() -> Path:
    """Where layers and archives are kept: outside the checkout."""
    return platformdirs.user_cache_path("kontext-preview") / "images"


@dataclass(frozen=True)
class Layer:
    """`inputs` tells one content from another; `fill` writes the content into an empty folder."""

    name: str
    inputs: str
    fill: Callable[[Path], None]

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.inputs.encode())
        for packer in _PACKERS:
            digest.update(packer.read_bytes())
        return digest.hexdigest()[:16]

    def packed(self, say: Callable[[str], None]) -> Path:
        """The layer as a file."""
        target = folder() / f"{self.name}-{self.key}.layer.tar"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            say(f"packing {self.name}")
            with tempfile.TemporaryDirectory(prefix="kontext-layer-") as work:
                self.fill(Path(work))
                # Written beside and renamed: a file with the right name is always whole.
                with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as stage:
                    image.pack(Path(work), stage)
                Path(stage.name).rename(target)
        os.utime(target)
        return target


def contents(files: Iterable[Path], base: Path) -> str:
    """Hash over names and contents."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(base)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def stamps(files: Iterable[Path]) -> str:
    """Hash over names, sizes and times: enough for what a package manager installs, and quick."""
    digest = hashlib.sha256()
    for file in sorted(files):
        state = file.stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def forget_stale() -> None:
    """Remove what has not been asked for in a long time."""
    for file in folder().glob("*.tar"):
        if time.time() - file.stat().st_mtime > _STALE_SECONDS:
            file.unlink(missing_ok=True)
