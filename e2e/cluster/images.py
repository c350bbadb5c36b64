"""The product's two images, built from what is on this machine: no registry, no container engine, no network.

`python -m e2e.cluster.images [folder]` writes them there as OCI archives and prints a line `<name> <archive>` each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from e2e.cluster import controlimage, image, layers, runtimeimage

# A name without a registry: `localhost/` keeps container engines from adding their default one.
CONTROL_PLANE = "localhost/kontext-preview"
RUNTIME = "localhost/kontext-preview-runtime"


class Loadable(Protocol):
    """An image that is known to who built it, and can be written for a cluster that does not know it."""

    @property
    def name(self) -> str: ...

    def write(self, archive: Path, known: Collection[str] = ()) -> None:
        """As an archive that container engines load. Layers with these digests may be left out."""
        ...


@dataclass(frozen=True)
class Image:
    """An image that can be written. Its name's tag is a hash of its content: a changed program is another image."""

    name: str
    packed: tuple[Path, ...]
    config: Mapping[str, object]

    def write(self, archive: Path, known: Collection[str] = ()) -> None:
        image.write(self.name, archive, self.packed, self.config, known)


class Images(NamedTuple):
    control_plane: Loadable
    runtime: Loadable


def build(say: Callable[[str], None]) -> Images:
    """Both images. Their layers are taken from the cache where nothing has changed."""
    built = Images(
        control_plane=_image(CONTROL_PLANE, controlimage.layers(), controlimage.CONFIG, say),
        runtime=_image(RUNTIME, runtimeimage.layers(), runtimeimage.CONFIG, say),
    )
    layers.forget_stale()
    return built


def _image(name: str, parts: list[layers.Layer], config: Mapping[str, object], say: Callable[[str], None]) -> Image:
    keys = json.dumps([config, *(part.key for part in parts)], sort_keys=True)
    tag = hashlib.sha256(keys.encode()).hexdigest()[:12]
    return Image(f"{name}:{tag}", tuple(part.packed(say) for part in parts), config)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster.images", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    folder: Path = parser.parse_args().folder
    for one in build(lambda line: print(line, file=sys.stderr)):
        archive = folder / f"{one.name.rpartition('/')[2].replace(':', '-')}.tar"
        one.write(archive)
        print(one.name, archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
